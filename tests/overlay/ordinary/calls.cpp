// SPDX-License-Identifier: MIT
//
// Makes each wrapped function's call on ordinary paths and descriptors, once for each way to write
// such a path. Before each call a write to descriptor -1 says which one comes, for ordinary_test.py, which compares
// what the kernel sees with and without the library.
//
// Nothing here lies below /dev/shm, but the names are as hard to tell apart from it as they can be without a system
// call.
#include <arpa/inet.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <ftw.h>
#include <glob.h>
#include <libintl.h>
#include <linux/mount.h>
#include <mntent.h>
#include <netdb.h>
#include <nl_types.h>
#include <poll.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <utime.h>
#include <utmp.h>
#include <utmpx.h>
#include <wordexp.h>

#include <string>
#include <vector>

#include "../../parity/functions/declared.h"
#include "../../parity/functions/raw.h"

using parity::raw;

namespace {

/// The text of what comes next, for the trace.
void mark(const std::string& text) { raw(SYS_write, -1, text.data(), static_cast<long>(text.size())); }

/// Makes the call if this libc has the function.
#define CALL(function, ...)                     \
  do {                                          \
    if (&function != nullptr) {                 \
      mark(#function " " + way.name);           \
      static_cast<void>(function(__VA_ARGS__)); \
    }                                           \
  } while (false)
/// The same with more than one statement.
#define CALLS(function, ...)          \
  do {                                \
    if (&function != nullptr) {       \
      mark(#function " " + way.name); \
      __VA_ARGS__;                    \
    }                                 \
  } while (false)

/// A way to write ordinary paths. All of them are there, below the working directory.
struct Way {
  std::string name;
  std::string dir;  // with a slash at its end, or empty
  std::string file() const { return dir + "file"; }
};

int visit(const char*, const struct stat*, int) { return 0; }
int visit64(const char*, const struct stat64*, int) { return 0; }
int visit_more64(const char*, const struct stat64*, int, struct FTW*) { return 0; }
int visit_more(const char*, const struct stat*, int, struct FTW*) { return 0; }

struct sockaddr_un address_of(const std::string& path) {
  struct sockaddr_un address {};
  address.sun_family = AF_UNIX;
  memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

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
    std::vector<char> copy(pattern.begin(), pattern.end());
    copy.insert(copy.end(), tail.begin(), tail.end());
    copy.push_back('\0');
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
}

void directories(const Way& way) {
  const std::string here = way.dir.empty() ? "." : way.dir, new_text = way.dir + "newdir",
                    missing_text = way.dir + "no";
  const char *dir = here.c_str(), *fresh = new_text.c_str(), *missing = missing_text.c_str();
  char buffer[PATH_MAX];
  CALL(mkdir, fresh, 0700);
  CALL(rmdir, fresh);
  CALL(mkdirat, AT_FDCWD, fresh, 0700);
  CALL(rmdir, fresh);
  CALLS(opendir, {
    if (DIR* open_dir = opendir(dir)) closedir(open_dir);
  });
  if (DIR* open_dir = opendir(dir)) {
    CALLS(readdir, readdir(open_dir));
    CALLS(readdir64, readdir64(open_dir));
    dirent read_entry, *read_result;
    dirent64 read_entry64, *read_result64;
    CALLS(readdir_r, readdir_r(open_dir, &read_entry, &read_result));
    CALLS(readdir64_r, readdir64_r(open_dir, &read_entry64, &read_result64));
    char entries[512];
    CALLS(getdents64, getdents64(dirfd(open_dir), entries, sizeof entries));
    closedir(open_dir);
  }
  struct dirent** names = nullptr;
  struct dirent64** names64 = nullptr;
  const auto none = [](const struct dirent*) { return 0; };
  const auto none64 = [](const struct dirent64*) { return 0; };
  CALLS(scandir, scandir(dir, &names, none, alphasort), free(names));
  CALLS(scandir64, scandir64(dir, &names64, none64, alphasort64), free(names64));
  CALLS(scandirat, scandirat(AT_FDCWD, dir, &names, none, alphasort), free(names));
  CALLS(scandirat64, scandirat64(AT_FDCWD, dir, &names64, none64, alphasort64), free(names64));
  CALL(chroot, missing);
  const std::string all = way.dir + "*";
  glob_t found{};
  glob64_t found64{};
  CALLS(glob, glob(all.c_str(), 0, nullptr, &found), globfree(&found));
  CALLS(glob64, glob64(all.c_str(), 0, nullptr, &found64), globfree64(&found64));
  wordexp_t words{};
  CALLS(wordexp, {
    if (wordexp(all.c_str(), &words, WRDE_NOCMD) == 0) wordfree(&words);
  });
  CALL(ftw, dir, visit, 4);
  CALL(nftw, dir, visit_more, 4, FTW_PHYS);
  CALL(ftw64, dir, visit64, 4);
  CALL(nftw64, dir, visit_more64, 4, FTW_PHYS);
  char* roots[] = {const_cast<char*>(dir), nullptr};
  CALLS(fts_open, {
    if (FTS* walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, nullptr)) {
      mark("fts_children " + way.name);
      fts_children(walk, 0);
      mark("fts_read " + way.name);
      while (fts_read(walk)) continue;
      mark("fts_close " + way.name);
      fts_close(walk);
    }
  });
  CALLS(fts64_open, {
    if (FTS64* walk = fts64_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, nullptr)) {
      mark("fts64_children " + way.name);
      fts64_children(walk, 0);
      mark("fts64_read " + way.name);
      while (fts64_read(walk)) continue;
      mark("fts64_close " + way.name);
      fts64_close(walk);
    }
  });
  CALL(chdir, dir);
  CALL(getcwd, buffer, sizeof buffer);
  CALL(__getcwd_chk, buffer, sizeof buffer, sizeof buffer);
  CALL(getwd, buffer);
  CALL(__getwd_chk, buffer, sizeof buffer);
  CALLS(get_current_dir_name, free(get_current_dir_name()));
  CALL(realpath, ".", buffer);
}

void descriptors(const Way& way) {
  const int fd = open(way.file().c_str(), O_RDWR | O_CREAT, 0600);
  const int dir = open(way.dir.empty() ? "." : way.dir.c_str(), O_RDONLY | O_DIRECTORY);
  struct statfs system_found;
  struct statfs64 system_found64;
  struct statvfs vfs;
  struct statvfs64 vfs64;
  struct stat found;
  CALL(fstatfs, fd, &system_found);
  CALL(fstatfs64, fd, &system_found64);
  CALL(fstatvfs, fd, &vfs);
  CALL(fstatvfs64, fd, &vfs64);
  CALL(statfs, ".", &system_found);
  CALL(statvfs, ".", &vfs);
  CALL(ftruncate, fd, 8192);
  CALL(ftruncate64, fd, 4096);
  CALL(ftruncate, -1, 4096);
  CALL(fallocate, fd, 0, 0, 4096);
  CALL(fallocate64, fd, FALLOC_FL_KEEP_SIZE, 0, 8192);
  CALL(fallocate, fd, FALLOC_FL_ZERO_RANGE, 0, 4096);
  CALL(fallocate, -1, 0, 0, 4096);
  CALL(posix_fallocate, fd, 0, 4096);
  CALL(posix_fallocate64, fd, 0, 4096);
  CALL(posix_fallocate, fd, 0, -1);
  CALL(fstatat, dir, "file", &found, 0);
  CALL(fstatat, dir, "", &found, AT_EMPTY_PATH);
  CALL(linkat, dir, "file", dir, "file2", 0);
  CALL(renameat, dir, "file2", dir, "file3");
  const int other_dir = open("../plain", O_RDONLY | O_DIRECTORY);
  CALL(renameat, dir, "file3", other_dir, "file4");
  CALL(linkat, other_dir, "file4", dir, "file3", 0);
  CALL(unlinkat, other_dir, "file4", 0);
  close(other_dir);
  CALL(unlinkat, dir, "file3", 0);
  CALLS(openat, close(openat(dir, "file", O_RDONLY)));
  CALL(faccessat, dir, "file", R_OK, 0);
  close(fd);
  close(dir);
}

void sockets(const Way& way) {
  const std::string name = way.dir + "socket";
  const struct sockaddr_un address = address_of(name);
  struct sockaddr_un peer {};
  socklen_t size = sizeof peer;
  const auto* named = reinterpret_cast<const struct sockaddr*>(&address);
  auto* told = reinterpret_cast<struct sockaddr*>(&peer);
  const int server = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_UNIX, SOCK_STREAM, 0);
  CALL(bind, server, named, sizeof address);
  listen(server, 4);
  CALL(connect, client, named, sizeof address);
  int accepted = -1;
  CALLS(accept, accepted = accept(server, told, &size));
  size = sizeof peer;
  CALL(getsockname, server, told, &size);
  size = sizeof peer;
  CALL(getpeername, client, told, &size);
  char byte = 'x';
  CALL(sendto, client, &byte, 1, 0, nullptr, 0);
  size = sizeof peer;
  CALL(recvfrom, accepted, &byte, 1, 0, told, &size);
  CALL(send, client, &byte, 1, 0);
  size = sizeof peer;
  CALL(__recvfrom_chk, accepted, &byte, 1, 1, 0, told, &size);
  struct iovec part {
    &byte, 1
  };
  struct msghdr message {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  CALL(sendmsg, client, &message, 0);
  CALL(recvmsg, accepted, &message, 0);
  struct mmsghdr messages {};
  messages.msg_hdr = message;
  CALL(sendmmsg, client, &messages, 1, 0);
  CALL(recvmmsg, accepted, &messages, 1, 0, nullptr);
  const int second = socket(AF_UNIX, SOCK_STREAM, 0);
  CALL(__connect, second, named, sizeof address);
  int accepted_too = -1;
  size = sizeof peer;
  CALLS(accept4, accepted_too = accept4(server, told, &size, SOCK_CLOEXEC));
  for (const int fd : {server, client, accepted, second, accepted_too}) close(fd);
  CALL(unlink, name.c_str());
  char host[64];
  struct sockaddr_in inet {};
  inet.sin_family = AF_INET;
  CALL(getnameinfo, reinterpret_cast<struct sockaddr*>(&inet), sizeof inet, host, sizeof host, nullptr, 0,
       NI_NUMERICHOST);
}

void programs(const Way& way) {
  const std::string missing_text = way.dir + "missing-program";
  const char* missing = missing_text.c_str();
  char* arguments[] = {const_cast<char*>("missing"), nullptr};
  CALL(execve, missing, arguments, environ);
  CALL(execv, missing, arguments);
  CALL(execvp, missing, arguments);
  CALL(execvpe, missing, arguments, environ);
  CALL(execl, missing, "missing", nullptr);
  CALL(execlp, missing, "missing", nullptr);
  CALL(execle, missing, "missing", nullptr, environ);
  CALL(execveat, AT_FDCWD, missing, arguments, environ, 0);
  CALL(fexecve, -1, arguments, environ);
  pid_t child = -1;
  const auto wait_for_it = [&] {
    if (child > 0) waitpid(child, nullptr, 0);
    child = -1;
  };
  CALLS(posix_spawn, posix_spawn(&child, "/bin/true", nullptr, nullptr, arguments, environ));
  wait_for_it();
  CALLS(posix_spawnp, posix_spawnp(&child, "true", nullptr, nullptr, arguments, environ));
  wait_for_it();
  int descriptor = -1;
  CALLS(pidfd_spawn, pidfd_spawn(&descriptor, "/bin/true", nullptr, nullptr, arguments, environ));
  CALLS(pidfd_spawnp, pidfd_spawnp(&descriptor, "true", nullptr, nullptr, arguments, environ));
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  CALL(posix_spawn_file_actions_addopen, &actions, 0, missing, O_RDONLY, 0);
  CALL(posix_spawn_file_actions_addchdir_np, &actions, missing);
  posix_spawn_file_actions_destroy(&actions);
  CALL(system, "exit 3");
  CALLS(popen, {
    if (FILE* stream = popen("true", "r")) pclose(stream);
  });
  CALLS(_IO_popen, {
    if (FILE* stream = _IO_popen("true", "r")) pclose(stream);
  });
}

void others(const Way& way) {
  const std::string path_text = way.file(), missing_text = way.dir + "missing";
  const char *path = path_text.c_str(), *missing = missing_text.c_str();
  CALL(dlopen, missing, RTLD_NOW);
  CALL(dlopen, nullptr, RTLD_NOW);
  CALL(dlmopen, LM_ID_NEWLM, missing, RTLD_NOW);
  CALL(dlsym, RTLD_DEFAULT, "open");
  CALL(dlsym, RTLD_DEFAULT, "shm_open");
  CALL(dlvsym, RTLD_DEFAULT, "shm_open", "GLIBC_2.2.5");
  Dl_info about;
  CALL(dladdr, reinterpret_cast<const void*>(&visit), &about);
  CALL(dladdr1, reinterpret_cast<const void*>(&visit), &about, nullptr, 0);
  const int watch = inotify_init();
  CALL(inotify_add_watch, watch, path, IN_OPEN);
  close(watch);
  CALL(fanotify_mark, -1, FAN_MARK_ADD, FAN_OPEN, AT_FDCWD, path);
  CALL(mount, missing, missing, "none", 0, nullptr);
  CALL(umount, missing);
  CALL(umount2, missing, 0);
  CALL(open_tree, AT_FDCWD, missing, 0);
  CALL(move_mount, AT_FDCWD, missing, AT_FDCWD, missing, 0);
  CALL(fspick, AT_FDCWD, missing, 0);
  CALL(mount_setattr, AT_FDCWD, missing, 0, nullptr, 0);
  CALL(fsconfig, -1, 0, "key", missing, 0);
  CALL(bindtextdomain, "domain", path);
  CALLS(catopen, {
    if (nl_catd catalog = catopen(missing, 0); catalog != reinterpret_cast<nl_catd>(-1)) catclose(catalog);
  });
  CALL(utmpname, missing);
  CALL(utmpxname, missing);
  struct utmp record {};
  CALL(updwtmp, missing, &record);
  CALL(updwtmpx, missing, reinterpret_cast<struct utmpx*>(&record));
  mark("syscall " + way.name);
  close(static_cast<int>(syscall(SYS_openat, AT_FDCWD, path, O_RDONLY)));
  syscall(SYS_faccessat, AT_FDCWD, path, R_OK);
  syscall(SYS_mount, missing, missing, "none", 0, nullptr);
  struct statfs found;
  const int fd = static_cast<int>(syscall(SYS_openat, AT_FDCWD, path, O_RDONLY));
  syscall(SYS_fstatfs, fd, &found);
  syscall(SYS_close, fd);
}

}  // namespace

int main() {
  // A warm start: libc's own first calls of these are not what is compared.
  void* volatile warm = malloc(200000);
  free(warm);
  const std::string top = get_current_dir_name();
  const std::vector<Way> ways = {
      {"plain", top + "/plain/"},            // without the letters that a path below /dev/shm has
      {"letters", top + "/ahm/"},            // with them
      {"look-alike", top + "/dev/shmfoo/"},  // and beginning like it
      {"deep", top + "/dev/shm/"},           // the whole name, elsewhere
      {"relative", ""},
  };
  for (const Way& way : ways) {
    raw(SYS_chdir, (top + "/ahm").c_str());
    files(way);
    raw(SYS_chdir, (top + "/ahm").c_str());
    directories(way);
    raw(SYS_chdir, (top + "/ahm").c_str());
    descriptors(way);
    sockets(way);
    programs(way);
    others(way);
  }
  mark("end");
}
