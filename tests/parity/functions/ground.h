// SPDX-License-Identifier: MIT
//
// The files that each call starts from, and what it has left of them.
//
//   /dev/shm/  f ("hello")  dir/g ("inside")  empty/  fifo
//              link -> f  linkdir -> dir  out -> /tmp/parity/o  outdir -> /tmp/parity  dangling -> nowhere
//              absolute -> /dev/shm/f  climbing -> ../shmfoo
//   /dev/      shmfoo ("foo")  shm.bak/x ("bak")
//   /tmp/parity/  o ("outside")  shm/f ("other")  dev/shm/f ("other")  into -> /dev/shm  dev-link -> /dev
//
// All of it is done by raw system calls, at the place where /dev/shm really is.
#pragma once

#include <sys/stat.h>

#include <string>

namespace parity {

/// Where the things in /dev/shm really are on this ground: /dev/shm itself, or the backing directory.
const std::string& real_shm();

/// Makes the files from scratch.
void lay_out();

/// The same with programs in place of all files, each ending with a status of its own, for the rest of this process.
void lay_out_programs();

/// What differs from the files as they were laid out, e.g. " | f: gone | new: regular 0640 0 bytes"; lays them out
/// again if anything does.
std::string changes();

/// Type, mode, size, links, owner: what is the same on any file system.
std::string describe(const struct stat& file);
std::string describe(const struct statx& file);

/// The name by which an open file is known in /dev/shm or outside, as the program should see it.
std::string location_of(int fd);

/// A text with question marks for the letters that mkstemp and its kin fill in after "tmp-".
std::string without_random(std::string text);

}  // namespace parity
