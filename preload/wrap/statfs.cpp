// SPDX-License-Identifier: MIT
//
// What kind of file system: in the overlay it is a tmpfs, with the backing file system's real capacity. joblib, Ray
// and CPython's Value and Array decide by the capacity, glibc <= 2.33 by the type.
// Not here: ustat, which takes a device number and is gone from current libcs.
#include <alloca.h>
#include <linux/magic.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>

#include <cstring>

#include "../overlay_file.h"
#include "../settings.h"
#include "../sys.h"
#include "../text.h"
#include "forward.h"

extern "C" int __statfs(const char*, struct statfs*);

namespace {

void say_tmpfs(struct statfs& out) { out.f_type = TMPFS_MAGIC; }

/// struct statvfs has a type since glibc 2.39 and musl 1.2.5, in what was the first spare word. A libc that fills it
/// in never leaves it 0.
void say_tmpfs(struct statvfs& out) {
  auto* type = reinterpret_cast<unsigned*>(reinterpret_cast<char*>(&out.f_namemax) + sizeof out.f_namemax);
  if (*type) *type = TMPFS_MAGIC;
}

/// After a successful question about `path`, which may match.
template <class Out>
[[gnu::cold, gnu::noinline]] void say_tmpfs_if_inside(const char* path, Out* out) {
  std::size_t room = 0;
  devshm::JudgedPath judged(path);
  if (judged.judge(room) != 0 || !judged.is_inside()) return;
  char* memory = static_cast<char*>(alloca(room));
  // A symbolic link in the overlay may lead to another file system.
  struct stat there, backing;
  if (devshm::sys::fstatat(AT_FDCWD, judged.place(memory), &there, 0) == 0 &&
      devshm::sys::fstatat(AT_FDCWD, devshm::settings().dir, &backing, 0) == 0 && there.st_dev != backing.st_dev)
    return;
  say_tmpfs(*out);
}

template <class Next, class Out>
int forward_path(Next next, const char* path, Out* out) {
  const int result = forward(next, Path(path), out);
  if (result == 0 && devshm::may_match(path)) say_tmpfs_if_inside(path, out);
  return result;
}

template <class Next, class Out>
int forward_descriptor(Next next, int fd, Out* out) {
  const int result = next.get()(fd, out);
  if (result == 0 && devshm::is_in_overlay(fd)) say_tmpfs(*out);
  return result;
}

/// libpthread and librt of glibc <= 2.33 ask about their constant, which leads to the backing directory by now. The
/// answer is kept for the life of the process, so it has to be right even while the directory is not there: else they
/// go and look for any other tmpfs.
bool is_about_the_constant(const char* path) {
  const devshm::Settings& set = devshm::settings();
  if (!set.active || !path) return false;
  struct stat asked, backing;
  if (devshm::sys::fstatat(AT_FDCWD, path, &asked, 0) == 0 && devshm::sys::fstatat(AT_FDCWD, set.dir, &backing, 0) == 0)
    return asked.st_dev == backing.st_dev && asked.st_ino == backing.st_ino;
  return devshm::begins_with(path, set.dir);
}

}  // namespace

EXPORT int statfs(const char* path, struct statfs* out) NOTHROW { return forward_path(NEXT(statfs), path, out); }
ALIAS(statfs64, statfs);

EXPORT int __statfs(const char* path, struct statfs* out) {
  const int result = statfs(path, out);
  if (!is_about_the_constant(path)) return result;
  if (result != 0) std::memset(out, 0, sizeof *out);
  say_tmpfs(*out);
  return 0;
}

EXPORT int statvfs(const char* path, struct statvfs* out) NOTHROW { return forward_path(NEXT(statvfs), path, out); }
ALIAS(statvfs64, statvfs);

EXPORT int fstatfs(int fd, struct statfs* out) NOTHROW { return forward_descriptor(NEXT(fstatfs), fd, out); }
ALIAS(fstatfs64, fstatfs);

EXPORT int fstatvfs(int fd, struct statvfs* out) NOTHROW { return forward_descriptor(NEXT(fstatvfs), fd, out); }
ALIAS(fstatvfs64, fstatvfs);
