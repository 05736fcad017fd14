// SPDX-License-Identifier: MIT
//
// Identifies a file's version of devshm by a note in libdevshm.so (ELF type 1, owner "devshm") whose text is "devshm
// VERSION". `strings` and `readelf -n` show it, `devshm check` reads it in the library that a process has loaded, and
// it is not stripped.
#pragma once

#include <elf.h>

#include "loaded_objects.h"

namespace [[gnu::visibility("hidden")]] devshm {

struct VersionNote {
  Elf64_Nhdr header;
  char owner[8];  // "devshm" and its padding
  char text[sizeof "devshm " DEVSHM_VERSION];
};

/// The note of this object.
extern const VersionNote version_note;

/// The text of a loaded object's note, "devshm 0.1.0"; null if it has none: then it is not devshm.
const char* version_of(const LoadedObject& object);

}  // namespace devshm
