// SPDX-License-Identifier: MIT
#include "file_space.h"

#include <errno.h>
#include <linux/futex.h>
#include <sys/auxv.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <time.h>

#include <algorithm>

#include "descriptor_path.h"
#include "function_ref.h"
#include "settings.h"
#include "sys.h"
#include "text.h"

namespace devshm {
namespace {

/// The argument of the requests that Linux file systems took over from XFS: they do what fallocate does, and keep the
/// size.
struct SpaceRequest {
  std::int16_t type, whence;
  std::int64_t start, length;
  std::int32_t system;
  std::uint32_t process;
  std::int32_t pad[4];
};
constexpr unsigned long reserve_request = _IOW('X', 42, SpaceRequest);  // FS_IOC_RESVSP64
constexpr unsigned long free_request = _IOW('X', 43, SpaceRequest);     // FS_IOC_UNRESVSP64, Linux 5.5

constexpr int populate_write = 23;       // MADV_POPULATE_WRITE, Linux 5.14
constexpr int append_regardless = 0x10;  // RWF_APPEND, Linux 4.16

/// Whether an error means that this system call is refused, and another one may work.
bool is_no_way(int error) {
  return error == ENOTTY || error == EPERM || error == EACCES || error == ENOSYS || error == EOPNOTSUPP ||
         error == EINVAL;
}

int request(int fd, unsigned long what, Range range) {
  SpaceRequest argument{};  // whence: SEEK_SET
  argument.start = range.from;
  argument.length = range.to - range.from;
  return static_cast<int>(-sys::call(SYS_ioctl, fd, static_cast<long>(what), sys::word(&argument)));
}

off_t page_size() { return static_cast<off_t>(getauxval(AT_PAGESZ)); }
off_t page_start(off_t at) { return at & -page_size(); }
off_t page_end(off_t at) { return page_start(at + (page_size() - 1)); }

/// A descriptor of the file with other flags, for one call.
class Reopened : public sys::Descriptor {
 public:
  Reopened(int fd, int flags) : Descriptor(sys::openat(AT_FDCWD, DescriptorPath(fd).c_str(), flags | O_CLOEXEC)) {}
};

/// Whole pages of a file, mapped writable.
class Window {
 public:
  Window(int fd, Range pages) : size_(static_cast<std::size_t>(pages.to - pages.from)) {
    at_ = sys::call(SYS_mmap, 0, static_cast<long>(size_), PROT_READ | PROT_WRITE, MAP_SHARED, fd, pages.from);
  }
  ~Window() {
    if (!error()) sys::munmap(begin(), size_);
  }
  Window(const Window&) = delete;

  int error() const { return sys::failed(at_) ? static_cast<int>(-at_) : 0; }
  char* begin() const { return reinterpret_cast<char*>(at_); }
  std::size_t size() const { return size_; }
  int advise(int advice) const {
    return static_cast<int>(-sys::call(SYS_madvise, at_, static_cast<long>(size_), advice));
  }

