// SPDX-License-Identifier: MIT
//
// Completes the environment of a program that is about to be executed, so that the program keeps the overlay even if
// the caller has replaced or cleared the environment. What the caller set on purpose has priority.
//
//   - This library is appended to LD_PRELOAD, by the path it was loaded from. (Some libraries must be first there:
//     AddressSanitizer's.) A value that names it already, by path or base name, stays.
//   - DEVSHM_ settings of this process that differ from the default are added where they are missing.
//   - Names below /dev/shm in LD_PRELOAD and LD_LIBRARY_PATH become those of the backing directory, because the loader
//     looks there before any preload is in place.
//   - Some environments are left alone: one in which LD_PRELOAD is set and empty, or which disables devshm; that of a
//     program that can't load the library (program_file.h); and all of them if DEVSHM_PROPAGATE=0 was set or devshm is
//     inactive.
//
// May be used between vfork and exec: it allocates nothing, takes no lock and writes only to the caller's memory. It is
// async-signal-safe and leaves errno alone.
#pragma once

#include <cstddef>

#include "program_file.h"

namespace [[gnu::visibility("hidden")]] devshm {

class ChildEnvironment {
 public:
  /// Examines the environment `given`, which is for `program` if that is known. Null means an empty one, as for the
  /// kernel. It must not change until it is executed.
  explicit ChildEnvironment(char* const* given, const Program& program = {});

  /// Whether the environment is right as it is.
  bool is_complete() const { return size_ == 0; }

  /// The bytes that build() needs; 0 for a complete environment.
  std::size_t size() const { return size_; }

  /// The environment to execute with: the caller's own if it is complete, else one in `memory`, which is aligned for
  /// pointers. Entries that stay point to the caller's own texts.
  char** build(void* memory) const;

 private:
  char* const* given_;
  const char* library_ = nullptr;
  std::size_t entries_ = 0;  // with the null at the end
  std::size_t size_ = 0;
};

}  // namespace devshm
