// SPDX-License-Identifier: MIT
//
// sem_open and shm_open past the wrappers: by handles of dlopen, and by libraries that are loaded late.
//
//   handles all                  every check, each in a process of its own
//   handles by-handle OBJECT     dlsym of a handle of OBJECT; "-": of the program (a null name)
//   handles library MODE WHEN    by_name.so, loaded with dlopen, does it; MODE local or global; WHEN late, or early:
//                                the process has used /dev/shm by path before, and sem_open by handle
//
// Needs libc and libdl only, so that on glibc <= 2.33 libpthread and librt are not there when it starts.
#include <dlfcn.h>
#include <semaphore.h>
#include <sys/mman.h>

#include "checks.h"

typedef sem_t* SemOpen(const char*, int, ...);
typedef int ShmOpen(const char*, int, mode_t);
typedef int Unlink(const char*);

static void sem_by_handle(void* handle, const char* object) {
  char line[128];
  SemOpen* open_it = (SemOpen*)dlsym(handle, "sem_open");
  Unlink* unlink_it = (Unlink*)dlsym(handle, "sem_unlink");
  if (!open_it || !unlink_it) return;
  snprintf(line, sizeof line, "sem_open by handle of %s", object);
  CHECK(open_it("/by-handle", O_CREAT | O_EXCL, 0600, 0) != SEM_FAILED, line);
  CHECK(has_semaphore("/tmp/shm", "/by-handle"), "its file is in the backing directory");
  CHECK(unlink_it("/by-handle") == 0 && !has_semaphore("/tmp/shm", "/by-handle"), "sem_unlink by handle");
}

static void shm_by_handle(void* handle, const char* object) {
  char line[128];
  ShmOpen* open_it = (ShmOpen*)dlsym(handle, "shm_open");
  Unlink* unlink_it = (Unlink*)dlsym(handle, "shm_unlink");
  if (!open_it || !unlink_it) return;
  snprintf(line, sizeof line, "shm_open by handle of %s", object);
  CHECK(open_it("/by-handle", O_CREAT | O_EXCL | O_RDWR, 0600) >= 0, line);
  CHECK(exists("/tmp/shm/by-handle"), "its file is in the backing directory");
  CHECK(unlink_it("/by-handle") == 0 && !exists("/tmp/shm/by-handle"), "shm_unlink by handle");
}

/// glibc <= 2.33 has both in libraries that this program has not loaded, so that only the wrappers are to be seen.
static int only_wrappers(void) {
  void* handle = dlopen("libc.so.6", RTLD_LAZY);
  return handle && !dlsym(handle, "sem_open");
}

/// Checks what there is of the two: which library has them is the libc's own affair.
static int by_handle(const char* object) {
  if (strcmp(object, "-") == 0 && only_wrappers()) {
    ShmOpen* open_it = (ShmOpen*)dlsym(dlopen(NULL, RTLD_LAZY), "shm_open");
    CHECK(!open_it || (open_it("/by-handle", O_RDWR, 0) < 0 && errno == ENOSYS), "shm_open of nowhere: ENOSYS");
    return verdict();
  }
  void* handle = dlopen(strcmp(object, "-") == 0 ? NULL : object, RTLD_LAZY | RTLD_LOCAL);
  if (!CHECK(handle != NULL, object)) return 1;
  sem_by_handle(handle, object);
  shm_by_handle(handle, object);
  return verdict();
}

static int by_library(const char* mode, const char* when) {
  if (strcmp(when, "early") == 0) {
    // devshm has seen to libc by now, and libpthread and librt are still not there.
    CHECK(access("/dev/shm", W_OK) == 0, "access before the library is loaded");
    CHECK(dlopen("libc.so.6", RTLD_LAZY) != NULL, "dlopen of libc before it");
  }
  void* library = dlopen("/matrix/by_name.so", RTLD_NOW | (strcmp(mode, "local") == 0 ? RTLD_LOCAL : RTLD_GLOBAL));
  if (!library) printf("%s\n", dlerror());
  if (!CHECK(library != NULL, "dlopen of the library")) return 1;
  int (*use)(void) = (int (*)(void))dlsym(library, "use_by_name");
  if (!CHECK(use != NULL, "dlsym of its function")) return 1;
  CHECK(use() == 0, "its sem_open and shm_open work in the backing directory");
  return verdict();
}

static int all(const char* self) {
  static const char* const objects[] = {"libc.so.6", "libpthread.so.0", "librt.so.1", "-"};
  for (size_t i = 0; i < sizeof objects / sizeof *objects; ++i) run_group(self, "by-handle", objects[i], NULL);
  run_group(self, "library", "local", "late");
  run_group(self, "library", "global", "late");
  run_group(self, "library", "local", "early");
  return verdict();
}

int main(int count, char** arguments) {
  const char* mode = count > 1 ? arguments[1] : "";
  if (strcmp(mode, "all") == 0) return all(arguments[0]);
  if (strcmp(mode, "by-handle") == 0 && count > 2) return by_handle(arguments[2]);
  if (strcmp(mode, "library") == 0 && count > 3) return by_library(arguments[2], arguments[3]);
  printf("usage: handles all|by-handle OBJECT|library local|global late|early\n");
  return 2;
}
