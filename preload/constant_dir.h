// SPDX-License-Identifier: MIT
//
// The backing directory in eight bytes: libc's constant has room for "/dev/shm" and no more.
//
// A directory of eight bytes or fewer is padded with slashes, which the kernel passes over. For a longer one there is
// a symbolic link of eight bytes, /tmp/.XY, made on first need and again if it goes. It is used only if root or we own
// it, so that nobody else can turn it elsewhere in a sticky /tmp; each user has one of their own to the same directory.
//
// Async-signal-safe and thread-safe, takes no lock, leaves errno alone.
#pragma once

#include <cstddef>

namespace [[gnu::visibility("hidden")]] devshm {

inline constexpr std::size_t constant_length = 8;

/// Writes eight bytes, without an end, that lead to the backing directory. Returns 0, or an errno value when the
/// directory is longer and no link to it can be had; the reason is said once.
int constant_dir(char (&out)[constant_length]);

/// For a call that has just failed with ENOENT: true if a link was needed, was gone, and is there again.
bool constant_dir_was_remade();

}  // namespace devshm
