// SPDX-License-Identifier: MIT
//
// put_constant_in_place() on the libc of this very process, with a scratch directory for /tmp. find_constant_test.cpp
// has the search for the constant, constant_change_test.cpp the ways to change it.
#include "../../preload/libc_constant.h"

#include <fcntl.h>
#include <gnu/libc-version.h>
#include <gtest/gtest.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "support.h"

using devshm::ConstantPlace;
using devshm::find_constant;
using devshm::LoadedObject;
using devshm::put_constant_in_place;

namespace {

/// "r--p" for the page that `at` is on.
std::string protection_of(const char* at) {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    unsigned long begin = 0, end = 0;
    char protection[5] = "";
    if (std::sscanf(line.c_str(), "%lx-%lx %4s", &begin, &end, protection) != 3) continue;
    const auto address = reinterpret_cast<unsigned long>(at);
    if (begin <= address && address < end) return protection;
  }
  return "";
}

std::vector<const char*> places_in_libc() {
  std::vector<const char*> places;
  devshm::for_each_loaded([&](const LoadedObject& object) {
    if (!devshm::is_of_libc(object)) return false;
    find_constant(object, "/dev/shm", [&](const ConstantPlace& place) { places.push_back(place.at); });
    return false;
  });
  return places;
}

bool exists(const std::string& path) {
  struct stat found;
  return lstat(path.c_str(), &found) == 0;
}

/// Makes a semaphore and a segment, and looks for their files in `dir`.
void expect_objects_in(const std::string& dir, const std::string& name) {
  sem_t* semaphore = sem_open(("/" + name).c_str(), O_CREAT | O_EXCL, 0600, 1);
  ASSERT_NE(semaphore, SEM_FAILED) << std::strerror(errno);
  EXPECT_TRUE(exists(dir + "/sem." + name));
  EXPECT_EQ(sem_close(semaphore), 0);
  EXPECT_EQ(sem_unlink(("/" + name).c_str()), 0);
  EXPECT_FALSE(exists(dir + "/sem." + name));

  const int segment = shm_open(("/" + name).c_str(), O_CREAT | O_EXCL | O_RDWR, 0600);
  ASSERT_GE(segment, 0) << std::strerror(errno);
  EXPECT_TRUE(exists(dir + "/" + name));
  close(segment);
  EXPECT_EQ(shm_unlink(("/" + name).c_str()), 0);
  EXPECT_FALSE(exists(dir + "/" + name));
}

class LibcItself : public testing::Test {
 protected:
  void SetUp() override {
    NEEDS(support::lacks_private_mounts());
    int major = 0, minor = 0;
    std::sscanf(gnu_get_libc_version(), "%d.%d", &major, &minor);
    if (major == 2 && minor < 34) GTEST_SKIP() << "sem_open asks for a tmpfs as well here, which wrappers answer";
  }

  void in_private_tmp(const std::string& dir, const std::function<void()>& work) {
    support::in_silent_child({{"DEVSHM_DIR", dir}}, [&] {
      ASSERT_TRUE(support::enter_private_mounts());
      ASSERT_TRUE(support::bind_over_tmp(scratch_.path()));
      support::protect_dev_shm();
      ASSERT_EQ(mkdir(dir.c_str(), 01777), 0);
      work();
    });
  }

  support::ScratchDir scratch_;
};

TEST_F(LibcItself, WorksInTheBackingDirectory) {
  in_private_tmp("/tmp/shm", [] {
    errno = 1234;
    ASSERT_EQ(put_constant_in_place(), 0);
    EXPECT_EQ(errno, 1234);
    expect_objects_in("/tmp/shm", "devshm-unit");
  });
}

TEST_F(LibcItself, WorksInALongDirectoryThroughALink) {
  in_private_tmp("/tmp/a-longer-directory", [] {
    ASSERT_EQ(put_constant_in_place(), 0);
    expect_objects_in("/tmp/a-longer-directory", "devshm-unit");
  });
}

TEST_F(LibcItself, IsChangedInPlaceAndKeepsItsProtection) {
  in_private_tmp("/tmp/s", [] {
    const std::vector<const char*> places = places_in_libc();
    ASSERT_FALSE(places.empty());
    std::vector<std::string> before, after;
    for (const char* at : places) before.push_back(protection_of(at));
    for (int i = 0; i < 3; ++i) {
      ASSERT_EQ(put_constant_in_place(), 0);
      EXPECT_TRUE(places_in_libc().empty());
      after.clear();
      for (const char* at : places) {
        EXPECT_EQ(std::string(at, 9), std::string("/tmp/s//") + at[8]);
        after.push_back(protection_of(at));
      }
      EXPECT_EQ(after, before);
    }
  });
}

TEST_F(LibcItself, IsChangedOnceByManyAtATime) {
  for (int round = 0; round < 10; ++round) {
    in_private_tmp("/tmp/shm" + std::to_string(round), [&] {
      const std::string dir = "/tmp/shm" + std::to_string(round);
      std::vector<std::thread> threads;
      for (int i = 0; i < 8; ++i)
        threads.emplace_back([&dir, i] {
          EXPECT_EQ(put_constant_in_place(), 0);
          expect_objects_in(dir, "devshm-unit-" + std::to_string(i));
        });
      for (std::thread& thread : threads) thread.join();
    });
  }
}

}  // namespace
