// SPDX-License-Identifier: MIT
//
// Names the backing directory in eight bytes: libc's constant has room for "/dev/shm" and no more.
//
// A name of up to eight bytes is padded with slashes, which the kernel ignores. For a longer one there is a symbolic
// link of eight bytes in /tmp, created when first needed and again if it is removed. It is used only if root or we own
// it, so that nobody else can redirect it in a sticky /tmp; each user has a link of their own to the same directory. It
// is /tmp/.XY unless others have taken all of those names; there are ten million more.
//
// Async-signal-safe and thread-safe, takes no lock, leaves errno alone.
#pragma once

#include <cstddef>

namespace [[gnu::visibility("hidden")]] devshm {

inline constexpr std::size_t constant_length = 8;

/// Writes eight bytes, without a NUL, that lead to the backing directory. Returns 0, or an errno value if the
/// directory's name is longer and no link to it can be created, EACCES if all names are taken; the reason is reported
/// once.
int constant_dir(char (&out)[constant_length]);

/// Whether `text`, which ends with a NUL or has eight bytes, begins with the eight bytes that were returned last. Makes
/// no system call: if a link is needed and nothing has asked for one yet, the result is false.
bool is_constant_dir(const char* text);

/// Whether the eight bytes that were returned last are still valid: they are not if they name a link of a user that
/// this thread no longer acts as (ownership.h). Usually costs one load.
bool constant_dir_holds();

/// For a call that has just failed with ENOENT. Returns true if a link was needed, was missing, and exists again,
/// perhaps under another name.
bool constant_dir_was_remade();

}  // namespace devshm
