// SPDX-License-Identifier: MIT
//
// Finds out who owns a file, as the kernel sees it, and remembers the answer as long as it is valid in this process.
//
// "Ours" means the user that this thread opens files as at this moment. That user changes with seteuid, setresuid and
// setfsuid, and by raw system calls in one thread alone, so an answer for one user must not be used for another.
//
// Everything here is async-signal-safe and thread-safe, and leaves errno alone.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <atomic>
#include <cstdint>

namespace [[gnu::visibility("hidden")]] devshm {

enum class Owner : unsigned char {
  root,
  ours,
  strangers,
  hidden,  ///< a user that this user namespace does not show: root outside of it, or anybody else
};

/// The owner of the file at `path`, for which lstat returned `found`. In a user namespace every user that is not mapped
/// reads as kernel.overflowuid (user_namespaces(7)). If that is our own id as well, the kernel decides: it lets only an
/// owner set the access time (utimensat(2)), which is set to its present value.
Owner owner_of(const char* path, const struct stat& found);

/// Whether this thread opens files as root.
bool acts_as_root();

/// Records that something belongs to root or to us, for as long as this can be relied on.
///
/// A file of root is trusted for every user. A file of ours is trusted for the whole life of a process that an ordinary
/// user started, because it can't become another user; this costs no system call. Otherwise it is trusted for threads
/// whose real, effective and saved ids are all the owner's, which is checked each time; and the answer is not kept at
/// all if the thread could become another user without a trace (capabilities(7), CAP_SETUID).
class Trust {
 public:
  bool holds() const {
    const std::uint64_t kept = kept_.load(std::memory_order_relaxed);
    return kept == for_all || (kept && holds_for(kept));
  }
  /// `owner` is root or ours.
  void keep(Owner owner);
  void drop() { kept_.store(0, std::memory_order_relaxed); }

 private:
  static constexpr std::uint64_t for_all = 1;
  static constexpr std::uint64_t first_user = 2;  // plus the user's id
  static bool holds_for(std::uint64_t kept);

  std::atomic<std::uint64_t> kept_{0};
};

}  // namespace devshm
