// SPDX-License-Identifier: MIT
#include "failing_memory.h"

#include <cstdlib>
#include <new>

namespace failing_memory {
namespace {

constexpr long unlimited = -1;
thread_local long left = unlimited;

void* allocate(std::size_t size) {
  if (left == 0) throw std::bad_alloc();
  if (left != unlimited) --left;
  void* memory = std::malloc(size ? size : 1);
  if (!memory) throw std::bad_alloc();
  return memory;
}

}  // namespace

After::After(long count) { left = count; }
After::~After() { left = unlimited; }

}  // namespace failing_memory

void* operator new(std::size_t size) { return failing_memory::allocate(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
