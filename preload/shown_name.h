// SPDX-License-Identifier: MIT
//
// The reverse mapping: a name from the kernel or from libc that lies in the backing directory is shown as the program
// knows it.
//
// The same policy holds everywhere. A name that begins with the backing directory, in the kernel's own name for it
// (DEVSHM_DIR may lead through symbolic links) or in the one that this library inserts, is shown as /dev/shm and what
// follows. Nothing else is changed, above all no text that is the program's own data.
//
// Async-signal-safe and thread-safe, takes no lock and no heap memory; errno stays as it was. A name that does not
// contain the backing directory's last component costs no system call; the kernel's name is looked up once.
#pragma once

#include <cstddef>

namespace [[gnu::visibility("hidden")]] devshm {

inline constexpr char shown_dir[] = "/dev/shm";
inline constexpr std::size_t shown_dir_length = sizeof shown_dir - 1;

/// Where a name comes from. procfs appends " (deleted)" to the name of a deleted file.
enum class NameOf : unsigned char { path, open_file };

/// Whether these bytes name a directory or something below it, by the directory's own spelling. Exact at the component
/// boundary.
bool lies_in(const char* name, std::size_t length, const char* dir, std::size_t dir_length);

/// How many of the `length` bytes at `name` name the backing directory, if it is that directory or something below it.
/// Exact at the component boundary. 0 if it lies elsewhere, or devshm is not active.
std::size_t backing_prefix(const char* name, std::size_t length, NameOf kind);

/// Whether a longer name that begins with these `length` bytes may lie in the backing directory. As long as that is not
/// used, they have to name it.
bool may_begin_in_backing_dir(const char* name, std::size_t length);

/// The length of the longest name that backing_prefix() can find.
std::size_t longest_backing_prefix();

/// The length that a name of `length` bytes, `prefix` of them the backing directory's, has when it is shown.
inline std::size_t shown_length(std::size_t length, std::size_t prefix) { return length - prefix + shown_dir_length; }

/// Writes such a name as it is shown, at most `size` bytes of it and not terminated. `out` may be `name`. Returns the
/// number of bytes written.
std::size_t put_shown(char* out, std::size_t size, const char* name, std::size_t length, std::size_t prefix);

}  // namespace devshm
