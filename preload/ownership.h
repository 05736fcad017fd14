// SPDX-License-Identifier: MIT
//
// Whose a file is, as the kernel sees it, and how long that answer holds in this process.
//
// "Ours" means the user as whom this thread opens files at this moment. That user changes with seteuid, setresuid and
// setfsuid, and by raw system calls in one thread alone, so what was found for one user must not be used for another.
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

/// The owner of the file at `path`, of which lstat says `found`. In a user namespace every user that is not mapped
/// reads as kernel.overflowuid (user_namespaces(7)). If we read as that ourselves, the kernel decides: it lets only an
/// owner set the access time (utimensat(2)), which is set to what it was.
Owner owner_of(const char* path, const struct stat& found);

/// Whether this thread opens files as root.
bool acts_as_root();

/// That something was found to be root's or ours, for as long as this can be relied on.
///
/// What is root's is good for every user. What is ours is good for the whole life of a process that was started by an
/// ordinary user, because it can't become another one; this costs no system call. Otherwise it is good for threads
/// whose real, effective and saved ids are all the owner's, which is asked each time; and it is not kept at all where
/// the thread could become another user without a trace (capabilities(7), CAP_SETUID).
class Trust {
 public:
  bool holds() const {
    const std::uint64_t kept = kept_.load(std::memory_order_relaxed);
    return kept == for_all || (kept && holds_for(kept));
  }
  /// For `owner` root or ours.
  void keep(Owner owner);
  void drop() { kept_.store(0, std::memory_order_relaxed); }

 private:
  static constexpr std::uint64_t for_all = 1;
  static constexpr std::uint64_t first_user = 2;  // plus the user's id
  static bool holds_for(std::uint64_t kept);

  std::atomic<std::uint64_t> kept_{0};
};

}  // namespace devshm
