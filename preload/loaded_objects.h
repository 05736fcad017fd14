// SPDX-License-Identifier: MIT
//
// Visits the objects (program and shared libraries) that are loaded in this process, in lookup order, and looks up
// their symbols.
//
// This is our own code over the ELF tables, because dlsym can't be imported portably: on glibc it is in libdl until
// 2.33, has a version newer than 2.17 when linked against a current libc, returns a symbol's oldest version before 2.36
// (glibc bug 14932), and allocates. The code follows the System V gABI, the GNU hash table and symbol versions (Linux
// Standard Base), and depends on no particular libc.
#pragma once

#include <elf.h>
#include <link.h>

#include <cstddef>
#include <cstdint>

#include "function_ref.h"

namespace [[gnu::visibility("hidden")]] devshm {

struct LoadedObject {
  ElfW(Addr) base;  ///< what is added to the addresses in the file
  const ElfW(Dyn) * dynamic;
  const char* name;            ///< the path it was loaded from; empty for the program itself
  const ElfW(Phdr) * headers;  ///< null where for_each_from_start found the object
  std::size_t header_count;

  /// The value of `tag` in the dynamic section, 0 if absent.
  ElfW(Xword) value(ElfW(Sxword) tag) const;
  /// The same for a tag that holds an address: loaders leave them relocated (glibc) or as they were (musl, vDSO).
  const void* address(ElfW(Sxword) tag) const;
  /// DT_SONAME; empty if it has none.
  const char* soname() const;
};

/// The tables of one object that a lookup needs. For several lookups in an object they are found once.
struct SymbolTable {
  const ElfW(Sym) * symbols;
  const char* strings;
  const ElfW(Half) * versions;  ///< one for each symbol, or null
  const ElfW(Verdef) * definitions;
  const std::uint32_t* gnu_hash;   ///< null if there is none
  const std::uint32_t* sysv_hash;  ///< null if there is none, or the other

  explicit SymbolTable(const LoadedObject& object);
  /// The definition that defined_in would choose, or null.
  const ElfW(Sym) * find(const char* name) const;
  /// The definition in the oldest version that glibc gives it, or null.
  const ElfW(Sym) * find_oldest(const char* name) const;
};

/// Where an object defines `name` for others, in the version that a newly linked program would get; null if it does
/// not. A definition counts if a reference made with libc's headers can reach it: an unversioned one, or one of a
/// GLIBC_ version. (libattr has functions with libc's names under versions of its own, which call libc's right back.)
/// The default version wins over old ones. An indirect function (STT_GNU_IFUNC) is resolved.
const void* defined_in(const LoadedObject& object, const char* name);

/// A visitor returns true to stop.
using Visitor = FunctionRef<bool(const LoadedObject&)>;

/// Visits the objects in load order, which is lookup order for those the program started with; later ones follow. It
/// takes no lock, so it may run in a signal handler and between vfork and exec. To be safe against a dlclose in another
/// thread the visitor must stop at libc, which always comes with the program, or before. Uses for_each_loaded instead
/// if the program has no DT_DEBUG entry or was started by calling the loader. Returns true if stopped.
bool for_each_from_start(Visitor visitor);

/// Visits all objects, including libraries loaded since by dlopen (RTLD_LOCAL too), by dl_iterate_phdr, which holds the
/// loader's lock meanwhile. Returns true if stopped.
bool for_each_loaded(Visitor visitor);

/// The path that this library was loaded from, or null.
const char* own_path();

/// Whether this is the object that our own code is in, or libc itself.
bool is_ourselves(const LoadedObject& object);
bool is_libc(const LoadedObject& object);

}  // namespace devshm
