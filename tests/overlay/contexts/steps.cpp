// SPDX-License-Identifier: MIT
//
// The table of the steps, with what each does.
#include "steps.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <ftw.h>
#include <glob.h>
#include <mntent.h>
#include <nl_types.h>
#include <semaphore.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <utime.h>
#include <utmp.h>

#include "step_parts.h"

extern char** environ;

namespace {

constexpr long tmpfs_magic = 0x01021994;

int visit(const char*, const struct stat*, int, struct FTW*) { return 0; }

constexpr bool light = false, heavy = true;

}  // namespace

constinit const Step steps[] = {
    {"access", "access", light, [] { return error_of(access("/dev/shm/file", R_OK) == 0); }},
    {"access", "faccessat", light, [] { return error_of(faccessat(AT_FDCWD, "/dev/shm/file", R_OK, 0) == 0); }},
    {"open", "open", light, [] { return closed(open("/dev/shm/file", O_RDONLY)); }},
    {"open", "openat", light, [] { return closed(openat(AT_FDCWD, "/dev/shm/file", O_RDONLY)); }},
    {"open", "creat", light,
     [] {
       const Name name("creat");
       const int error = closed(creat(name.text, 0600));
       return error ? error : error_of(unlink(name.text) == 0);
     }},
    {"stat", "stat", light,
     [] {
       struct stat out;
       return error_of(stat("/dev/shm/file", &out) == 0 && out.st_size == 4);
     }},
    {"stat", "lstat", light,
     [] {
       struct stat out;
       return error_of(lstat("/dev/shm/link", &out) == 0 && S_ISLNK(out.st_mode));
     }},
    {"stat", "statx", light,
     [] {
       struct statx out;
       return error_of(statx(AT_FDCWD, "/dev/shm/file", 0, STATX_SIZE, &out) == 0 && out.stx_size == 4);
     }},
    {"statfs", "statfs", light,
     [] {
       struct statfs out;
       return error_of(statfs("/dev/shm", &out) == 0 && out.f_type == tmpfs_magic);
     }},
    {"statfs", "statvfs", light,
     [] {
       struct statvfs out;
       return error_of(statvfs("/dev/shm", &out) == 0 && out.f_blocks > 0);
     }},
    {"dir", "mkdir", light,
     [] {
       const Name name("mkdir");
       return error_of(mkdir(name.text, 0700) == 0 && rmdir(name.text) == 0);
     }},
    {"dir", "chdir", light,
     [] { return error_of(chdir("/dev/shm") == 0 && access("file", F_OK) == 0 && chdir("/") == 0); }},
    {"dir", "opendir", heavy,
     [] {
       DIR* opened = opendir("/dev/shm");
       return opened ? closedir(opened) : errno;
     }},
    {"dir", "scandir", heavy,
     [] {
       dirent** entries;
       const int count = scandir("/dev/shm/dir", &entries, nullptr, alphasort);
       for (int i = 0; i < count; ++i) free(entries[i]);
       if (count >= 0) free(entries);
       return error_of(count == 2);
     }},
    {"link-rename-unlink", "link", light,
     [] {
       const Name name("link");
       return error_of(link("/dev/shm/file", name.text) == 0 && unlink(name.text) == 0);
     }},
    {"link-rename-unlink", "symlink", light,
     [] {
       const Name name("symlink");
       return error_of(symlink("file", name.text) == 0 && remove(name.text) == 0);
     }},
    {"link-rename-unlink", "rename", light,
     [] {
       const Name from("from"), to("to");
       const int error = closed(creat(from.text, 0600));
       return error ? error : error_of(rename(from.text, to.text) == 0 && unlink(to.text) == 0);
     }},
    {"mode-owner", "chmod", light, [] { return error_of(chmod("/dev/shm/file", 0644) == 0); }},
    {"mode-owner", "chown", light, [] { return error_of(chown("/dev/shm/file", geteuid(), getegid()) == 0); }},
    {"utimes", "utime", light, [] { return error_of(utime("/dev/shm/file", nullptr) == 0); }},
    {"utimes", "utimensat", light, [] { return error_of(utimensat(AT_FDCWD, "/dev/shm/file", nullptr, 0) == 0); }},
    {"mknod-fifo", "mkfifo", light,
     [] {
       const Name name("fifo");
       return error_of(mkfifo(name.text, 0600) == 0 && unlink(name.text) == 0);
     }},
    {"mknod-fifo", "mknod", light,
     [] {
       const Name name("node");
       return error_of(mknod(name.text, S_IFREG | 0600, 0) == 0 && unlink(name.text) == 0);
     }},
    {"size-conf-misc", "truncate", light, [] { return error_of(truncate("/dev/shm/file", 4) == 0); }},
    {"size-conf-misc", "pathconf", light, [] { return error_of(pathconf("/dev/shm", _PC_NAME_MAX) == 255); }},
    {"size-conf-misc", "ftok", light, [] { return error_of(ftok("/dev/shm/file", 1) != -1); }},
    {"xattr", "getxattr", light,
     [] {
       char value[8];
       return error_of(getxattr("/dev/shm/file", "user.none", value, sizeof value) < 0 && errno == ENODATA);
     }},
    {"readlink-resolve", "readlink", light,
     [] {
       char text[16];
       return error_of(readlink("/dev/shm/link", text, sizeof text) == 4);
     }},
    {"readlink-resolve", "getcwd", light,
     [] {
       char text[64];
       return error_of(chdir("/dev/shm/dir") == 0 && getcwd(text, sizeof text) && strcmp(text, "/dev/shm/dir") == 0 &&
                       chdir("/") == 0);
     }},
    {"readlink-resolve", "realpath", heavy,
     [] {
       char* path = realpath("/dev/shm/link", nullptr);
       const bool good = path && strcmp(path, "/dev/shm/file") == 0;
       free(path);
       return error_of(good);
     }},
    {"exec", "execve", light,
     [] {
       return status_of([] {
         char program[] = "/dev/shm/true";
         char* arguments[] = {program, nullptr};
         execve(program, arguments, environ);
       });
     }},
    {"exec", "execl", light, [] { return status_of([] { execl("/dev/shm/true", "true", nullptr); }); }},
    {"exec", "posix_spawn", heavy,
     [] {
       char program[] = "/dev/shm/true";
       char* arguments[] = {program, nullptr};
       pid_t child;
       if (const int error = posix_spawn(&child, program, nullptr, nullptr, arguments, environ)) return error;
       int status = 0;
       return error_of(waitpid(child, &status, 0) == child && status == 0);
     }},
    {"exec", "system", heavy, [] { return error_of(system("test -e /dev/shm/file") == 0); }},
    {"af-unix", "bind", light,
     [] {
       const Name name("socket");
       sockaddr_un address{}, found{};
       socklen_t size = sizeof found;
       address.sun_family = AF_UNIX;
       memcpy(address.sun_path, name.text, sizeof name.text);
       const int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
       const bool good = fd >= 0 && bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
                         getsockname(fd, reinterpret_cast<sockaddr*>(&found), &size) == 0 &&
                         strcmp(found.sun_path, name.text) == 0 && unlink(name.text) == 0;
       return closed(fd, good);
     }},
    {"af-unix", "connect", light,
     [] {
       sockaddr_un address{};
       address.sun_family = AF_UNIX;
       memcpy(address.sun_path, "/dev/shm/file", 14);
       const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
       const bool good = connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 &&
                         errno == ECONNREFUSED;  // no socket
       return closed(fd, good);
     }},
    {"file-space", "posix_fallocate", light,
     [] {
       const Name name("room");
       const int fd = open(name.text, O_CREAT | O_RDWR, 0600);
       const bool good = fd >= 0 && posix_fallocate(fd, 0, 4096) == 0 && unlink(name.text) == 0;
       return closed(fd, good);
     }},
    {"watch", "inotify_add_watch", light,
     [] {
       const int fd = inotify_init1(IN_CLOEXEC);
       const bool good = inotify_add_watch(fd, "/dev/shm/dir", IN_CREATE) >= 0;
       return closed(fd, good);
     }},
    {"mount", "umount2", light,
     [] { return error_of(umount2("/dev/shm/dir", 0) != 0 && (errno == EINVAL || errno == EPERM)); }},
    {"raw", "syscall", light,
     [] { return closed(static_cast<int>(syscall(SYS_openat, AT_FDCWD, "/dev/shm/file", O_RDONLY))); }},
    {"posix-shm-sem", "shm_open", light,
     [] {
       const Name name("shm");
       const int error = closed(shm_open(name.text + 8, O_CREAT | O_EXCL | O_RDWR, 0600));
       return error ? error : error_of(shm_unlink(name.text + 8) == 0);
     }},
    {"posix-shm-sem", "sem_unlink", light, [] { return error_of(sem_unlink("/none-of-it") != 0 && errno == ENOENT); }},
    {"posix-shm-sem", "sem_open", heavy,
     [] {
       const Name name("sem");
       sem_t* semaphore = sem_open(name.text + 8, O_CREAT | O_EXCL, 0600, 1);
       return error_of(semaphore != SEM_FAILED && sem_wait(semaphore) == 0 && sem_close(semaphore) == 0 &&
                       sem_unlink(name.text + 8) == 0);
     }},
    {"tempfile", "mkstemp", light,
     [] {
       char name[] = "/dev/shm/temp-XXXXXX";
       const int error = closed(mkstemp(name));
       return error ? error : error_of(strncmp(name, "/dev/shm/temp-", 14) == 0 && unlink(name) == 0);
     }},
    {"tempfile", "mkdtemp", light,
     [] {
       char name[] = "/dev/shm/temp-XXXXXX";
       return error_of(mkdtemp(name) && rmdir(name) == 0);
     }},
    {"stdio", "fopen", heavy,
     [] {
       FILE* file = fopen("/dev/shm/file", "r");
       char text[8] = "";
       const bool good = file && fgets(text, sizeof text, file) && strcmp(text, "text") == 0;
       const int error = error_of(good);
       if (file) fclose(file);
       return error;
     }},
    {"walk-glob", "glob", heavy,
     [] {
       glob_t found{};
       const bool good = glob("/dev/shm/fil?", 0, nullptr, &found) == 0 && found.gl_pathc == 1;
       globfree(&found);
       return error_of(good);
     }},
    {"walk-glob", "nftw", heavy, [] { return error_of(nftw("/dev/shm/dir", visit, 4, FTW_PHYS) == 0); }},
    {"walk-glob", "fts", heavy,
     [] {
       char directory[] = "/dev/shm/dir";
       char* paths[] = {directory, nullptr};
       FTS* walk = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, nullptr);
       if (!walk) return errno;
       const FTSENT* entry = fts_read(walk);
       const bool good = entry && entry->fts_info == FTS_D;
       fts_close(walk);
       return error_of(good);
     }},
    {"dlopen", "dlopen", heavy,
     [] {
       void* handle = dlopen("/dev/shm/loaded.so", RTLD_NOW);
       if (!handle) return ENOENT;
       dlclose(handle);
       return 0;
     }},
    {"locale-catalog-acct", "catopen", heavy,
     [] {
       // Not a catalogue: what counts is that the file was there to be looked at.
       const nl_catd catalogue = catopen("/dev/shm/file", 0);
       return error_of(catalogue == reinterpret_cast<nl_catd>(-1) && errno != ENOENT);
     }},
};
const int step_count = sizeof steps / sizeof *steps;
