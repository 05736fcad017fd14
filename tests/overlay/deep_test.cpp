// SPDX-License-Identifier: MIT
//
// Libraries that are loaded with RTLD_DEEPBIND, as PHP loads its extensions.
#include <dlfcn.h>
#include <link.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "children.h"

namespace {

class Deep : public Children {
 protected:
  /// A copy, since a library that is loaded already is not bound again. Returns its handle.
  void* load(const char* library, int mode) {
    const std::string place = dir + "/../deep.libraries";
    mkdir(place.c_str(), 0755);
    path_ = place + "/deep" + std::to_string(count_++) + ".so";
    make_file(path_, content_of(library), 0755);
    void* const handle = dlopen(path_.c_str(), mode | RTLD_DEEPBIND);
    EXPECT_NE(handle, nullptr) << dlerror();
    return handle;
  }
  template <class... Arguments>
  static int call(void* library, const char* name, Arguments... arguments) {
    const auto function = reinterpret_cast<int (*)(Arguments...)>(dlsym(library, name));
    return function ? function(arguments...) : -2;
  }

  std::string path_;
  static inline int count_ = 0;
};

TEST_F(Deep, ReachesTheOverlay) {
  void* const library = load(DEEP, RTLD_NOW);
  EXPECT_GE(call(library, "deep_make", "/dev/shm/deep-file"), 0);
  EXPECT_GE(call(library, "deep_shm_open", "/deep-memory"), 0);
  EXPECT_EQ(call(library, "deep_sem_open", "/deep-semaphore"), 0);
  EXPECT_EQ(::access("/dev/shm/deep-file", F_OK), 0);
  EXPECT_EQ(::access("/dev/shm/deep-memory", F_OK), 0);
  EXPECT_EQ(::access("/dev/shm/sem.deep-semaphore", F_OK), 0);
  for (const char* name : {"/dev/shm/deep-file", "/dev/shm/deep-memory", "/dev/shm/sem.deep-semaphore"}) unlink(name);
}

TEST_F(Deep, ReachesItByPointersAndByWhatTheLibraryNeeds) {
  void* const library = load(DEEP, RTLD_NOW);
  EXPECT_EQ(call(library, "deep_mkdir", "/dev/shm/deep-directory"), 0);
  EXPECT_EQ(rmdir("/dev/shm/deep-directory"), 0);
  EXPECT_GE(call(library, "deep_make_by_needed", "/dev/shm/deep-file"), 0);
  EXPECT_EQ(unlink("/dev/shm/deep-file"), 0);
}

TEST_F(Deep, ReachesItWhenBoundLazily) {
  void* const library = load(DEEP, RTLD_LAZY);
  EXPECT_GE(call(library, "deep_make", "/dev/shm/deep-file"), 0);
  EXPECT_EQ(unlink("/dev/shm/deep-file"), 0);
}

TEST_F(Deep, LeavesTheLibrarysOwnFunctions) {
  EXPECT_EQ(call(load(DEEP, RTLD_NOW), "deep_access", "/dev/shm/none"), 4711);
}

// Such a library loads natively as long as the function is not called.
TEST_F(Deep, LoadsALibraryWithAFunctionThatThereIsNowhere) {
  void* const library = load(UNBOUND, RTLD_LAZY);
  EXPECT_EQ(call(library, "deep_access", "/dev/shm/none"), 4711);
}

TEST_F(Deep, LeavesNoPageWritableThatWasNot) {
  void* const library = load(DEEP, RTLD_NOW);
  const auto slot = reinterpret_cast<const void* (*)()>(dlsym(library, "deep_slot"))();
  std::ifstream maps("/proc/self/maps");
  std::string line;
  bool seen = false;
  while (std::getline(maps, line)) {
    unsigned long begin, end;
    char rights[5];
    if (sscanf(line.c_str(), "%lx-%lx %4s", &begin, &end, rights) != 3) continue;
    const auto at = reinterpret_cast<unsigned long>(slot);
    if (at < begin || at >= end) continue;
    seen = true;
    EXPECT_STREQ(rights, "r--p") << line;
  }
  EXPECT_TRUE(seen);
}

// One thread loads and unloads other libraries meanwhile, and several load the same one.
TEST_F(Deep, LoadsInSeveralThreads) {
  const std::string other = dir + "/../deep-other.so";
  make_file(other, content_of(DEEP), 0755);
  load(DEEP, RTLD_NOW);
  const std::string same = path_;
  dlclose(dlopen(same.c_str(), RTLD_NOW | RTLD_DEEPBIND));
  std::atomic<bool> stop{false};
  std::thread coming([&] {
    while (!stop) {
      void* const handle = dlopen(other.c_str(), RTLD_NOW);
      if (handle) dlclose(handle);
    }
  });
  std::vector<std::thread> threads;
  std::atomic<int> loaded{0};
  for (int thread = 0; thread < 3; ++thread)
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) {
        void* const handle = dlopen(same.c_str(), RTLD_NOW | RTLD_DEEPBIND);
        if (!handle) continue;
        loaded += call(handle, "deep_access", "/dev/shm/none") == 4711;
        dlclose(handle);
      }
    });
  for (std::thread& thread : threads) thread.join();
  stop = true;
  coming.join();
  EXPECT_EQ(loaded, 600);
}

}  // namespace
