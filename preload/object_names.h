// SPDX-License-Identifier: MIT
//
// Finds the name of an object of the memory store. A memfd shows its generation and number, but not the name in the
// backing directory that leads to it: that is the link whose text has both.
//
// The path that a descriptor was opened by is remembered, and is tried first. Only then is the directory searched.
// Async-signal-safe and thread-safe; errno stays as it was.
#pragma once

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

/// How many names the object of a descriptor has, as st_nlink counts them for a file. 0 also if it is not an object.
unsigned long links_of_descriptor(int fd);

}  // namespace devshm
