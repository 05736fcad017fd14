// SPDX-License-Identifier: MIT
//
// The name of an object of the memory store, found by the object. A memfd knows its generation and number, but not the
// name in the backing directory that leads to it: that is the link whose text has both.
//
// The path that a descriptor was opened by is remembered, and is looked at first; only after that is the directory
// searched. Async-signal-safe and thread-safe; errno stays as it was.
#pragma once

#include <cstddef>

#include "store/names.h"

namespace [[gnu::visibility("hidden")]] devshm {

/// Which object a descriptor is; false if it is none.
bool object_of_descriptor(int fd, store::ObjectName& object);

/// The same by what readlink(2) says of the descriptor in /proc/self/fd.
bool object_of_text(const char* text, std::size_t length, store::ObjectName& object);

/// Remembers the path that a descriptor was opened by. Does nothing for one that is too long.
void remember_name(int fd, const char* path);

/// What was remembered for it, whether it is still right or not: a copy in `out`. Its length, or 0.
std::size_t remembered_name(int fd, char* out, std::size_t size);

/// What is longer is not found: small stacks.
using NameBuffer = char[768];

/// Writes the path of a name that leads to the object, in the backing directory, to `out`. Returns its length; 0: it
/// has none any more. `fd`: a descriptor of it, if there is one, or -1.
std::size_t find_name(const store::ObjectName& object, int fd, NameBuffer& out);

/// How many names an object has, by a descriptor of it: what st_nlink is for a file. 0 also for what is no object.
unsigned long links_of_descriptor(int fd);

}  // namespace devshm
