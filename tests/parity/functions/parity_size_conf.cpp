// SPDX-License-Identifier: MIT
//
// truncate, pathconf and others: size-conf-misc.
#include <sys/ipc.h>
#include <unistd.h>

#include "parity.h"
#include "raw.h"

using parity::number;

namespace {

/// The key is made of the inode number, so that it differs from ground to ground; what it should be is known.
std::string key(const char* path, int project) {
  const key_t made = ftok(path, project);
  std::string shown = made == -1 ? number(-1) : "a key";
  if (made != -1 && errno != parity::errno_before) shown += " (errno touched)";
  return shown;
}

/// That a key is the file's own.
std::string key_of(const char* path, const std::string& real_path) {
  struct stat file;
  parity::raw(SYS_newfstatat, AT_FDCWD, real_path.c_str(), &file, 0);
  const auto expected = (file.st_ino & 0xffff) | (file.st_dev & 0xff) << 16 | 7u << 24;
  return ftok(path, 7) == static_cast<key_t>(expected) ? "the file's" : "another file's";
}

}  // namespace

FAMILY(size_conf) {
  EACH_PATH(number, truncate, path, 3);
  EACH_PATH(number, truncate, path, 70000);
  EACH_PATH(number, truncate, path, -1);
  EACH_PATH(number, truncate64, path, 0);
  EACH_PATH(number, truncate64, path, std::int64_t{1} << 33);

  EACH_PATH(number, pathconf, path, _PC_NAME_MAX);
  for (const int name :
       std::initializer_list<int>{_PC_LINK_MAX, _PC_PATH_MAX, _PC_PIPE_BUF, _PC_CHOWN_RESTRICTED, _PC_NO_TRUNC,
                                  _PC_SYNC_IO, _PC_FILESIZEBITS, _PC_REC_XFER_ALIGN, _PC_ALLOC_SIZE_MIN,
                                  _PC_SYMLINK_MAX, _PC_2_SYMLINKS, _PC_ASYNC_IO, _PC_PRIO_IO, _PC_VDISABLE, -1, 999})
    for (const char* path : {"/dev/shm", "/dev/shm/f", "/dev/shm/missing", "/dev/shm/out", "/tmp/parity/o"})
      parity::once("pathconf", '"' + std::string(path) + "\", " + std::to_string(name),
                   [&] { return number(pathconf(path, name)); });

  parity::each_path("ftok", "path, 7", [](const char* path) { return key(path, 7); });
  parity::once("ftok", "\"/dev/shm/f\", 7", [] { return key_of("/dev/shm/f", parity::real_shm() + "/f"); });
  parity::once("ftok", "\"/dev/shm\", 7", [] { return key_of("/dev/shm", parity::real_shm()); });

  // Accounting is for the whole machine: only what can't succeed.
  for (const char* path : {"/dev/shm/missing", "/dev/shm/dir", "/dev/shm/f/x"})
    parity::once("acct", path, [&] { return number(acct(path)); });
}
