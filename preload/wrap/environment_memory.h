// SPDX-License-Identifier: MIT
//
// Provides memory for the environment of a program that is about to be executed: on the stack if it is small. A large
// one is mapped, because threads may have small stacks, and libc's own functions hardly use them.
//
// For use between vfork and exec, too: no lock, async-signal-safe and thread-safe; errno stays as it was.
#pragma once

#include <alloca.h>

#include "../child_environment.h"

namespace [[gnu::visibility("hidden")]] devshm {

/// A mapping that is freed with this object. A vfork child that executes its program leaves the mapping behind in its
/// parent, whose memory it shares. The thread that has waited for the child frees it the next time it needs one.
class EnvironmentMemory {
 public:
  static constexpr std::size_t most_on_stack = 1024;

  /// Maps that many bytes if they are too many for the stack.
  explicit EnvironmentMemory(std::size_t size);
  ~EnvironmentMemory();
  EnvironmentMemory(const EnvironmentMemory&) = delete;

  /// Null if they belong on the stack, or if there is no memory.
  void* get() const { return block_ ? block_ + 1 : nullptr; }

 private:
  struct Block {
    Block* outer;  // belongs to a function that a signal handler has interrupted
    std::size_t size;
    int process;
  };
  Block* block_ = nullptr;
};

/// Calls `use` with the complete environment, and returns what it returns.
template <class Use>
auto with_environment(const ChildEnvironment& child, Use use) {
  const EnvironmentMemory memory(child.size());
  return use(child.build(memory.get() ? memory.get() : alloca(child.size())));
}

}  // namespace devshm
