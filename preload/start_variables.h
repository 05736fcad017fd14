// SPDX-License-Identifier: MIT
//
// The variables that the process was started with, for the settings.
//
// They are looked for in `environ`, as getenv does. But a program may have cleared or replaced it by the time that
// devshm first needs a setting (`env -i` does so before it executes anything). Where `environ` has no LD_PRELOAD any
// more, a variable that is missing there is looked for in what the kernel handed over, /proc/self/environ.
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
  // "NAME=value" texts one behind the other, each with its end. One may be empty.
  char* block_ = nullptr;
  const char* end_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace devshm
