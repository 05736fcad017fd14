// SPDX-License-Identifier: MIT
//
// What deep_test.cpp loads with RTLD_DEEPBIND: libc's functions as such a library takes them, by a call, by a pointer
// in a table that is read-only after relocation, and by a function of its own that has the name of one of libc's.
#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#if defined(NEEDED)
extern "C" int needed_make(const char* path) { return open(path, O_CREAT | O_RDWR, 0600); }
#else
extern "C" {
int needed_make(const char* path);

// Of its own: to be left alone.
int access(const char*, int) noexcept { return 4711; }

extern int (*const deep_table[])(const char*, mode_t);
int (*const deep_table[])(const char*, mode_t) = {mkdir, mkfifo};

#if defined(UNBOUND)
int nowhere_at_all();
int deep_never_called() { return nowhere_at_all(); }
#endif

int deep_make(const char* path) { return open(path, O_CREAT | O_RDWR, 0600); }
int deep_make_by_needed(const char* path) { return needed_make(path); }
int deep_mkdir(const char* path) { return deep_table[0](path, 0700); }
int deep_access(const char* path) { return access(path, F_OK); }
int deep_shm_open(const char* name) { return shm_open(name, O_CREAT | O_RDWR, 0600); }
int deep_sem_open(const char* name) { return sem_open(name, O_CREAT, 0600, 1u) == SEM_FAILED ? -1 : 0; }
const void* deep_slot() { return deep_table; }
}
#endif
