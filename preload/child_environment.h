// SPDX-License-Identifier: MIT
//
// The environment of a program that is about to be executed: one that keeps the overlay, also where the caller has
// replaced or cleared it. What the caller gave deliberately has priority.
//
//   - LD_PRELOAD gets this library, by the path it was loaded from, behind what is there: some libraries insist on
//   being
//     first (AddressSanitizer's). One that has it already (by path or base name) stays as it is.
//   - The DEVSHM_ settings of this process that differ from the default are added where they are missing.
//   - Names below /dev/shm in LD_PRELOAD and LD_LIBRARY_PATH become those of the backing directory: the loader looks
//   there
//     before any preload is in place.
//   - Left alone are an environment in which LD_PRELOAD is set and empty or which disables devshm; the environment of a
//     program that can't load the library (program_file.h); and every one where DEVSHM_PROPAGATE=0 was set or devshm is
//     inactive here.
//
// For use between vfork and exec: no allocation, no lock, nothing written but the caller's memory; async-signal-safe,
// errno untouched.
#pragma once

#include <cstddef>

#include "program_file.h"

namespace [[gnu::visibility("hidden")]] devshm {

class ChildEnvironment {
 public:
  /// Looks an environment over, which is for `program` if that is known. Null is an empty one, as for the kernel. It
  /// must not change until it is executed.
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
