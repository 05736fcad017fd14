// SPDX-License-Identifier: MIT
//
// The look-up in objects as a linker makes them and a loader loads them: libc, and libraries built for this test.
// hash_table_test.cpp has tables made by hand.
#include "../../preload/loaded_objects.h"

#include <dlfcn.h>
#include <gnu/libc-version.h>
#include <gtest/gtest.h>
#include <sys/auxv.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "support.h"

using devshm::defined_in;
using devshm::LoadedObject;

namespace {

using Walk = bool (*)(devshm::Visitor);

std::vector<LoadedObject> objects(Walk walk) {
  std::vector<LoadedObject> seen;
  walk([&](const LoadedObject& object) {
    seen.push_back(object);
    return false;
  });
  return seen;
}

LoadedObject object_named(const std::string& end_of_name) {
  for (const LoadedObject& object : objects(devshm::for_each_loaded)) {
    const std::string name = object.name;
    if (name.size() >= end_of_name.size() &&
        name.compare(name.size() - end_of_name.size(), std::string::npos, end_of_name) == 0)
      return object;
  }
  ADD_FAILURE() << end_of_name << " is not loaded";
  static const ElfW(Dyn) no_dynamic[1] = {};
  return {0, no_dynamic, "", nullptr, 0};
}

LoadedObject libc() { return object_named("/libc.so.6"); }

TEST(DefinedIn, FindsWhatANewProgramWouldGet) {
  void* handle = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
  ASSERT_NE(handle, nullptr);
  const LoadedObject object = libc();
  // dlsym with a handle gives the default version. What this libc has not is null both ways.
  for (const char* name : {"open",
                           "open64",
                           "openat",
                           "__open_2",
                           "creat",
                           "fopen",
                           "freopen",
                           "stat",
                           "__xstat",
                           "__fxstatat64",
                           "statx",
                           "statfs",
                           "statvfs64",
                           "access",
                           "faccessat",
                           "mkdir",
                           "opendir",
                           "scandirat",
                           "rename",
                           "renameat2",
                           "link",
                           "unlink",
                           "realpath",
                           "__realpath_chk",
                           "canonicalize_file_name",
                           "glob",
                           "glob64",
                           "nftw",
                           "nftw64",
                           "ftw",
                           "fts_open",
                           "posix_spawn",
                           "posix_spawnp",
                           "execve",
                           "mkstemp",
                           "mkostemps64",
                           "setxattr",
                           "bind",
                           "connect",
                           "syscall",
                           "dlopen",
                           "sem_open",
                           "sem_unlink",
                           "shm_open",
                           "shm_unlink",
                           "pthread_create",
                           "memcpy",
                           "strlen",
                           "time",
                           "__libc_start_main",
                           "no_such_function"}) {
    EXPECT_EQ(defined_in(object, name), dlsym(handle, name)) << name;
  }
  dlclose(handle);
}

#if defined(__x86_64__)
TEST(DefinedIn, PassesOverOldVersions) {
  struct {
    const char* name;
    const char* version;
    const char* old_version;
  } const functions[] = {
      {"realpath", "GLIBC_2.3", "GLIBC_2.2.5"},      {"glob", "GLIBC_2.27", "GLIBC_2.2.5"},
      {"glob64", "GLIBC_2.27", "GLIBC_2.2.5"},       {"nftw", "GLIBC_2.3.3", "GLIBC_2.2.5"},
      {"nftw64", "GLIBC_2.3.3", "GLIBC_2.2.5"},      {"posix_spawn", "GLIBC_2.15", "GLIBC_2.2.5"},
      {"posix_spawnp", "GLIBC_2.15", "GLIBC_2.2.5"}, {"memcpy", "GLIBC_2.14", "GLIBC_2.2.5"},
  };
  const LoadedObject object = libc();
  for (const auto& function : functions) {
    SCOPED_TRACE(function.name);
    const void* current = dlvsym(RTLD_DEFAULT, function.name, function.version);
    if (!current) continue;  // a libc from before the change
    EXPECT_EQ(defined_in(object, function.name), current);
    EXPECT_NE(defined_in(object, function.name), dlvsym(RTLD_DEFAULT, function.name, function.old_version));
  }
}
#endif

TEST(DefinedIn, FindsFunctionsOnly) {
  const LoadedObject object = libc();
  for (const char* name : {"environ", "stdout", "errno", "optarg", "_nl_msg_cat_cntr", "", "ope", "openn", "OPEN"})
    EXPECT_EQ(defined_in(object, name), nullptr) << name;
}

class Probe : public testing::TestWithParam<const char*> {
 protected:
  Probe() : handle_(dlopen(GetParam(), RTLD_NOW | RTLD_LOCAL)) {}
  ~Probe() override {
    if (handle_) dlclose(handle_);
  }
  void SetUp() override { ASSERT_NE(handle_, nullptr) << dlerror(); }

  /// What the definition found says when it is called; 0 if there is none.
  static int answer(const char* name) {
    const void* found = defined_in(object_named(GetParam()), name);
    return found ? reinterpret_cast<int (*)()>(reinterpret_cast<long>(found))() : 0;
  }

