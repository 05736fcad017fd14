// SPDX-License-Identifier: MIT
//
// Finds the environment variables that settings are read from.
//
// They are searched for in `environ`, as getenv does. But a program may have cleared or replaced it before devshm first
// needs a setting (`env -i` does so before it executes anything). If `environ` no longer has LD_PRELOAD, a variable
// that is missing there is searched for in /proc/self/environ, which has what the kernel passed to the program.
//
// Async-signal-safe; errno stays as it was.
#pragma once

#include <cstddef>

namespace [[gnu::visibility("hidden")]] devshm {

class StartVariables {
 public:
  StartVariables();
  ~StartVariables();
  StartVariables(const StartVariables&) = delete;

  /// The value of a variable, or null. It lasts as long as this object and `environ` do.
  const char* find(const char* name) const;

 private:
  // "NAME=value" texts one after the other, each with its NUL. One may be empty.
  char* block_ = nullptr;
  const char* end_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace devshm