 private:
  std::size_t size_;
  long at_;
};

/// Gives every page of the window its blocks, as a store would, but returns an error instead of SIGBUS if there are
/// none left. What is on the page does not change, and what others write to it meanwhile stays.
int populate(const Window& window) {
  const int error = window.advise(populate_write);
  if (!is_no_way(error)) return error;
  // On an older kernel, let the kernel "or" 0 into one word of each page, atomically. No thread waits on `nobody`.
  int nobody = 0;
  constexpr int or_zero = FUTEX_OP(FUTEX_OP_OR, 0, FUTEX_OP_CMP_LT, 0);
  const auto step = static_cast<std::size_t>(page_size());
  for (std::size_t at = 0; at < window.size(); at += step) {
    const long result = sys::call(SYS_futex, sys::word(&nobody), FUTEX_WAKE_OP | FUTEX_PRIVATE_FLAG, 0, 0,
                                  sys::word(window.begin() + at), or_zero);
    if (sys::failed(result)) return static_cast<int>(-result);
  }
  return 0;
}

/// Calls `work(window)` for the pages of the range, piece by piece: address space and RLIMIT_AS may be scarce.
int for_each_window(int fd, Range range, FunctionRef<int(const Window&, off_t)> work) {
  constexpr off_t most = 64 << 20;
  for (off_t at = page_start(range.from); at < range.to; at += most) {
    const Window window(fd, {at, std::min(at + most, page_end(range.to))});
    if (const int error = window.error()) return error;
    if (const int error = work(window, at)) return error;
  }
  return 0;
}

/// Calls `work` with a descriptor that can be mapped for writing: the caller's own may be write-only.
int with_mappable(int fd, FunctionRef<int(int)> work) {
  if ((sys::call(SYS_fcntl, fd, F_GETFL) & O_ACCMODE) == O_RDWR) return work(fd);
  const Reopened both(fd, O_RDWR);
  return both.get() < 0 ? EOPNOTSUPP : work(both.get());
}

int size_of(int fd, off_t& size) {
  struct stat found {};
  const int error = -sys::fstat(fd, &found);
  size = found.st_size;
  return error;
}

/// Reserves what lies before the end of the file, through a mapping.
int reserve_by_mapping(int fd, Range range) {
  off_t size;
  if (const int error = size_of(fd, size)) return error;
  range.to = std::min(range.to, size);
  if (range.from >= range.to) return 0;
  return with_mappable(fd, [range](int mappable) {
    return for_each_window(mappable, range, [mappable](const Window& window, off_t at) {
      const int error = populate(window);
      if (error != EFAULT) return error;
      // The page has no space, unless the file was truncated meanwhile and there is nothing left to reserve.
      off_t now;
      const off_t end = at + static_cast<off_t>(window.size());
      return size_of(mappable, now) == 0 && page_end(now) < end ? 0 : ENOSPC;
    });
  });
}

/// Returns ENOSPC if the range can't fit, before any work is done. The range has at most the blocks of the whole file.
int check_free_space(int fd, Range range) {
  struct stat file {};
  struct statfs fs {};
  if (sys::fstat(fd, &file) != 0 || sys::failed(sys::call(SYS_fstatfs, fd, sys::word(&fs))) || !fs.f_blocks) return 0;
  const off_t missing = range.to - range.from - static_cast<off_t>(file.st_blocks) * 512;
  const auto free = sys::geteuid() == 0 ? fs.f_bfree : fs.f_bavail;
  return missing > 0 && static_cast<std::uint64_t>(missing / fs.f_bsize) > free ? ENOSPC : 0;
}

/// Keeps other processes under devshm from extending files at the same time, by a lock on the backing directory, which
/// no program locks. Waits for a second at most, because the holder may be stopped, or be the thread that we interrupt.
class GrowthLock {
 public:
  GrowthLock() : dir_(sys::openat(AT_FDCWD, settings().dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    if (!dir_.is_open()) return;
    for (int attempt = 0; attempt < 1000; ++attempt) {
      if (sys::call(SYS_flock, dir_.get(), LOCK_EX | LOCK_NB) != -EWOULDBLOCK) return;
      const timespec millisecond{0, 1000000};
      sys::call(SYS_nanosleep, sys::word(&millisecond));
    }
  }

 private:
  const sys::Descriptor dir_;
};

constexpr std::size_t zeros_size = 64 << 10;

/// Appends up to `count` zeros in one call. Returns how many, or a negative errno.
long append_zeros(int fd, const char* zeros, off_t count) {
  constexpr int most_pieces = 16;
  iovec pieces[most_pieces];
  int used = 0;
  for (; used < most_pieces && count > 0; ++used) {
    const auto size = std::min(static_cast<std::size_t>(count), zeros_size);
    pieces[used] = {const_cast<char*>(zeros), size};
    count -= static_cast<off_t>(size);
  }
  const long result = sys::call(SYS_pwritev2, fd, sys::word(pieces), used, 0, 0, append_regardless);
  if (!sys::failed(result) || !is_no_way(static_cast<int>(-result))) return result;
  const Reopened appending(fd, O_WRONLY | O_APPEND);
  if (appending.get() < 0) return -EOPNOTSUPP;
  return sys::call(SYS_writev, appending.get(), sys::word(pieces), used);
}

/// Extends the file to `end`. Apart from fallocate, no system call grows a file without the risk of shrinking it:
/// ftruncate would cut off what others have added since we read the size. Only an append harms nobody.
int grow(int fd, Range range) {
  const GrowthLock lock;
  off_t size;
  if (const int error = size_of(fd, size)) return error;
  const off_t before = size;
  // A gap before the range must stay a hole, which an append can't leave. So ftruncate is used, after the size is read
  // again.
  if (size < range.from) {
    if (const int error = static_cast<int>(-sys::call(SYS_ftruncate, fd, range.from))) return error;
    size = range.from;
  }
  auto* zeros = size < range.to ? static_cast<char*>(sys::allocate(zeros_size)) : nullptr;
  if (size < range.to && !zeros) return ENOMEM;
  int error = 0;
  off_t ours = size;  // where the file ends if all that was added is ours
  while (!error && size < range.to) {
    const long added = append_zeros(fd, zeros, range.to - size);
    if (sys::failed(added))
      error = static_cast<int>(-added);
    else
      ours += added;
    if (const int lost = size_of(fd, size)) error = lost;
  }
  if (zeros) sys::munmap(zeros, zeros_size);
  // A partial extension is undone; but what others have added stays.
  if (error && size == ours && ours > before) sys::call(SYS_ftruncate, fd, before);
  return error;
}

/// Overwrites with zeros what lies before the end of the file. The kernel stores them, so there is no SIGBUS if the
/// file is truncated.
int overwrite_with_zeros(int fd, Range range) {
  off_t size;
  if (const int error = size_of(fd, size)) return error;
  range.to = std::min(range.to, size);
  if (range.from >= range.to) return 0;
  const sys::Descriptor zeros(sys::openat(AT_FDCWD, "/dev/zero", O_RDONLY | O_CLOEXEC));
  if (!zeros.is_open()) return EOPNOTSUPP;
  return for_each_window(fd, range, [range, source = zeros.get()](const Window& window, off_t at) {
    const off_t end = std::min(range.to, at + static_cast<off_t>(window.size()));
    for (off_t next = std::max(range.from, at); next < end;) {
      const long done = sys::call(SYS_read, source, sys::word(window.begin() + (next - at)), end - next);
      if (done == -EINTR) continue;
      if (done <= 0) return done == -EFAULT ? ENOSPC : EIO;
      next += done;
    }
    return 0;
  });
}

int punch_by_mapping(int fd, Range range) {
  off_t size;
  if (const int error = size_of(fd, size)) return error;
  range.to = std::min(range.to, page_end(size));
  if (range.from >= range.to) return 0;
  const Range pages{page_end(range.from), page_start(range.to)};
  if (pages.from >= pages.to) return overwrite_with_zeros(fd, range);
  const int error = for_each_window(fd, pages, [](const Window& window, off_t) { return window.advise(MADV_REMOVE); });
  // For a file system without holes, or memory locked by mlockall: it reads as zeros, though the blocks stay.
  if (is_no_way(error)) return overwrite_with_zeros(fd, range);
  if (error) return error;
  if (const int before = overwrite_with_zeros(fd, {range.from, pages.from})) return before;
  return overwrite_with_zeros(fd, {pages.to, range.to});
}

}  // namespace

int reserve_space(int fd, Range range) {
  if (const int error = check_free_space(fd, range)) return error;
  const int error = request(fd, reserve_request, range);
  if (!is_no_way(error)) return error;
  off_t size;
  if (const int lost = size_of(fd, size)) return lost;
  return range.to > size ? EOPNOTSUPP : reserve_by_mapping(fd, range);
}

int grow_and_reserve(int fd, Range range) {
  if (const int error = check_free_space(fd, range)) return error;
  off_t size;
  if (const int error = size_of(fd, size)) return error;
  // Beyond the end nothing has to be reserved first: an append gets its blocks, or fails.
  const Range inside{range.from, std::min(range.to, size)};
  const int error = inside.from < inside.to ? reserve_space(fd, inside) : 0;
  return error ? error : grow(fd, range);
}

int punch_hole(int fd, Range range) {
  const int error = request(fd, free_request, range);
  if (!is_no_way(error)) return error;
  return with_mappable(fd, [range](int mappable) { return punch_by_mapping(mappable, range); });
}

}  // namespace devshm
