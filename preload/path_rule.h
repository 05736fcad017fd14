// SPDX-License-Identifier: MIT
//
// The path rule: whether a path names something below /dev/shm, and what the rest of the path is there.
//
// Pure code: no system call, no libc call, no allocation, no state. Everything here is async-signal-safe and
// thread-safe. Only the text of the path is examined; what needs the file system (where a relative path starts) is in
// start_dir.h.
#pragma once

#include <cstddef>
#include <cstdint>

namespace [[gnu::visibility("hidden")]] devshm {

/// The directory a walk over a path begins in. An absolute path begins at `root`.
enum class Start : unsigned char { root, dev };

struct Verdict {
  enum Kind : unsigned char {
    outside,  ///< leave the path alone
    inside,   ///< below /dev/shm, or /dev/shm itself
    through,  ///< outside, but only after a ".." that climbs out of /dev/shm: the walk is back at /dev there
  } kind;
  /// inside: what follows "/dev/shm", verbatim; empty, or beginning with a slash.
  /// through: what follows the last ".." that left /dev/shm, likewise; it is relative to /dev.
  const char* rest;
};

/// Whether `path` contains the letters "hm", as every path that can match does. (Searching for all of "shm" costs more
/// than the few paths it would exclude.) An ordinary path costs no more than this. False for the empty path, and for
/// null and other addresses that no process can read (the first page, the kernel's half): the kernel returns EFAULT.
/// True if the first PATH_MAX bytes have neither these letters nor an end: no more is read, as in the kernel. Defined
/// in may_match_<architecture>.S. Returns 0 or 1 as an int, because of a bool only one byte is defined.
int look_for_hm(const char* path) __asm__("devshm_may_match");
[[gnu::always_inline]] inline bool may_match(const char* path) { return look_for_hm(path) != 0; }

/// Judges a path by its text, from `start` on. Slashes may be doubled; "." is ignored; ".." removes one component of
/// the text, and serves only to decide membership. An absolute path is judged from Start::root, a relative one only if
/// the caller knows which directory it starts in.
Verdict judge(const char* path, Start start);

/// The same for an absolute path whose length is known, which takes less time for the usual spelling of /dev/shm.
Verdict judge_absolute(const char* path, std::size_t length);

/// A place in a relative path from which it would lead to /dev/shm, if the part before it led to `start`.
struct Candidate {
  const char* at;  ///< null: there is none
  Start start;
};

/// The first candidate in `path` at or after `from`, a component boundary: a component "shm", which may follow /dev, or
/// "dev", which may follow the root.
Candidate next_candidate(const char* from);

}  // namespace devshm
