// SPDX-License-Identifier: MIT
//
// What the user has set: the DEVSHM_* variables, read once, when the process first needs one of them.
//
//   DEVSHM_DIR        the backing directory, an absolute path; default /tmp/shm
//   DEVSHM_WHEN       always (default), or missing: stand aside where the real /dev/shm is a writable tmpfs
//   DEVSHM_DISABLE    1: do nothing at all
//   DEVSHM_LOG        stderr, or an absolute path: one line for every reroute
//   DEVSHM_PROPAGATE  0: leave the environment of children alone (child_environment.h)
//
// A value that can't be used is said once on standard error, and the default holds.
#pragma once

#include <cstddef>

namespace [[gnu::visibility("hidden")]] devshm {

inline constexpr char default_backing_dir[] = "/tmp/shm";

struct Settings {
  bool active;             ///< false: every call goes through untouched
  bool log_to_stderr;      ///< DEVSHM_LOG=stderr
  const char* log;         ///< DEVSHM_LOG as a path; null: none
  const char* dir;         ///< the backing directory, without trailing slashes
  std::size_t dir_length;  ///< of `dir`, in bytes
  bool only_if_missing;    ///< DEVSHM_WHEN=missing, and it is
  bool propagate;          ///< children are to have the overlay, whatever their environment
};

/// The settings. Never null, never changed once seen. Async-signal-safe and thread-safe: the threads that come first
/// each read the environment, and one of the equal results stays. The environment is read as getenv(3) reads it, so
/// a thread that changes it in that very moment races with it as it does with getenv. Where the program has thrown it
/// away before, the one it was started with counts (start_variables.h).
///
/// Ignored altogether in a program that gains privileges by being executed (AT_SECURE): it stays as if devshm were
/// not there.
const Settings& settings();

/// Whether a value of DEVSHM_DISABLE (null: not set) turns devshm off.
bool disables(const char* value);

}  // namespace devshm
