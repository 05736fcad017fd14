// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "declared.h"
#include "parity.h"
#include "raw.h"

using parity::fd;
using parity::number;

namespace {

open_how how_to(std::uint64_t flags, std::uint64_t mode, std::uint64_t resolve) {
  open_how how{};
  how.flags = flags;
  how.mode = mode;
  how.resolve = resolve;
  return how;
}

/// What a handle says of a file differs from one file system to the next; that there is one does not.
struct Handle {
  alignas(file_handle) char bytes[sizeof(file_handle) + MAX_HANDLE_SZ];
  int mount = -1;
  Handle() { clear(MAX_HANDLE_SZ); }
  file_handle* clear(unsigned size) {
    memset(bytes, 0, sizeof bytes);
    get()->handle_bytes = size;
    return get();
  }
  file_handle* get() { return reinterpret_cast<file_handle*>(bytes); }
};

/// Creation with a mode, under several umasks.
void modes() {
  for (const mode_t mask : {0, 022, 0777})
    for (const mode_t mode : {0, 0640, 0777, 01777, 07777}) {
      const auto with_umask = [&](const char* function, const char* path, const parity::Call& call) {
        char arguments[128];
        snprintf(arguments, sizeof arguments, "\"%s\", creating, %#o) with umask(%#o", path, mode, mask);
        parity::once(function, arguments, [&] {
          umask(mask);
          return call();
        });
      };
      const int dir = static_cast<int>(parity::raw(SYS_openat, AT_FDCWD, "/dev", O_RDONLY | O_DIRECTORY));
      const char* path = "/dev/shm/new";
      constexpr int flags = O_CREAT | O_EXCL | O_RDWR;
      with_umask("open", path, [&] { return fd(open(path, flags, mode)); });
      with_umask("open64", path, [&] { return fd(open64(path, flags, mode)); });
      with_umask("__open", path, [&] { return fd(__open(path, flags, mode)); });
      with_umask("__open64", path, [&] { return fd(__open64(path, flags, mode)); });
      with_umask("openat", "fd of /dev, shm/new", [&] { return fd(openat(dir, "shm/new", flags, mode)); });
      with_umask("openat64", "fd of /dev, shm/new", [&] { return fd(openat64(dir, "shm/new", flags, mode)); });
      with_umask("creat", path, [&] { return fd(creat(path, mode)); });
      with_umask("creat64", path, [&] { return fd(creat64(path, mode)); });
      with_umask("open", "/dev/shm, O_TMPFILE", [&] { return fd(open("/dev/shm", O_TMPFILE | O_RDWR, mode)); });
      with_umask("openat", "fd of /dev, shm, O_TMPFILE",
                 [&] { return fd(openat(dir, "shm", O_TMPFILE | O_RDWR, mode)); });
      parity::raw(SYS_close, dir);
    }
}

/// An unnamed file is made, written, and given a name through /proc.
std::string publish(const char* dir, const char* name) {
  const int unnamed = open(dir, O_TMPFILE | O_RDWR, 0640);
  if (unnamed < 0) return number(unnamed);
  parity::raw(SYS_write, unnamed, "published", 9);
  const std::string link = "/proc/self/fd/" + std::to_string(unnamed);
  const std::string shown = number(linkat(AT_FDCWD, link.c_str(), AT_FDCWD, name, AT_SYMLINK_FOLLOW));
  return shown + " " + fd(unnamed);
}

void unnamed_files() {
  EACH_PATH(fd, open, path, O_TMPFILE | O_RDWR, 0600);
  EACH_PATH(fd, open, path, O_TMPFILE | O_RDONLY, 0600);
  EACH_AT(fd, openat, dir, path, O_TMPFILE | O_WRONLY | O_EXCL, 0604);
  for (const char* name : {"/dev/shm/new", "/dev/shm/f", "/dev/shm/dir/new"})
    parity::once("linkat", std::string("an O_TMPFILE of /dev/shm, \"") + name + "\"",
                 [&] { return publish("/dev/shm", name); });
}

void special_files() {
  ONCE(fd, open, "/dev/shm/fifo", O_RDONLY | O_NONBLOCK);
  ONCE(fd, open, "/dev/shm/fifo", O_WRONLY | O_NONBLOCK);
  ONCE(fd, open, "/dev/shm/../null", O_RDWR);
  ONCE(fd, openat, -1, "/dev/shm/../null", O_RDWR);
  ONCE(fd, open, "/dev/shm/dir/../../null", O_RDWR);
}

void openat2_cases() {
  open_how how = how_to(O_RDONLY, 0, 0);
  EACH_AT(fd, openat2, dir, path, &how, sizeof how);
  how = how_to(O_CREAT | O_RDWR, 0640, 0);
  EACH_AT(fd, openat2, dir, path, &how, sizeof how);
  struct Restriction {
    const char* name;
    std::uint64_t bits;
  };
  for (const auto& [name, bits] : {Restriction{"RESOLVE_BENEATH", RESOLVE_BENEATH},
                                   {"RESOLVE_IN_ROOT", RESOLVE_IN_ROOT},
                                   {"RESOLVE_NO_SYMLINKS", RESOLVE_NO_SYMLINKS},
                                   {"RESOLVE_NO_XDEV", RESOLVE_NO_XDEV},
                                   {"RESOLVE_NO_MAGICLINKS", RESOLVE_NO_MAGICLINKS}}) {
    how = how_to(O_RDONLY, 0, bits);
    parity::each_at("openat2", (std::string("dir, path, ") + name).c_str(),
                    [&](int dir, const char* path) { return fd(openat2(dir, path, &how, sizeof how)); });
  }
  ONCE(fd, openat2, AT_FDCWD, "/dev/shm/f", nullptr, sizeof how);
  ONCE(fd, openat2, AT_FDCWD, "/dev/shm/f", &how, 8);
  ONCE(fd, openat2, AT_FDCWD, "/dev/shm/f", &how, 4096);
}

}  // namespace

