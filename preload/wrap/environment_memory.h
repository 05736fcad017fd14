// SPDX-License-Identifier: MIT
//
// Where the environment of a program that is about to be executed is put together: on the stack if it is small. A large
// one is mapped, since threads may have small stacks, and libc's own functions hardly use them.
//
// For use between vfork and exec, too: no lock, async-signal-safe and thread-safe; errno stays as it was.
#pragma once

#include <alloca.h>

#include "../child_environment.h"

namespace [[gnu::visibility("hidden")]] devshm {

/// A mapping that goes with this object. A vfork child that has executed its program leaves it in its parent, which
/// shares the memory: the thread that has waited for the child gives it back the next time it comes here.
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
    Block* outer;  // of a function that a signal handler has interrupted
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
