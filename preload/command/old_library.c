// SPDX-License-Identifier: MIT
//
// The check library is linked with these two: stand-ins for glibc's libpthread.so.0 and librt.so.1 as they were before
// 2.34, with the functions that the check calls. Only the names matter, and the version that glibc has had from the
// beginning (old_library.map): before 2.30 the loader looks for a versioned symbol in the file that it was linked with,
// and in no other.
#if defined(LIBPTHREAD)
void sem_open(void) {}
void sem_close(void) {}
void sem_unlink(void) {}
void sem_post(void) {}
void sem_trywait(void) {}
#else
void shm_open(void) {}
void shm_unlink(void) {}
#endif
