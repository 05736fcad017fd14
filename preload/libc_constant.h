// SPDX-License-Identifier: MIT
//
// The constant: the text "/dev/shm" in libc's own read-only data, which its sem_open and shm_open read.
//
// They call open, link and unlink directly inside libc (all of them from glibc 2.34 on, half of them before), where no
// wrapper can intercept the call. With other bytes in this process's private copy of the text, libc's unmodified code
// works in the backing directory. The text is in these places:
//
//   glibc >= 2.34        libc.so.6        "/dev/shm/" and "/dev/shm/sem." (the head of a 16-byte template; built for
//                                         some processors, an operand in sem_open instead: sem_open_operand.h)
//   glibc 2.21 to 2.33   libpthread.so.0  "/dev/shm/", also handed to __statfs
//   glibc 2.17 to 2.20   libpthread.so.0  "/dev/shm/sem." and, for __statfs, "/dev/shm"; librt.so.1 "/dev/shm/"
//   musl                 libc.so          "/dev/shm/" and "/dev/shm/tmp-%d"
//
// Only these forms are changed, in these objects and in segments that are not writable. They are data, except for that
// operand. A page is made more permissive only if no other way works, and only for a moment.
#pragma once

#include "function_ref.h"
#include "loaded_objects.h"

namespace [[gnu::visibility("hidden")]] devshm {

/// One place where a libc object holds the constant.
struct ConstantPlace {
  const LoadedObject& object;
  const char* at;           ///< the eight bytes "/dev/shm"
  bool in_executable;       ///< in a segment that is also executable (aarch64, older linkers)
  bool in_operand = false;  ///< in an instruction (sem_open_operand.h)
};

/// Calls `found` for each place in `object` that holds `text` (eight bytes) in one of the known forms. Returns false if
/// the object has a sem_open with a template whose place was not found.
bool find_constant(const LoadedObject& object, const char* text, FunctionRef<void(const ConstantPlace&)> found);

/// Whether an object is of the libc family: libc itself, glibc's libpthread or librt.
bool is_of_libc(const LoadedObject& object);

/// Makes the constant of every libc object loaded so far name the backing directory. Returns 0, or an errno value if
/// the directory can't be named in eight bytes (constant_dir.h). If no object has a constant that can be changed, it
/// reports so once and returns 0: libc's functions then report their own errors.
///
/// Thread-safe without a lock of its own: concurrent calls do the same work with the same result. Uses dl_iterate_phdr
/// (its lock is the loader's), so not async-signal-safe; neither are sem_open and shm_open. errno stays as it was. A
/// repeated call only looks at each object.
///
/// `quietly`: called in advance for a program that may never need it, so nothing is reported.
int put_constant_in_place(bool quietly = false);

/// Restores libc's own directory if it was changed, for a process that stands aside (settings.h).
void undo_constant();

}  // namespace devshm