FAMILY(open) {
  // Where the compiler sees the flags, or that there are none to be read as a mode, it takes another function.
  volatile int flags = O_RDONLY;
  EACH_PATH(fd, open, path, O_RDONLY);
  EACH_PATH(fd, open, path, flags);
  EACH_PATH(fd, open, path, O_CREAT | O_RDWR, 0640);
  EACH_PATH(fd, open, path, O_CREAT | O_EXCL | O_WRONLY, 0600);
  EACH_PATH(fd, open, path, O_RDWR | O_TRUNC | O_CLOEXEC);
  EACH_PATH(fd, open, path, O_DIRECTORY | O_RDONLY);
  EACH_PATH(fd, open, path, O_NOFOLLOW | O_PATH);
  EACH_PATH(fd, open64, path, O_RDWR | O_APPEND);
  EACH_PATH(fd, open64, path, O_CREAT | O_RDWR, 0640);
  EACH_PATH(fd, __open, path, O_RDWR);
  EACH_PATH(fd, __open64, path, O_RDWR);
  EACH_PATH(fd, __open_2, path, O_RDONLY);
  EACH_PATH(fd, __open64_2, path, O_RDWR);
  EACH_AT(fd, openat, dir, path, O_RDONLY);
  EACH_AT(fd, openat, dir, path, flags);
  EACH_AT(fd, openat, dir, path, O_CREAT | O_RDWR, 0640);
  EACH_AT(fd, openat, dir, path, O_DIRECTORY | O_PATH);
  EACH_AT(fd, openat64, dir, path, O_RDONLY);
  EACH_AT(fd, openat64, dir, path, O_CREAT | O_WRONLY, 0604);
  EACH_AT(fd, __openat_2, dir, path, O_RDONLY);
  EACH_AT(fd, __openat64_2, dir, path, O_RDWR);
  EACH_PATH(fd, creat, path, 0640);
  EACH_PATH(fd, creat64, path, 0604);
  modes();
  unnamed_files();
  special_files();
  openat2_cases();

  Handle handle;
  EACH_AT(number, name_to_handle_at, dir, path, handle.clear(MAX_HANDLE_SZ), &handle.mount, 0);
  EACH_AT(number, name_to_handle_at, dir, path, handle.clear(MAX_HANDLE_SZ), &handle.mount, AT_EMPTY_PATH);
  EACH_AT(number, name_to_handle_at, dir, path, handle.clear(0), &handle.mount, 0);
}
