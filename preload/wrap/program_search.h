// SPDX-License-Identifier: MIT
//
// Finds programs by name, as execvp and posix_spawnp do in $PATH. libc does this search itself, where no wrapper sees
// it; so if PATH leads into /dev/shm, the program is searched for here first.
//
// Async-signal-safe; errno stays as it was.
#pragma once

#include <cstddef>

namespace [[gnu::visibility("hidden")]] devshm {

/// The bytes that find_program() needs to search for `file` in `path`, which is $PATH; 0 if libc's own search is
/// enough: the name has a slash in it, or PATH does not lead to /dev/shm.
std::size_t size_for_search(const char* file, const char* path);

/// The result of the search, as a path in `memory`, if it leads through /dev/shm, where libc's own search would fail:
/// the first program of that name, or something that fails as the search should. Otherwise `file` itself.
const char* find_program(const char* file, const char* path, char* memory);

}  // namespace devshm