 private:
  void* handle_;
};

TEST_P(Probe, ForeignVersionsArePassedOver) {
  EXPECT_EQ(answer("probe_foreign"), 0);
  EXPECT_EQ(answer("probe_both"), 2);  // even a default version, in favour of an old one of libc's
}

TEST_P(Probe, TheDefaultVersionWinsThenTheNewest) {
  EXPECT_EQ(answer("probe_changed"), 2);
  EXPECT_EQ(answer("probe_old"), 2);
}

TEST_P(Probe, KindsOfSymbols) {
  EXPECT_EQ(answer("probe_weak"), 1);
  EXPECT_EQ(answer("probe_indirect"), 2);  // resolved
  EXPECT_EQ(answer("probe_data"), 0);
  EXPECT_EQ(answer("probe_missing"), 0);  // a reference is not a definition
  EXPECT_EQ(answer("probe_choose"), 0);   // local
}

TEST_P(Probe, IsSeenByBothWalks) {
  for (const Walk walk : {devshm::for_each_from_start, devshm::for_each_loaded}) {
    const auto seen = objects(walk);
    EXPECT_EQ(std::count_if(seen.begin(), seen.end(), [](const auto& o) { return std::string(o.name) == GetParam(); }),
              1);
  }
}

INSTANTIATE_TEST_SUITE_P(HashTables, Probe, testing::Values(PROBE_GNU, PROBE_SYSV),
                         [](const auto& info) { return info.index ? "SysV" : "Gnu"; });

TEST(LoadedObject, KnowsItsName) {
  EXPECT_STREQ(libc().soname(), "libc.so.6");
  EXPECT_STREQ(objects(devshm::for_each_loaded).front().soname(), "");  // the program has none
}

TEST(LoadedObject, KnowsItsTables) {
  const LoadedObject object = libc();
  EXPECT_EQ(object.value(DT_SYMENT), sizeof(ElfW(Sym)));
  EXPECT_EQ(object.value(DT_TEXTREL), 0u);
  EXPECT_EQ(object.address(DT_TEXTREL), nullptr);
  EXPECT_STREQ(static_cast<const char*>(object.address(DT_STRTAB)), "");
  EXPECT_GT(object.header_count, 3u);
}

TEST(Walks, SeeTheSameInTheSameOrder) {
  const auto from_start = objects(devshm::for_each_from_start), loaded = objects(devshm::for_each_loaded);
  ASSERT_EQ(from_start.size(), loaded.size());
  for (std::size_t i = 0; i < loaded.size(); ++i) {
    EXPECT_EQ(from_start[i].base, loaded[i].base) << loaded[i].name;
    EXPECT_EQ(from_start[i].dynamic, loaded[i].dynamic) << loaded[i].name;
  }
}

TEST(Walks, StopWhereTheVisitorSays) {
  for (const Walk walk : {devshm::for_each_from_start, devshm::for_each_loaded}) {
    int visits = 0;
    const auto visitor = [&](const LoadedObject&) { return ++visits == 2; };
    EXPECT_TRUE(walk(visitor));
    EXPECT_EQ(visits, 2);
    visits = 1000;
    EXPECT_FALSE(walk(visitor));
  }
}

TEST(Walks, KnowOurselvesAndLibc) {
  for (const Walk walk : {devshm::for_each_from_start, devshm::for_each_loaded}) {
    const auto seen = objects(walk);
    EXPECT_EQ(std::count_if(seen.begin(), seen.end(), devshm::is_ourselves), 1);
    EXPECT_TRUE(devshm::is_ourselves(seen.front()));  // here it is the program
    EXPECT_EQ(std::count_if(seen.begin(), seen.end(), devshm::is_libc), 1);
  }
  EXPECT_TRUE(devshm::is_libc(libc()));
}

// A wrapper's search for the real function ends at libc. Ending it at such a library would leave it without.
TEST(Walks, AreNotTakenInByAnImpostor) {
  support::in_silent_child({}, [] {
    ASSERT_NE(dlopen(IMPOSTOR, RTLD_NOW | RTLD_LOCAL), nullptr) << dlerror();
    EXPECT_FALSE(devshm::is_libc(object_named(IMPOSTOR)));
  });
}

// Prelinked libraries, and the vDSO of kernels before 3.15: the base is not where the file's first byte is.
TEST(Walks, BearALibraryWithAnImageBase) {
  support::in_silent_child({}, [] {
    ASSERT_NE(dlopen(PROBE_BASED, RTLD_NOW | RTLD_LOCAL), nullptr) << dlerror();
    EXPECT_EQ(objects(devshm::for_each_from_start).size(), objects(devshm::for_each_loaded).size());
    EXPECT_NE(defined_in(object_named(PROBE_BASED), "probe_weak"), nullptr);
    EXPECT_EQ(defined_in(object_named(PROBE_BASED), "probe_missing"), nullptr);
  });
}

}  // namespace
