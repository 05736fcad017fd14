// SPDX-License-Identifier: MIT
//
// Finds the name of an object of the memory store. A memfd shows its generation and number, but not the name in the
// backing directory that leads to it: that is the link whose text has both.
//
// The path that a descriptor was opened by is remembered, and is tried first. Only then is the directory searched.
// Async-signal-safe and thread-safe; errno stays as it was.
#pragma once

#include <sys/stat.h>

#include <cstddef>

#include "store/names.h"

namespace [[gnu::visibility("hidden")]] devshm {

/// Identifies the object that a descriptor is open on; false if it is not an object.
bool object_of_descriptor(int fd, store::ObjectName& object);

/// The same by the text of the descriptor's link in /proc/self/fd.
bool object_of_text(const char* text, std::size_t length, store::ObjectName& object);

/// Remembers the path that a descriptor was opened by. One that is too long is not remembered, nor the one before it.
void remember_name(int fd, const char* path);

/// Copies the remembered path to `out`, whether or not it is still right. Returns its length, or 0.
std::size_t remembered_name(int fd, char* out, std::size_t size);

/// Longer paths are not found, because stacks may be small.
using NameBuffer = char[768];

/// Writes a path in the backing directory that leads to the object to `out`. Returns its length, or 0 if the object has
/// no name any more. `fd`: a descriptor of the object, or -1.
std::size_t find_name(const store::ObjectName& object, int fd, NameBuffer& out);

/// The inode number that programs see of an object. On a disk no file has this bit. (A double still holds the number
/// exactly.)
constexpr ino_t shown_inode(ino_t of_memory) { return of_memory | ino_t{1} << 48; }

/// Given the status of an open file without links: if it is an object, puts the number of its names in, the device of
/// their directory, and an inode number of its own there. Both stay when the last name has been removed.
void correct_open_status(int fd, struct stat& found);

}  // namespace devshm
