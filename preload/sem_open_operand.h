// SPDX-License-Identifier: MIT
//
// Finds the constant where it is the operand of an instruction.
//
// glibc 2.34 and later creates a semaphore under a temporary name. sem_open copies its template, "/dev/shm/sem.XXXXXX",
// to the stack. When gcc tunes for most processors, the template comes from a vector in read-only data, where
// libc_constant finds it. When it tunes for others (-O1, -mtune=atom, -mno-sse2), the template's head is an operand:
// movabs $"/dev/shm", %register, and another one with "/sem.XXX". Only x86_64 has operands of eight bytes; there are
// none on aarch64.
#pragma once

#include "loaded_objects.h"

namespace [[gnu::visibility("hidden")]] devshm {

/// Whether this object is a libc whose sem_open has a template: glibc 2.34 and later.
bool has_template(const LoadedObject& object);

/// The eight bytes of `text` in an instruction of this object's sem_open; null if there is no such instruction, or more
/// than one, or none with the template's next eight bytes.
const char* operand_in_sem_open(const LoadedObject& object, const char* text);

}  // namespace devshm
