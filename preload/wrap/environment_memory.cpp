// SPDX-License-Identifier: MIT
#include "environment_memory.h"

#include "../sys.h"
#include "keyed_pointers.h"

namespace devshm {
namespace {

/// The block of each thread, the innermost one. A vfork child has the thread pointer of the thread that waits for it.
constinit KeyedAddresses blocks;

}  // namespace

EnvironmentMemory::EnvironmentMemory(std::size_t size) {
  if (size <= most_on_stack) return;
  const int process = sys::getpid();
  auto* outer = static_cast<Block*>(blocks.find(this_thread()));
  while (outer && outer->process != process) {  // that process has executed its program
    Block* const left = outer;
    outer = left->outer;
    sys::munmap(left, left->size);
  }
  const std::size_t whole = sizeof(Block) + size;
  block_ = static_cast<Block*>(sys::allocate(whole));
  if (block_) *block_ = {outer, whole, process};
  blocks.keep(this_thread(), block_ ? block_ : outer);
}

EnvironmentMemory::~EnvironmentMemory() {
  if (!block_) return;
  blocks.keep(this_thread(), block_->outer);
  sys::munmap(block_, block_->size);
}

}  // namespace devshm
