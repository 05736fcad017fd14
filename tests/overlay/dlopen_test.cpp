// SPDX-License-Identifier: MIT
//
// dlopen, dlmopen, dladdr.
#include <dlfcn.h>

#include "children.h"

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

}  // namespace
