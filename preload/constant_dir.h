// SPDX-License-Identifier: MIT
//
// The backing directory in eight bytes: libc's constant has room for "/dev/shm" and no more.
//
// A directory of eight bytes or fewer is padded with slashes, which the kernel passes over. For a longer one there is
// a symbolic link of eight bytes in /tmp, made on first need and again if it goes. It is used only if root or we own
// it, so that nobody else can turn it elsewhere in a sticky /tmp; each user has one of their own to the same directory.
// It is /tmp/.XY unless others have taken all of those names; there are ten million more.
//
// Async-signal-safe and thread-safe, takes no lock, leaves errno alone.
#pragma once

#include <cstddef>

namespace [[gnu::visibility("hidden")]] devshm {

inline constexpr std::size_t constant_length = 8;

/// Writes eight bytes, without an end, that lead to the backing directory. Returns 0, or an errno value when the
/// directory is longer and no link to it can be had, EACCES where all names are taken; the reason is said once.
int constant_dir(char (&out)[constant_length]);

/// Whether the eight bytes that were given last are still good: they are not if they name a link of a user as whom this
/// thread does not act any more (ownership.h). Mostly one load.
bool constant_dir_holds();

/// For a call that has just failed with ENOENT: true if a link was needed, was gone, and is there again, perhaps by
/// another name.
bool constant_dir_was_remade();

}  // namespace devshm
