// SPDX-License-Identifier: MIT
//
// What kind of file system: in the overlay it is a tmpfs, with the backing file system's real capacity. joblib, Ray
// and CPython's Value and Array decide by the capacity, glibc <= 2.33 by the type.
// Not here: ustat, which takes a device number and is gone from current libcs.
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

/// A path whose file system is asked for.
template <class Out>
struct ExaminedPath : Path {
  ExaminedPath(const char* path, Out* answer) : Path(path), out(answer) {}
  Out* out;
};

template <class Out>
class JudgedExaminedPath : public devshm::JudgedPath {
 public:
  explicit JudgedExaminedPath(const ExaminedPath<Out>& path) : JudgedPath(path), out_(path.out) {}

  void settle(bool failed) {
    // A symbolic link in the overlay may lead to another file system.
    struct stat there, backing;
    if (failed || !is_inside()) return;
    if (devshm::sys::fstatat(AT_FDCWD, placed_, &there, 0) == 0 &&
        devshm::sys::fstatat(AT_FDCWD, devshm::settings().dir, &backing, 0) == 0 && there.st_dev != backing.st_dev)
      return;
    say_tmpfs(*out_);
  }

 private:
  Out* out_;
};

template <class Out>
JudgedExaminedPath<Out> judged(const ExaminedPath<Out>& path) {
  return JudgedExaminedPath<Out>(path);
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

EXPORT int statfs(const char* path, struct statfs* out) NOTHROW {
  return forward(NEXT(statfs), ExaminedPath(path, out), out);
}
ALIAS(statfs64, statfs);

EXPORT int __statfs(const char* path, struct statfs* out) {
  const int result = statfs(path, out);
  if (!is_about_the_constant(path)) return result;
  if (result != 0) std::memset(out, 0, sizeof *out);
  say_tmpfs(*out);
  return 0;
}

EXPORT int statvfs(const char* path, struct statvfs* out) NOTHROW {
  return forward(NEXT(statvfs), ExaminedPath(path, out), out);
}
ALIAS(statvfs64, statvfs);

EXPORT int fstatfs(int fd, struct statfs* out) NOTHROW { return forward_descriptor(NEXT(fstatfs), fd, out); }
ALIAS(fstatfs64, fstatfs);

EXPORT int fstatvfs(int fd, struct statvfs* out) NOTHROW { return forward_descriptor(NEXT(fstatvfs), fd, out); }
ALIAS(fstatvfs64, fstatvfs);
