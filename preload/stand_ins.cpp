// SPDX-License-Identifier: MIT
#include "stand_ins.h"

#include <errno.h>
#include <limits.h>
#include <linux/openat2.h>

#include <cstdint>

#include "next_symbol.h"
#include "sys.h"
#include "text.h"
#include "wrap/function.h"

namespace devshm {
namespace {

int result_of(long value) {
  return sys::failed(value) ? fail_with<int>(static_cast<int>(-value)) : static_cast<int>(value);
}

// --- System calls. libc's struct stat is the kernel's on both architectures. ---

int own_fstatat(int dir, const char* path, struct stat* out, int flags) {
  return result_of(sys::fstatat(dir, path, out, flags));
}
int own_stat(const char* path, struct stat* out) { return own_fstatat(AT_FDCWD, path, out, 0); }
int own_lstat(const char* path, struct stat* out) { return own_fstatat(AT_FDCWD, path, out, AT_SYMLINK_NOFOLLOW); }

/// Refuses a device of more than 32 bits, as glibc does: the kernel would cut it off.
int own_mknodat(int dir, const char* path, mode_t mode, dev_t device) {
  if (device != static_cast<std::uint32_t>(device)) return fail_with<int>(EINVAL);
  return result_of(sys::call(SYS_mknodat, dir, sys::word(path), mode, static_cast<long>(device)));
}
int own_mknod(const char* path, mode_t mode, dev_t device) { return own_mknodat(AT_FDCWD, path, mode, device); }

int own_fstat(int fd, struct stat* out) { return result_of(sys::fstat(fd, out)); }

int own_statx(int dir, const char* path, int flags, unsigned mask, struct statx* out) {
  return result_of(sys::call(SYS_statx, dir, sys::word(path), flags, mask, sys::word(out)));
}
int own_renameat2(int from_dir, const char* from, int to_dir, const char* to, unsigned flags) {
  return result_of(sys::call(SYS_renameat2, from_dir, sys::word(from), to_dir, sys::word(to), flags));
}
int own_openat2(int dir, const char* path, const struct open_how* how, std::size_t size) {
  return result_of(sys::call(SYS_openat2, dir, sys::word(path), sys::word(how), static_cast<long>(size)));
}
int own_execveat(int dir, const char* path, char* const* arguments, char* const* environment, int flags) {
  return result_of(sys::call(SYS_execveat, dir, sys::word(path), sys::word(arguments), sys::word(environment), flags));
}
int own_open_tree(int dir, const char* path, unsigned flags) {
  return result_of(sys::call(SYS_open_tree, dir, sys::word(path), flags));
}
int own_move_mount(int from_dir, const char* from, int to_dir, const char* to, unsigned flags) {
  return result_of(sys::call(SYS_move_mount, from_dir, sys::word(from), to_dir, sys::word(to), flags));
}
int own_fspick(int dir, const char* path, unsigned flags) {
  return result_of(sys::call(SYS_fspick, dir, sys::word(path), flags));
}
int own_fsconfig(int fd, unsigned command, const char* key, const void* value, int extra) {
  return result_of(sys::call(SYS_fsconfig, fd, command, sys::word(key), sys::word(value), extra));
}
int own_mount_setattr(int dir, const char* path, unsigned flags, const void* attributes, std::size_t size) {
  return result_of(
      sys::call(SYS_mount_setattr, dir, sys::word(path), flags, sys::word(attributes), static_cast<long>(size)));
}

// --- Functions by another name. ---

char* own_canonicalize_file_name(const char* path) {
  using RealPath = char* (*)(const char*, char*);
  const auto resolve = reinterpret_cast<RealPath>(next_definition("realpath", false));
  return resolve ? resolve(path, nullptr) : fail_with<char*>(ENOSYS);
}

char* own_getwd(char* out) {
  using GetCwd = char* (*)(char*, std::size_t);
  const auto get = reinterpret_cast<GetCwd>(next_definition("getcwd", false));
  return get ? get(out, PATH_MAX) : fail_with<char*>(ENOSYS);
}

struct OtherName {
  char name[20];
  char other[12];
};
// Without _FORTIFY_SOURCE's checks: the wrappers of the last group call these only where the check has failed.
constexpr OtherName other_names[] = {
    {"__open_2", "open"},      {"__openat_2", "openat"},    {"__setmntent", "setmntent"},  {"__readlink_chk", "abort"},
    {"__getcwd_chk", "abort"}, {"__realpath_chk", "abort"}, {"__readlinkat_chk", "abort"}, {"__recvfrom_chk", "abort"},
};

}  // namespace

void* stand_in(const char* name) {
  // In code rather than a table: each address in a table would be a relocation at the start of every program.
  const auto is = [&](const char* other) { return same(name, other); };
  if (is("stat")) return reinterpret_cast<void*>(own_stat);
  if (is("lstat")) return reinterpret_cast<void*>(own_lstat);
  if (is("fstat")) return reinterpret_cast<void*>(own_fstat);
  if (is("fstatat")) return reinterpret_cast<void*>(own_fstatat);
  if (is("mknod")) return reinterpret_cast<void*>(own_mknod);
  if (is("mknodat")) return reinterpret_cast<void*>(own_mknodat);
  if (is("statx")) return reinterpret_cast<void*>(own_statx);
  if (is("renameat2")) return reinterpret_cast<void*>(own_renameat2);
  if (is("openat2")) return reinterpret_cast<void*>(own_openat2);
  if (is("execveat")) return reinterpret_cast<void*>(own_execveat);
  if (is("open_tree")) return reinterpret_cast<void*>(own_open_tree);
  if (is("move_mount")) return reinterpret_cast<void*>(own_move_mount);
  if (is("fspick")) return reinterpret_cast<void*>(own_fspick);
  if (is("fsconfig")) return reinterpret_cast<void*>(own_fsconfig);
  if (is("mount_setattr")) return reinterpret_cast<void*>(own_mount_setattr);
  if (is("canonicalize_file_name")) return reinterpret_cast<void*>(own_canonicalize_file_name);
  if (is("getwd")) return reinterpret_cast<void*>(own_getwd);
  if (is("__getwd_chk")) return reinterpret_cast<void*>(own_getwd);
  for (const OtherName& entry : other_names)
    if (same(entry.name, name)) return next_definition(entry.other, false);
  return nullptr;
}

}  // namespace devshm
