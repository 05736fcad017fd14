// SPDX-License-Identifier: MIT
//
// Reports the kind of file system: in the overlay it is a tmpfs, with the backing file system's real capacity, or with
// DEVSHM_STORE=memory that of a tmpfs (memory_room.h). joblib, Ray and CPython's Value and Array decide by the
// capacity, glibc <= 2.33 by the type. Not here: ustat, which takes a device number and is gone from current libcs.
#include <linux/magic.h>
#include <sys/auxv.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>

#include <cstring>

#include "../backing_dir.h"
#include "../constant_dir.h"
#include "../memory.h"
#include "../memory_room.h"
#include "../overlay_file.h"
#include "../settings.h"
#include "../sys.h"
#include "wrapper.h"

extern "C" int __statfs(const char*, struct statfs*);

namespace devshm {
namespace {

void report_type(struct statfs& out) { out.f_type = TMPFS_MAGIC; }

using devshm::half_of_fsid;
int half_of_fsid(const struct statvfs& out) { return static_cast<int>(out.f_fsid); }

/// struct statvfs has a type since glibc 2.39 and musl 1.2.5, in the former first spare word. A libc that fills it in
/// never leaves it 0.
void report_type(struct statvfs& out) {
  auto* type = reinterpret_cast<unsigned*>(reinterpret_cast<char*>(&out.f_namemax) + sizeof out.f_namemax);
  if (*type) *type = TMPFS_MAGIC;
}

/// Reports the memory store's size where the kernel reports none, as it does for its own tmpfs, in which the objects
/// are.
template <class Out>
bool is_of_memory(const Out& out) {
  return out.f_blocks == 0;
}

template <class Out>
void report_tmpfs(Out& out) {
  report_type(out);
  if (!is_of_memory(out) && !memory_serves()) return;
  const Room room = memory_room();
  const auto page = getauxval(AT_PAGESZ);
  out.f_bsize = out.f_frsize = static_cast<decltype(out.f_bsize)>(page);
  out.f_blocks = out.f_files = room.total / page;
  out.f_bfree = out.f_bavail = out.f_ffree = room.available / page;
  if constexpr (requires { out.f_favail; }) out.f_favail = out.f_ffree;
}

template <class Out>
bool may_be_in_overlay(const Out& out) {
  return may_be_backing_file_system(half_of_fsid(out)) || (is_of_memory(out) && backing_dir_is_used());
}

/// Whether `path` leads into the overlay. Asks the kernel, because a relative path may start in the overlay, and a
/// symbolic link in the overlay may lead out of it.
bool leads_into_overlay(const char* path) {
  if (*path == '/' && !may_match(path)) return false;
  bool is_inside = false;
  with_kernel_path(path, [&](const KernelPath& real) {
    if (!real.is_inside && *path == '/') return;
    const sys::Descriptor file(sys::openat(AT_FDCWD, real.text, O_PATH | O_CLOEXEC));
    is_inside = file.is_open() && is_in_overlay(file.get());
  });
  return is_inside;
}

template <class Next, class Out>
int ask_path(Next next, const char* path, Out* out) {
  const int result = next.forward(path, out);
  if (result == 0 && may_be_in_overlay(*out) && leads_into_overlay(path)) report_tmpfs(*out);
  return result;
}

template <class Next, class Out>
int ask_descriptor(Next next, int fd, Out* out) {
  const int result = next(fd, out);
  if (result == 0 && may_be_in_overlay(*out) && is_in_overlay(fd)) report_tmpfs(*out);
  return result;
}

/// libpthread and librt of glibc <= 2.33 ask about their constant, which leads to the backing directory by now. They
/// keep the answer for the life of the process, so it has to be right even while the directory is missing: otherwise
/// they look for any other tmpfs.
bool is_about_the_constant(const char* path) {
  if (!path || !settings().active || !is_constant_dir(path)) return false;
  for (path += constant_length; *path == '/'; ++path) continue;
  return *path == '\0';
}

}  // namespace

EXPORT int statfs(const char* path, struct statfs* out) NOTHROW { return ask_path(NEXT(statfs, path, 1), path, out); }
ALIAS(statfs64, statfs);
INNER_NAME(statfs);

EXPORT int __statfs(const char* path, struct statfs* out) {
  const int result = ask_path(NEXT(statfs, path, 1), path, out);
  if (!is_about_the_constant(path)) return result;
  if (result != 0) std::memset(out, 0, sizeof *out);
  report_tmpfs(*out);
  return 0;
}

EXPORT int statvfs(const char* path, struct statvfs* out) NOTHROW {
  return ask_path(NEXT(statvfs, path, 1), path, out);
}
ALIAS(statvfs64, statvfs);

EXPORT int fstatfs(int fd, struct statfs* out) NOTHROW { return ask_descriptor(NEXT(fstatfs), fd, out); }
ALIAS(fstatfs64, fstatfs);
INNER_NAME(fstatfs);

EXPORT int fstatvfs(int fd, struct statvfs* out) NOTHROW { return ask_descriptor(NEXT(fstatvfs), fd, out); }
ALIAS(fstatvfs64, fstatvfs);

}  // namespace devshm
