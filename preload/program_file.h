// SPDX-License-Identifier: MIT
//
// Finds out from the file of a program that is about to be executed whether its loader could load this library.
//
// Async-signal-safe and thread-safe, works between vfork and exec, leaves errno alone.
#pragma once

#include <fcntl.h>

namespace [[gnu::visibility("hidden")]] devshm {

/// A program as the caller of an exec function names it, below /dev/shm too.
struct Program {
  const char* path = nullptr;  ///< null: unknown; empty: what `dir` is open on
  int dir = AT_FDCWD;          ///< what a relative path starts from
  bool is_searched = false;    ///< in PATH, if there is no slash in it
};

/// False for an ELF file of another class or machine than ours (elf(5)), and for a script whose interpreter is one:
/// their loaders would report an error for our library. True also if nothing can be found out.
bool could_load_us(const Program& program);

}  // namespace devshm
