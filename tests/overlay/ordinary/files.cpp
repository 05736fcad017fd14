// SPDX-License-Identifier: MIT
//
// Functions about files by their paths: opening, attributes, links, temporary names.
#include <sys/ipc.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/time.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <utime.h>

#include "calls.h"

namespace ordinary {

void files(const Way& way) {
  const std::string text = way.file(), other_text = way.dir + "other", missing_text = way.dir + "missing";
  const char *path = text.c_str(), *other = other_text.c_str(), *missing = missing_text.c_str();
  const std::string new_text = way.dir + "new";
  const char* fresh = new_text.c_str();
  struct stat found;
  struct stat64 found64;
  struct statx found_x;
  struct statfs system_found;
  struct statfs64 system_found64;
  struct statvfs vfs;
  struct statvfs64 vfs64;
  char buffer[PATH_MAX];
  dev_t device = 0;

  CALLS(open, close(open(path, O_RDWR)));
  CALLS(open64, close(open64(path, O_RDWR)));
  CALLS(__open, close(__open(path, O_RDWR)));
  CALLS(__open64, close(__open64(path, O_RDWR)));
  CALLS(__open_2, close(__open_2(path, O_RDWR)));
  CALLS(__open64_2, close(__open64_2(path, O_RDWR)));
  CALLS(openat, close(openat(AT_FDCWD, path, O_RDWR)));
  CALLS(openat64, close(openat64(AT_FDCWD, path, O_RDWR)));
  CALLS(__openat_2, close(__openat_2(AT_FDCWD, path, O_RDWR)));
  CALLS(__openat64_2, close(__openat64_2(AT_FDCWD, path, O_RDWR)));
  CALLS(openat2, {
    struct open_how how {};
    close(openat2(AT_FDCWD, path, &how, sizeof how));
  });
  CALLS(creat, close(creat(fresh, 0600)));
  CALLS(creat64, close(creat64(fresh, 0600)));
  CALLS(fopen, {
    if (FILE* file = fopen(path, "r")) fclose(file);
  });
  CALLS(fopen64, {
    if (FILE* file = fopen64(path, "r")) fclose(file);
  });
  CALLS(_IO_fopen, {
    if (FILE* file = _IO_fopen(path, "r")) fclose(file);
  });
  CALLS(setmntent, {
    if (FILE* file = setmntent(path, "r")) endmntent(file);
  });
  CALLS(__setmntent, {
    if (FILE* file = __setmntent(path, "r")) endmntent(file);
  });
  {
    FILE* file = fopen(other, "r");
    CALLS(freopen, file = freopen(path, "r", file));
    CALLS(freopen64, file = freopen64(path, "r", file));
    if (file) fclose(file);
  }
  CALL(stat, path, &found);
  CALL(stat64, path, &found64);
  CALL(fstat, 0, &found);
  CALL(fstat64, 0, &found64);
  CALL(__fxstat, 1, 0, &found);
  CALL(__fxstat64, 1, 0, &found64);
  CALL(lstat, path, &found);
  CALL(lstat64, path, &found64);
  CALL(fstatat, AT_FDCWD, path, &found, 0);
  CALL(fstatat64, AT_FDCWD, path, &found64, 0);
  CALL(__xstat, 1, path, &found);
  CALL(__xstat64, 1, path, &found64);
  CALL(__lxstat, 1, path, &found);
  CALL(__lxstat64, 1, path, &found64);
  CALL(__fxstatat, 1, AT_FDCWD, path, &found, 0);
  CALL(__fxstatat64, 1, AT_FDCWD, path, &found64, 0);
  CALL(statx, AT_FDCWD, path, 0, STATX_ALL, &found_x);
  CALL(statfs, path, &system_found);
  CALL(statfs64, path, &system_found64);
  CALL(__statfs, path, &system_found);
  CALL(statvfs, path, &vfs);
  CALL(statvfs64, path, &vfs64);
  CALL(access, path, R_OK);
  CALL(eaccess, path, R_OK);
  CALL(euidaccess, path, R_OK);
  CALL(faccessat, AT_FDCWD, path, R_OK, 0);
  CALL(name_to_handle_at, AT_FDCWD, missing, nullptr, nullptr, 0);
  CALL(link, path, fresh);
  CALL(link, path, missing);
  CALL(linkat, AT_FDCWD, path, AT_FDCWD, fresh, 0);
  CALL(rename, missing, fresh);
  CALL(renameat, AT_FDCWD, fresh, AT_FDCWD, missing);
  CALL(renameat2, AT_FDCWD, missing, AT_FDCWD, fresh, 0);
  CALL(unlink, fresh);
  CALL(unlinkat, AT_FDCWD, fresh, 0);
  CALL(remove, fresh);
  CALL(symlink, "file", fresh);
  CALL(readlink, fresh, buffer, sizeof buffer);
  CALL(__readlink_chk, fresh, buffer, sizeof buffer, sizeof buffer);
  CALL(readlinkat, AT_FDCWD, fresh, buffer, sizeof buffer);
  CALL(__readlinkat_chk, AT_FDCWD, fresh, buffer, sizeof buffer, sizeof buffer);
  CALL(lchown, fresh, getuid(), getgid());
  CALL(lutimes, fresh, nullptr);
  CALL(realpath, fresh, buffer);
  CALL(__realpath_chk, fresh, buffer, sizeof buffer);
  CALLS(canonicalize_file_name, free(canonicalize_file_name(fresh)));
  CALL(unlink, fresh);
  // An absolute text that does not fit, or just fits; the second begins as the backing directory's name does.
  for (const char* target : {"/usr/bin", "/tmp"}) {
    CALL(symlink, target, fresh);
    for (const std::size_t size : {std::size_t{1}, strlen(target)}) {
      CALL(readlink, fresh, buffer, size);
      CALL(__readlink_chk, fresh, buffer, size, sizeof buffer);
      CALL(readlinkat, AT_FDCWD, fresh, buffer, size);
      CALL(__readlinkat_chk, AT_FDCWD, fresh, buffer, size, sizeof buffer);
    }
    CALL(unlink, fresh);
  }
  CALL(symlinkat, "file", AT_FDCWD, fresh);
  CALL(unlink, fresh);
  CALL(chmod, path, 0600);
  CALL(umask, 022);
  CALL(fchmodat, AT_FDCWD, path, 0600, 0);
  CALL(lchmod, path, 0600);
  CALL(chown, path, getuid(), getgid());
  CALL(fchownat, AT_FDCWD, path, getuid(), getgid(), 0);
  CALL(utime, path, nullptr);
  CALL(utimes, path, nullptr);
  CALL(futimesat, AT_FDCWD, path, nullptr);
  CALL(utimensat, AT_FDCWD, path, nullptr, 0);
  CALL(mkfifo, fresh, 0600);
  CALL(unlink, fresh);
  CALL(mkfifoat, AT_FDCWD, fresh, 0600);
  CALL(unlink, fresh);
  CALL(mknod, fresh, S_IFREG | 0600, 0);
  CALL(unlink, fresh);
  CALL(mknodat, AT_FDCWD, fresh, S_IFREG | 0600, 0);
  CALL(unlink, fresh);
  CALL(__xmknod, 0, fresh, S_IFREG | 0600, &device);
  CALL(__xmknodat, 0, AT_FDCWD, missing, S_IFREG | 0600, &device);
  CALL(unlink, fresh);
  CALL(unlink, missing);
  CALL(truncate, path, 10);
  CALL(truncate64, path, 10);
  CALL(pathconf, path, _PC_NAME_MAX);
  CALL(pathconf, path, _PC_LINK_MAX);
  CALL(ftok, path, 1);
  CALL(acct, missing);
  CALL(setxattr, path, "user.a", "b", 1, 0);
  CALL(getxattr, path, "user.a", buffer, sizeof buffer);
  CALL(lgetxattr, path, "user.a", buffer, sizeof buffer);
  CALL(listxattr, path, buffer, sizeof buffer);
  CALL(llistxattr, path, buffer, sizeof buffer);
  CALL(lsetxattr, path, "user.a", "b", 1, 0);
  CALL(removexattr, path, "user.a");
  CALL(lremovexattr, path, "user.a");
  const std::string pattern = way.dir + "../random/XXXXXX";  // beside what is walked: the order of names is not steady
  const auto in_copy = [&](auto make, const std::string& tail) {
    std::string copy = pattern + tail;
    const int made = make(copy.data());
    if (made >= 0) close(made);
  };
  // Their names are random: only how many calls are made, and which, is compared.
  CALLS(mkstemp, in_copy([](char* name) { return mkstemp(name); }, ""));
  CALLS(mkstemp64, in_copy([](char* name) { return mkstemp64(name); }, ""));
  CALLS(mkostemp, in_copy([](char* name) { return mkostemp(name, O_CLOEXEC); }, ""));
  CALLS(mkostemp64, in_copy([](char* name) { return mkostemp64(name, O_CLOEXEC); }, ""));
  CALLS(mkstemps, in_copy([](char* name) { return mkstemps(name, 2); }, ".c"));
  CALLS(mkstemps64, in_copy([](char* name) { return mkstemps64(name, 2); }, ".c"));
  CALLS(mkostemps, in_copy([](char* name) { return mkostemps(name, 2, 0); }, ".c"));
  CALLS(mkostemps64, in_copy([](char* name) { return mkostemps64(name, 2, 0); }, ".c"));
  CALLS(mkdtemp, in_copy([](char* name) { return mkdtemp(name) ? -1 : -2; }, ""));
  CALLS(mktemp, in_copy([](char* name) { return mktemp(name) ? -1 : -2; }, ""));
  CALLS(tempnam, free(tempnam(way.dir.empty() ? "." : way.dir.c_str(), "x")));
  // A file system without blocks, as the kernel's tmpfs of the memory store is.
  parity::raw(SYS_chdir, "/proc");
  for (const char* here : {".", "self", "/proc"}) {
    CALL(statfs, here, &system_found);
    CALL(statfs64, here, &system_found64);
    CALL(__statfs, here, &system_found);
    CALL(statvfs, here, &vfs);
    CALL(statvfs64, here, &vfs64);
  }
}

}  // namespace ordinary
