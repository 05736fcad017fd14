// SPDX-License-Identifier: MIT
#include "absent_functions.h"

#include <sys/auxv.h>

#include "loaded_objects.h"
#include "text.h"

/// Our own DT_VERSYM. libdevshm.lds puts it into memory that becomes read-only only after relocation. It is null if the
/// library is linked without that script.
extern "C" [[gnu::weak, gnu::visibility("hidden")]] ElfW(Half) devshm_versions[];

namespace devshm {

// libdevshm.lds puts it beside what the loader reads at every start anyway, so that it costs no page of its own.
[[gnu::section(".rodata.devshm_start")]] const char newer_functions[] =
    "openat2\0"
    "\0"  // 2.43
    "pidfd_spawn\0pidfd_spawnp\0"
    "\0"  // 2.39
    "fsconfig\0fspick\0mount_setattr\0move_mount\0open_tree\0"
    "\0"  // 2.36
    "execveat\0"
    "\0"  // 2.34
    "fstat\0fstat64\0fstatat\0fstatat64\0lstat\0lstat64\0mknod\0mknodat\0stat\0stat64\0"
    "\0"  // 2.33
    "getdents64\0"
    "\0"  // 2.30
    "posix_spawn_file_actions_addchdir_np\0"
    "\0"  // 2.29
    "renameat2\0statx\0"
    "\0"  // 2.28
    "fts64_children\0fts64_close\0fts64_open\0fts64_read\0"
    "\0";  // 2.23

namespace {

constexpr ElfW(Half) hidden = 0x8000;
/// The number of DEVSHM_GLIBC in our table. From 3 on, the loader finds a version only if it is requested by name, even
/// if only an old one is left.
constexpr ElfW(Half) asked_for_by_name = 3;

[[gnu::section(".rodata.devshm_start")]] const char libc_soname[] = "libc.so.6";

/// Where the next name begins. strlen would cost a page of libc's code in a program that has not called it yet.
const char* behind(const char* name) {
  while (*name) {
    ++name;
    __asm__("" : "+r"(name));  // else the compiler makes a strlen of it
  }
  return name + 1;
}

void hide_absent() {
  LoadedObject own_object{}, libc_object{};
  const bool found_both = for_each_from_start([&](const LoadedObject& object) {
    if (is_ourselves(object))
      own_object = object;
    else if (same(object.soname(), libc_soname))
      libc_object = object;
    return own_object.dynamic && libc_object.dynamic;
  });
  if (!found_both) return;
  const SymbolTable own(own_object), libc(libc_object);
  // A tool may have moved the table to a place that can't be written.
  if (!devshm_versions || own.versions != devshm_versions) return;
  for (const char* name = newer_functions; *name; ++name) {
    if (libc.find(name)) return;
    for (; *name; name = behind(name))
      if (const ElfW(Sym)* symbol = own.find(name); symbol && !libc.find(name))
        devshm_versions[symbol - own.symbols] = hidden | asked_for_by_name;
  }
}

/// Whether our references are bound. If two copies of this library are loaded, the first one's resolver is also called
/// for the second, when they are not.
bool is_relocated() {
  const void* imported = reinterpret_cast<const void*>(&getauxval);
  __asm__("" : "+r"(imported));  // the compiler knows that no function has the address 0
  return imported != nullptr;
}

void never_called() {}

}  // namespace
}  // namespace devshm

[[gnu::section(".text.devshm_start")]] void* devshm_hide_absent() {
  if (devshm::is_relocated()) devshm::hide_absent();
  return reinterpret_cast<void*>(devshm::never_called);
}
