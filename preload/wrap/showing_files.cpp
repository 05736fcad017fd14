// SPDX-License-Identifier: MIT
#include "showing_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <atomic>

#include "../memory.h"
#include "../text.h"

namespace devshm {
namespace {

/// libc's function behind one of ours. Looked up before ours can be called.
template <class Function>
class Real {
 public:
  void set(void* function) { function_.store(function, std::memory_order_relaxed); }
  template <class... Arguments>
  auto operator()(Arguments... arguments) const {
    return reinterpret_cast<Function*>(function_.load(std::memory_order_relaxed))(arguments...);
  }

 private:
  std::atomic<void*> function_{nullptr};
};

using Stat = int(const char*, struct stat*);
using StatAt = int(int, const char*, struct stat*, int);
using StatX = int(int, const char*, int, unsigned, struct statx*);
using OldStat = int(int, const char*, struct stat*);
using OldStatAt = int(int, int, const char*, struct stat*, int);
using Open = int(const char*, int, ...);
using OpenAt = int(int, const char*, int, ...);
using ReadDir = struct dirent*(DIR*);

constinit Real<Stat> real_stat, real_lstat;
constinit Real<StatAt> real_fstatat;
constinit Real<StatX> real_statx;
constinit Real<OldStat> real_xstat, real_lxstat;
constinit Real<OldStatAt> real_fxstatat;
constinit Real<Open> real_open, real_open_2;
constinit Real<OpenAt> real_openat, real_openat_2;
constinit Real<ReadDir> real_readdir;

template <class Status>
int shown(int result, int dir, const char* path, Status* out) {
  if (result != 0) return result;
  const int error = correct_status(dir, path, *out);
  if (!error) return 0;
  errno = -error;
  return -1;
}

int show_stat(const char* path, struct stat* out) { return shown(real_stat(path, out), AT_FDCWD, path, out); }
int show_lstat(const char* path, struct stat* out) { return shown(real_lstat(path, out), AT_FDCWD, path, out); }
int show_fstatat(int dir, const char* path, struct stat* out, int flags) {
  return shown(real_fstatat(dir, path, out, flags), dir, path, out);
}
int show_statx(int dir, const char* path, int flags, unsigned mask, struct statx* out) {
  return shown(real_statx(dir, path, flags, mask, out), dir, path, out);
}
int show_xstat(int version, const char* path, struct stat* out) {
  return shown(real_xstat(version, path, out), AT_FDCWD, path, out);
}
int show_lxstat(int version, const char* path, struct stat* out) {
  return shown(real_lxstat(version, path, out), AT_FDCWD, path, out);
}
int show_fxstatat(int version, int dir, const char* path, struct stat* out, int flags) {
  return shown(real_fxstatat(version, dir, path, out, flags), dir, path, out);
}

int followed(int result, int dir, const char* path, int flags) {
  if (result != -1 || errno != ELOOP || !(flags & O_NOFOLLOW)) return result;
  const int opened = open_link(dir, path, flags);
  if (opened >= 0) return opened;
  if (opened != not_memory) errno = -opened;
  return -1;
}

int show_open(const char* path, int flags, mode_t mode) {
  return followed(real_open(path, flags, mode), AT_FDCWD, path, flags);
}
int show_openat(int dir, const char* path, int flags, mode_t mode) {
  return followed(real_openat(dir, path, flags, mode), dir, path, flags);
}

// Without a mode: these end the program if the flags want one.
int show_open_2(const char* path, int flags) { return followed(real_open_2(path, flags), AT_FDCWD, path, flags); }
int show_openat_2(int dir, const char* path, int flags) {
  return followed(real_openat_2(dir, path, flags), dir, path, flags);
}

/// An entry that is an object's name is a regular file's.
void show_type(DIR* directory, struct dirent* entry) {
  if (!entry || entry->d_type != DT_LNK) return;
  if (is_memory_name(dirfd(directory), entry->d_name)) entry->d_type = DT_REG;
}

struct dirent* show_readdir(DIR* directory) {
  struct dirent* const entry = real_readdir(directory);
  show_type(directory, entry);
  return entry;
}
template <class Function, class Ours>
void* put_between(Real<Function>& real, void* found, Ours* ours) {
  real.set(found);
  return reinterpret_cast<void*>(ours);
}

}  // namespace

void* showing_files(const char* name, void* real) {
  if (same(name, "stat")) return put_between(real_stat, real, show_stat);
  if (same(name, "lstat")) return put_between(real_lstat, real, show_lstat);
  if (same(name, "fstatat")) return put_between(real_fstatat, real, show_fstatat);
  if (same(name, "statx")) return put_between(real_statx, real, show_statx);
  if (same(name, "__xstat")) return put_between(real_xstat, real, show_xstat);
  if (same(name, "__lxstat")) return put_between(real_lxstat, real, show_lxstat);
  if (same(name, "__fxstatat")) return put_between(real_fxstatat, real, show_fxstatat);
  if (same(name, "open")) return put_between(real_open, real, show_open);
  if (same(name, "openat")) return put_between(real_openat, real, show_openat);
  if (same(name, "readdir")) return put_between(real_readdir, real, show_readdir);
  if (same(name, "__open_2")) return put_between(real_open_2, real, show_open_2);
  if (same(name, "__openat_2")) return put_between(real_openat_2, real, show_openat_2);
  return real;
}

}  // namespace devshm
