// SPDX-License-Identifier: MIT
//
// Makes devshm's own system calls, straight to the kernel.
//
// They bypass libc for four reasons: errno stays as the program left it, nothing here is a cancellation point, no other
// preload library sees the calls, and libc's function may be the very one that is being wrapped. Every function is
// async-signal-safe and thread-safe, and returns what the kernel returns: a result, or a negative errno.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#include <cstddef>
#include <cstdint>

namespace devshm::sys {

// A variant for system calls with up to three arguments, so that the other registers need not be set: of omitted
// arguments only the first three are 0.
#if defined(__x86_64__)
inline long call(long number, long a = 0, long b = 0, long c = 0) {
  long result;
  __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
  return result;
}
inline long call(long number, long a, long b, long c, long d, long e = 0, long f = 0) {
  long result;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}
#elif defined(__aarch64__)
inline long call(long number, long a = 0, long b = 0, long c = 0) {
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
  return x0;
}
inline long call(long number, long a, long b, long c, long d, long e = 0, long f = 0) {
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  register long x4 __asm__("x4") = e;
  register long x5 __asm__("x5") = f;
  __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
  return x0;
}
#else
#error "devshm supports x86_64 and aarch64"
#endif

inline long word(const void* pointer) { return reinterpret_cast<long>(pointer); }
#if defined(__clang_analyzer__)
long word(void* out);  // the analyzer ignores assembler code; this shows it that the memory is written
#endif
inline bool failed(long result) { return result < 0 && result >= -4095; }

inline int openat(int dir, const char* path, int flags, mode_t mode = 0) {
  return static_cast<int>(call(SYS_openat, dir, word(path), flags, mode));
}
inline int close(int fd) { return static_cast<int>(call(SYS_close, fd)); }

/// A descriptor that closes itself. `fd` is what openat() returned.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (is_open()) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;

  bool is_open() const { return fd_ >= 0; }
  int get() const { return fd_; }
  /// The caller closes it from now on.
  int release() {
    const int fd = fd_;
    fd_ = -1;
    return fd;
  }
  /// The errno value of the failed openat().
  int error() const { return -fd_; }

 private:
  int fd_;
};

