// SPDX-License-Identifier: MIT
//
// dlopen, dlmopen, dladdr, dlsym, dlvsym.
#include <dlfcn.h>
#include <fcntl.h>
#include <semaphore.h>
#include <sys/mman.h>

#include "children.h"

// What only newer libcs have, by a weak reference, under a name that no header declares.
#define NEWER(name) extern "C" [[gnu::weak]] int weak_##name() __asm__(#name)
NEWER(openat2);
NEWER(pidfd_spawn);
NEWER(pidfd_spawnp);

namespace {

class Dlopen : public Children {
 protected:
  template <class Function>
  static Function in(void* library, const char* name) {
    return reinterpret_cast<Function>(dlsym(library, name));
  }
  static int answer_of(void* library) {
    const auto answer = library ? in<int (*)()>(library, "answer") : nullptr;
    return answer ? answer() : -1;
  }
};

// dlopen finds the caller by its return address: with a frame of ours in between it would look at our RUNPATH. The
// library is where nothing but the RUNPATH of its loader leads to; one of its names has the letters in it that make
// devshm look twice.
TEST_F(Dlopen, UsesTheRunpathOfTheCaller) {
  const std::string place = dir + "/../dlopen.libraries";
  mkdir(place.c_str(), 0755);
  mkdir((place + "/sub").c_str(), 0755);
  make_file(place + "/loader.so", content_of(LOADER), 0755);
  void* const loader = dlopen((place + "/loader.so").c_str(), RTLD_NOW);
  ASSERT_NE(loader, nullptr) << dlerror();
  for (const char* name : {"libdevshm_beneath.so", "libbeneath.so"}) {
    make_file(place + "/sub/" + name, content_of(LOADED), 0755);
    EXPECT_EQ(dlopen(name, RTLD_NOW), nullptr);
    void* const loaded = in<void* (*)(const char*)>(loader, "load_by_runpath")(name);
    ASSERT_NE(loaded, nullptr) << dlerror();
    EXPECT_EQ(answer_of(loaded), 42);
    void* const apart = in<void* (*)(const char*)>(loader, "load_into_new_namespace")(name);
    ASSERT_NE(apart, nullptr) << dlerror();
    EXPECT_EQ(answer_of(apart), 42);
  }
}

TEST_F(Dlopen, LoadsFromTheOverlay) {
  make_file("/dev/shm/libcopy.so", content_of(LOADED), 0755);
  void* const library = dlopen("/dev/shm/libcopy.so", RTLD_NOW);
  ASSERT_NE(library, nullptr) << dlerror();
  EXPECT_EQ(answer_of(library), 42);
  EXPECT_EQ(dlopen("/dev/shm/../shm/libcopy.so", RTLD_NOW | RTLD_NOLOAD), library);

  void* const apart = dlmopen(LM_ID_NEWLM, "/dev/shm/libcopy.so", RTLD_NOW);
  ASSERT_NE(apart, nullptr) << dlerror();
  EXPECT_NE(apart, library);
  EXPECT_EQ(answer_of(apart), 42);

  Dl_info info{};
  ASSERT_NE(dladdr(dlsym(library, "answer"), &info), 0);
  EXPECT_STREQ(info.dli_fname, "/dev/shm/libcopy.so");
  EXPECT_STREQ(info.dli_sname, "answer");
  const char* const kept = info.dli_fname;
  void* extra = nullptr;
  ASSERT_NE(dladdr1(dlsym(library, "answer"), &info, &extra, RTLD_DL_LINKMAP), 0);
  EXPECT_EQ(info.dli_fname, kept);
  unlink("/dev/shm/libcopy.so");
}

TEST_F(Dlopen, FollowsLinks) {
  mkdir("/dev/shm/libs.1", 0700);
  make_file("/dev/shm/libs.1/liblinked.so", content_of(LOADED), 0755);
  ASSERT_EQ(symlink("/dev/shm/libs.1", "/dev/shm/libs"), 0);
  for (const int mode : {RTLD_NOW, RTLD_NOW | RTLD_DEEPBIND}) {
    errno = 123;
    void* const library = dlopen("/dev/shm/libs/liblinked.so", mode);
    ASSERT_NE(library, nullptr) << dlerror();
    EXPECT_EQ(dlerror(), nullptr);
    EXPECT_EQ(errno, 123);
    EXPECT_EQ(answer_of(library), 42);
    dlclose(library);
    EXPECT_EQ(dlopen("/dev/shm/libs/missing.so", mode), nullptr);
    EXPECT_EQ(errno, 123);
  }
  unlink("/dev/shm/libs");
  unlink("/dev/shm/libs.1/liblinked.so");
  rmdir("/dev/shm/libs.1");
}

TEST_F(Dlopen, LeavesOtherNames) {
  Dl_info info{};
  ASSERT_NE(dladdr(reinterpret_cast<void*>(&getpid), &info), 0);
  EXPECT_NE(info.dli_fname, nullptr);
  EXPECT_EQ(dladdr(&info, &info), 0);
  EXPECT_EQ(dlopen("/dev/shm/missing.so", RTLD_NOW), nullptr);
  EXPECT_NE(dlerror(), nullptr);
  EXPECT_EQ(dlopen("shm/missing.so", RTLD_NOW), nullptr);
  EXPECT_NE(dlopen(nullptr, RTLD_NOW), nullptr);
}

// A program that takes libc's own functions from a handle finds its objects where all others do.
TEST_F(Dlopen, FindsSharedMemoryByHandle) {
  for (const char* name :
       {static_cast<const char*>(nullptr), "libc.so.6", "libpthread.so.0", "librt.so.1", "libm.so.6"}) {
    SCOPED_TRACE(name ? name : "the program");
    void* const handle = dlopen(name, RTLD_NOW);
    ASSERT_NE(handle, nullptr) << dlerror();
    const auto open_by_handle = in<int (*)(const char*, int, mode_t)>(handle, "shm_open");
    const auto unlink_by_handle = in<int (*)(const char*)>(handle, "shm_unlink");
    ASSERT_NE(open_by_handle, nullptr) << dlerror();
    ASSERT_NE(unlink_by_handle, nullptr) << dlerror();
    const int fd = open_by_handle("/by-handle", O_CREAT | O_EXCL | O_RDWR, 0600);
    ASSERT_GE(fd, 0) << strerror(errno);
    close(fd);
    EXPECT_EQ(access("/dev/shm/by-handle", F_OK), 0);
    EXPECT_EQ(unlink_by_handle("/by-handle"), 0);
    EXPECT_NE(access("/dev/shm/by-handle", F_OK), 0);

    const auto semaphore_by_handle = in<sem_t* (*)(const char*, int, ...)>(handle, "sem_open");
    const auto remove_by_handle = in<int (*)(const char*)>(handle, "sem_unlink");
    ASSERT_NE(semaphore_by_handle, nullptr) << dlerror();
    ASSERT_NE(remove_by_handle, nullptr) << dlerror();
    sem_t* const semaphore = semaphore_by_handle("/by-handle", O_CREAT | O_EXCL, 0600, 3u);
    ASSERT_NE(semaphore, SEM_FAILED) << strerror(errno);
    int value = -1;
    EXPECT_EQ(sem_getvalue(semaphore, &value), 0);
    EXPECT_EQ(value, 3);
    sem_close(semaphore);
    EXPECT_EQ(access("/dev/shm/sem.by-handle", F_OK), 0);
    EXPECT_EQ(remove_by_handle("/by-handle"), 0);
  }
}

#if defined(__GLIBC__)
#if defined(__x86_64__)
constexpr const char* version = "GLIBC_2.2.5";
#else
constexpr const char* version = "GLIBC_2.17";
#endif

TEST_F(Dlopen, FindsSharedMemoryByHandleAndVersion) {
  void* const handle = dlopen("librt.so.1", RTLD_NOW);
  ASSERT_NE(handle, nullptr) << dlerror();
  const auto function = reinterpret_cast<int (*)(const char*, int, mode_t)>(dlvsym(handle, "shm_open", version));
  ASSERT_NE(function, nullptr) << dlerror();
  const int fd = function("/by-version", O_CREAT | O_RDWR, 0600);
  ASSERT_GE(fd, 0) << strerror(errno);
  close(fd);
  EXPECT_EQ(unlink("/dev/shm/by-version"), 0);
  EXPECT_EQ(dlvsym(handle, "shm_open", "GLIBC_1.0"), nullptr);
  EXPECT_NE(dlerror(), nullptr);
}
#endif

// dlsym, too, finds the caller by its return address: from a frame of ours the next function would be the one behind
// us.
TEST_F(Dlopen, FindsTheNextFunctionOfTheCaller) {
  for (const char* name : {"open", "shm_open", "stat", "sem_open"}) {
    EXPECT_EQ(dlsym(RTLD_NEXT, name), dlsym(RTLD_DEFAULT, name)) << name;
    EXPECT_EQ(dlvsym(RTLD_NEXT, name, "NONE_1.0"), nullptr);
  }
  EXPECT_EQ(dlsym(RTLD_DEFAULT, "shm_open"), reinterpret_cast<void*>(&shm_open));
}

// The matrix does the same with all of them and with older libcs.
TEST_F(Dlopen, WhatLibcLacksIsAbsent) {
  void* const libc = dlopen("libc.so.6", RTLD_NOW);
  const std::pair<const char*, bool> found[] = {
      {"openat2", weak_openat2}, {"pidfd_spawn", weak_pidfd_spawn}, {"pidfd_spawnp", weak_pidfd_spawnp}};
  for (const auto& [name, is_there] : found) {
    EXPECT_EQ(is_there, dlsym(libc, name) != nullptr) << name;
    EXPECT_EQ(dlsym(RTLD_DEFAULT, name), dlsym(libc, name)) << name;
  }
}

TEST_F(Dlopen, LeavesOtherFunctions) {
  void* const libc = dlopen("libc.so.6", RTLD_NOW);
  ASSERT_NE(libc, nullptr);
  EXPECT_EQ(dlsym(libc, "sem_opened"), nullptr);
  EXPECT_NE(dlerror(), nullptr);
  EXPECT_NE(dlsym(libc, "strlen"), nullptr);
  EXPECT_EQ(dlsym(libc, "shm_openx"), nullptr);
  EXPECT_NE(dlerror(), nullptr);
  // Of a libc in a namespace of its own it is that one's function.
  void* const apart = dlmopen(LM_ID_NEWLM, "libc.so.6", RTLD_NOW);
  ASSERT_NE(apart, nullptr) << dlerror();
  EXPECT_NE(dlsym(apart, "strtol"), nullptr);
  EXPECT_NE(dlsym(apart, "strtol"), dlsym(libc, "strtol"));
  if (void* const theirs = dlsym(apart, "shm_open")) {
    EXPECT_NE(theirs, dlsym(libc, "shm_open"));
    EXPECT_NE(theirs, reinterpret_cast<void*>(&shm_open));
  }
}

}  // namespace
