// SPDX-License-Identifier: MIT
//
// The constant: the text "/dev/shm" in libc's own read-only data, which its sem_open and shm_open read.
//
// They reach open, link and unlink by direct calls inside libc (glibc from 2.34 on; half of them before), where no
// wrapper can stand. With other bytes in this process's private copy of that text libc's unmodified code works in the
// backing directory. What is known of where it stands:
//
//   glibc >= 2.34        libc.so.6        "/dev/shm/" and "/dev/shm/sem." (the head of a 16-byte template; built for
//                                         some processors, an operand in sem_open instead: sem_open_operand.h)
//   glibc 2.21 to 2.33   libpthread.so.0  "/dev/shm/", also handed to __statfs
//   glibc 2.17 to 2.20   libpthread.so.0  "/dev/shm/sem." and, for __statfs, "/dev/shm"; librt.so.1 "/dev/shm/"
//   musl                 libc.so          "/dev/shm/" and "/dev/shm/tmp-%d"
//
// Only these forms, in these objects, in segments that are not writable, are touched: data, but for that operand. No
// page is ever more permissive than it was while another way is open, and none stays so.
#pragma once

#include "loaded_objects.h"

namespace [[gnu::visibility("hidden")]] devshm {

/// One place where a libc object holds the constant.
struct ConstantPlace {
  const LoadedObject& object;
  const char* at;           ///< the eight bytes "/dev/shm"
  bool in_executable;       ///< in a segment that is also executable (aarch64, older linkers)
  bool in_operand = false;  ///< in an instruction (sem_open_operand.h)
};

/// Calls `found` for each place in `object` that holds `text` (eight bytes) in one of the known forms. False if the
/// object has a sem_open with a template, and its place was not found.
bool find_constant(const LoadedObject& object, const char* text, void (*found)(const ConstantPlace&, void*),
                   void* data);

/// Whether an object is of the libc family: libc itself, glibc's libpthread or librt.
bool is_of_libc(const LoadedObject& object);

/// Sees to it that every libc object loaded by now has the backing directory for its constant. Returns 0, or an errno
/// value where the directory can't be named in eight bytes (constant_dir.h). Where no object has a constant that
/// could be changed it says so once and returns 0: libc's functions then answer for themselves.
///
/// Thread-safe without a lock of its own: threads that come at once do the same work with the same result. Uses
/// dl_iterate_phdr (its lock is the loader's), so not async-signal-safe; neither are sem_open and shm_open.
/// errno stays as it was. A repeated call costs a look at each object.
///
/// `quietly`: beforehand, for a program that may never need it. Nothing is said then.
int put_constant_in_place(bool quietly = false);

/// Gives libc its own directory back, if it has been changed: for a process that stands aside (settings.h).
void undo_constant();

}  // namespace devshm