inline int fstatat(int dir, const char* path, struct stat* out, int flags) {
  return static_cast<int>(call(SYS_newfstatat, dir, word(path), word(out), flags));
}
/// Looks at the name itself, not at what a symbolic link leads to (Linux 4.11).
inline int statx(const char* path, unsigned mask, struct statx* out) {
  return static_cast<int>(call(SYS_statx, AT_FDCWD, word(path), AT_SYMLINK_NOFOLLOW, mask, word(out)));
}
inline int clock_gettime(int clock, struct timespec* out) {
  return static_cast<int>(call(SYS_clock_gettime, clock, word(out)));
}
inline int fstat(int fd, struct stat* out) { return static_cast<int>(call(SYS_fstat, fd, word(out))); }
inline bool is_same_file(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}
inline int statfs(const char* path, struct statfs* out) {
  return static_cast<int>(call(SYS_statfs, word(path), word(out)));
}
inline int access(const char* path, int mode) {
  return static_cast<int>(call(SYS_faccessat, AT_FDCWD, word(path), mode));
}
inline long readlink(const char* path, char* out, std::size_t size) {
  return call(SYS_readlinkat, AT_FDCWD, word(path), word(out), static_cast<long>(size));
}
inline int mkdir(const char* path, mode_t mode) {
  return static_cast<int>(call(SYS_mkdirat, AT_FDCWD, word(path), mode));
}
inline int rmdir(const char* path) { return static_cast<int>(call(SYS_unlinkat, AT_FDCWD, word(path), AT_REMOVEDIR)); }
inline int unlinkat(int dir, const char* path) { return static_cast<int>(call(SYS_unlinkat, dir, word(path))); }
/// An entry of a directory, as getdents64(2) writes it.
struct DirectoryEntry {
  std::uint64_t inode;
  std::int64_t offset;
  std::uint16_t size;  ///< in bytes; the next entry follows
  unsigned char type;  ///< DT_..., perhaps DT_UNKNOWN
  char name[1];
};
/// Reads entries of a directory, as getdents64(2) does.
inline long getdents64(int fd, void* out, std::size_t size) {
  return call(SYS_getdents64, fd, word(out), static_cast<long>(size));
}
inline int chmod(const char* path, mode_t mode) {
  return static_cast<int>(call(SYS_fchmodat, AT_FDCWD, word(path), mode));
}
inline int symlink(const char* text, const char* path) {
  return static_cast<int>(call(SYS_symlinkat, word(text), AT_FDCWD, word(path)));
}
/// rename(2) that never replaces anything (Linux 3.15).
inline int rename_noreplace(const char* from, const char* to) {
  return static_cast<int>(call(SYS_renameat2, AT_FDCWD, word(from), AT_FDCWD, word(to), 1 /* RENAME_NOREPLACE */));
}
inline long write(int fd, const void* data, std::size_t size) {
  return call(SYS_write, fd, word(data), static_cast<long>(size));
}
inline long pwrite(int fd, const void* data, std::size_t size, off_t offset) {
  return call(SYS_pwrite64, fd, word(data), static_cast<long>(size), offset);
}
inline long read(int fd, void* out, std::size_t size) { return call(SYS_read, fd, word(out), static_cast<long>(size)); }
/// Sets access and modification time, as utimensat(2) does.
inline int utimensat(int dir, const char* path, const struct timespec (&times)[2], int flags) {
  return static_cast<int>(call(SYS_utimensat, dir, word(path), word(times), flags));
}
inline int fchown(int fd, uid_t user, gid_t group) {
  return static_cast<int>(call(SYS_fchown, fd, static_cast<long>(user), static_cast<long>(group)));
}
inline int fchmod(int fd, mode_t mode) { return static_cast<int>(call(SYS_fchmod, fd, static_cast<long>(mode))); }
inline int ioctl(int fd, unsigned long request, void* data) {
  return static_cast<int>(call(SYS_ioctl, fd, static_cast<long>(request), word(data)));
}
inline long flistxattr(int fd, char* out, std::size_t size) {
  return call(SYS_flistxattr, fd, word(out), static_cast<long>(size));
}
inline int fremovexattr(int fd, const char* name) { return static_cast<int>(call(SYS_fremovexattr, fd, word(name))); }
inline int nanosleep(const struct timespec* time) { return static_cast<int>(call(SYS_nanosleep, word(time))); }
inline int getresuid(uid_t* real, uid_t* effective, uid_t* saved) {
  return static_cast<int>(call(SYS_getresuid, word(real), word(effective), word(saved)));
}
/// Returns the id that was in use before.
inline long setfsuid(uid_t user) { return call(SYS_setfsuid, static_cast<long>(user)); }
inline int capget(void* header, void* sets) { return static_cast<int>(call(SYS_capget, word(header), word(sets))); }
inline int getpid() { return static_cast<int>(call(SYS_getpid)); }
inline int gettid() { return static_cast<int>(call(SYS_gettid)); }
inline uid_t geteuid() { return static_cast<uid_t>(call(SYS_geteuid)); }

/// Private anonymous memory, readable and writable, zeroed; null when there is none.
inline void* allocate(std::size_t size) {
#if defined(__SANITIZE_THREAD__)
  // In a test of threads, only libc's function informs the sanitizer that reused addresses have new contents.
  void* const at = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return at == MAP_FAILED ? nullptr : at;
#else
  const long result =
      call(SYS_mmap, 0, static_cast<long>(size), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return failed(result) ? nullptr : reinterpret_cast<void*>(result);
#endif
}
inline int munmap(void* at, std::size_t size) {
  return static_cast<int>(call(SYS_munmap, word(at), static_cast<long>(size)));
}
inline int mprotect(void* at, std::size_t size, int protection) {
  return static_cast<int>(call(SYS_mprotect, word(at), static_cast<long>(size), protection));
}
/// Moves a mapping over another one of the same size, in one step.
inline int move_over(void* from, void* to, std::size_t size) {
  const long result = call(SYS_mremap, word(from), static_cast<long>(size), static_cast<long>(size),
                           MREMAP_MAYMOVE | MREMAP_FIXED, word(to));
  return failed(result) ? static_cast<int>(result) : 0;
}

}  // namespace devshm::sys
