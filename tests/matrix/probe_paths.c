// SPDX-License-Identifier: MIT
//
// The main functions that take a path, on paths below /dev/shm.
#include <dirent.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>

#include "probe.h"

static int lists(const char* directory, const char* name) {
  DIR* open_directory = opendir(directory);
  if (!open_directory) return 0;
  int found = 0;
  for (struct dirent* entry; (entry = readdir(open_directory));) found |= strcmp(entry->d_name, name) == 0;
  closedir(open_directory);
  return found;
}

static void directory_itself(void) {
  struct stat found;
  struct statfs fs;
  struct statvfs vfs;
  CHECK(stat_of("/dev/shm", &found) == 0 && (found.st_mode & 07777) == 01777, "stat: mode 1777");
  CHECK(access("/dev/shm", R_OK | W_OK | X_OK) == 0, "access");
  CHECK(statfs("/dev/shm", &fs) == 0 && fs.f_type == tmpfs_magic, "statfs says tmpfs");
  CHECK(statvfs("/dev/shm", &vfs) == 0 && vfs.f_blocks > 0, "statvfs has a capacity");
  CHECK(mkdir("/dev/shm", 0700) < 0 && errno == EEXIST, "mkdir: EEXIST");
  CHECK(rmdir("/dev/shm") < 0 && errno == EBUSY, "rmdir: EBUSY");
  CHECK(access("/dev/shmfoo", F_OK) < 0 && errno == ENOENT, "a name that only begins like it is left alone");
}

/// What tempnam makes in `directory` while TMPDIR is `tmpdir`, without what is random.
static void temporary_name(Name* out, const char* tmpdir, const char* directory) {
  if (tmpdir)
    setenv("TMPDIR", tmpdir, 1);
  else
    unsetenv("TMPDIR");
  char* name = tempnam(directory, "longer");
  snprintf(*out, sizeof *out, "%.*s", name ? (int)strlen(name) - 6 : 0, name ? name : "");
  free(name);
}

// Each libc's tempnam has its own way.
static void temporary_names(void) {
  Name there, here;
  temporary_name(&there, NULL, "/tmp");
  temporary_name(&here, NULL, "/dev/shm");
  CHECK(memcmp(here, "/dev/shm/", 9) == 0 && strcmp(here + 9, there + 5) == 0, "tempnam");
  temporary_name(&there, "/tmp", "/missing");
  temporary_name(&here, "/dev/shm", "/missing");
  const int has_read_it = memcmp(there, "/tmp/", 5) == 0;  // TMPDIR
  CHECK(strcmp(here + (has_read_it ? 9 : 0), there + (has_read_it ? 5 : 0)) == 0, "tempnam and TMPDIR");
  unsetenv("TMPDIR");
}

static void reopened(void) {
  Name target, linked;
  unique(&target, "/dev/shm/target-");
  CHECK(symlink(target, unique(&linked, "/dev/shm/link-")) == 0, "symlink into /dev/shm");
  const int lower = open("/dev/null", O_RDONLY);
  FILE* stream = fopen("/dev/null", "r");
  const int own = fileno(stream);
  close(lower);
  stream = freopen(linked, "w", stream);
  if (CHECK(stream && fileno(stream) == own, "freopen keeps the descriptor")) fclose(stream);
  CHECK(unlink(target) == 0 && unlink(linked) == 0, "and follows the link");
}

int path_group(void) {
  directory_itself();
  temporary_names();
  reopened();

  Name file, directory, other, moved, base;
  unique(&file, "/dev/shm/file-");
  unique(&other, "/dev/shm/other-");
  unique(&directory, "/dev/shm/dir-");
  const int fd = open(file, O_CREAT | O_EXCL | O_RDWR, 0640);
  if (!CHECK(fd >= 0, "open O_CREAT|O_EXCL")) return 1;
  CHECK(exists(backing(&moved, "file-")), "the file is in the backing directory");
  CHECK(write(fd, "text", 4) == 4 && close(fd) == 0, "write");
  struct stat found;
  CHECK(stat_of(file, &found) == 0 && S_ISREG(found.st_mode) && found.st_size == 4, "stat");
  CHECK(access(file, R_OK | W_OK) == 0, "access");
  CHECK(lists("/dev/shm", unique(&base, "file-")), "opendir lists it");

  CHECK(link(file, other) == 0 && stat_of(other, &found) == 0 && found.st_nlink == 2, "link");
  CHECK(unlink(other) == 0 && !exists(other), "unlink");
  CHECK(symlink("anything", other) == 0 && unlink(other) == 0, "symlink");
  CHECK(mkdir(directory, 0755) == 0, "mkdir");
  snprintf(moved, sizeof moved, "%s/moved", directory);
  CHECK(rename(file, moved) == 0 && exists(moved) && !exists(file), "rename into a directory");
  CHECK(rmdir(directory) < 0 && errno == ENOTEMPTY, "rmdir of a full one: ENOTEMPTY");
  CHECK(unlink(moved) == 0 && rmdir(directory) == 0, "unlink and rmdir there");

  char template[] = "/dev/shm/temp-XXXXXX";
  const int temp = mkstemp(template);
  CHECK(temp >= 0 && memcmp(template, "/dev/shm/temp-", 14) == 0, "mkstemp keeps the caller's prefix");
  CHECK(exists(template) && strcmp(template + 14, "XXXXXX") != 0, "and fills in the rest");
  CHECK(unlink(template) == 0, "which can be unlinked");

  const int through = openat(AT_FDCWD, "/dev//./shm/../shm/odd", O_CREAT | O_RDWR, 0600);
  CHECK(through >= 0 && exists("/tmp/shm/odd") && unlink("/dev/shm/odd") == 0, "another way to write it");
  CHECK(chdir("/dev") == 0 && mkdir("shm/relative", 0700) == 0 && rmdir("/tmp/shm/relative") == 0,
        "a relative path from /dev");
  CHECK(open("/dev/shm/none", O_RDONLY) < 0 && errno == ENOENT, "open of a missing one: ENOENT");
  CHECK(open("/dev/null", O_RDWR) >= 0, "/dev/null is where it was");
  return verdict();
}
