// SPDX-License-Identifier: MIT
//
// The constant as the operand of an instruction.
//
// glibc 2.34 and later makes a semaphore under a temporary name, whose template "/dev/shm/sem.XXXXXX" sem_open puts on
// its stack. As gcc tunes for most processors it comes from a vector in read-only data, where libc_constant finds it.
// Built for others
// (-O1, -mtune=atom, -mno-sse2) its head is an operand: movabs $"/dev/shm", %register, and one with "/sem.XXX".
// Only x86_64 has operands of eight bytes; there is none on aarch64.
#pragma once

#include "loaded_objects.h"

namespace [[gnu::visibility("hidden")]] devshm {

/// Whether this object is a libc whose sem_open holds a template: glibc 2.34 and later.
bool has_template(const LoadedObject& object);

/// The eight bytes of `text` in an instruction of this object's sem_open; null if there is no such instruction, or more
/// than one, or none with the template's next eight bytes.
const char* operand_in_sem_open(const LoadedObject& object, const char* text);

}  // namespace devshm
