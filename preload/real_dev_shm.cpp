// SPDX-License-Identifier: MIT
#include "real_dev_shm.h"

#include <linux/magic.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "memory_size.h"
#include "sys.h"

namespace devshm {
namespace {

bool is_tmpfs(const struct statfs& fs) {
  const auto type = static_cast<unsigned long>(fs.f_type);
  return type == TMPFS_MAGIC || type == RAMFS_MAGIC;
}

}  // namespace

bool real_dev_shm_will_do() {
  struct statfs fs;
  return sys::statfs("/dev/shm", &fs) == 0 && is_tmpfs(fs) && sys::access("/dev/shm", W_OK | X_OK) == 0;
}

RealDevShm look_at_real_dev_shm() {
  struct statfs fs;
  struct stat dir;
  if (sys::statfs("/dev/shm", &fs) != 0 || !is_tmpfs(fs) || sys::fstatat(AT_FDCWD, "/dev/shm", &dir, 0) != 0)
    return {false, false, 0};
  constexpr mode_t for_others = S_IWOTH | S_IXOTH;
  const bool serves_all = !(fs.f_flags & ST_RDONLY) && (dir.st_mode & for_others) == for_others;
  const Bytes size = static_cast<Bytes>(fs.f_blocks) * static_cast<Bytes>(fs.f_bsize);
  return {true, serves_all, size ? size : no_size_limit};
}

bool is_large_enough(const RealDevShm& real, const Amount& least) {
  if (!real.is_tmpfs || !real.serves_all) return false;
  // The limit of the memory is not read where it can't matter, because that takes a few files.
  if (least.percent && real.size >= machine_memory() / 100 * least.percent) return true;
  return real.size >= bytes_of(least);
}

}  // namespace devshm
