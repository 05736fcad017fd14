// SPDX-License-Identifier: MIT
#include "../../preload/settings.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <filesystem>
#include <string>

#include "support.h"

using devshm::settings;
using support::Environment;
using support::in_child;
using support::in_silent_child;

namespace {

void expect_dir(const char* dir) {
  EXPECT_TRUE(settings().active);
  EXPECT_STREQ(settings().dir, dir);
  EXPECT_EQ(settings().dir_length, std::strlen(dir));
}

/// The settings are as if nothing were set, and one whole line says why.
void expect_complaint(const Environment& environment, const std::string& complaint) {
  const std::string said = in_child(environment, [] {
    expect_dir("/tmp/shm");
    EXPECT_EQ(settings().log, nullptr);
    settings();  // not a second time
  });
  EXPECT_EQ(said, "devshm: " + complaint + "\n");
}

void expect_active(const Environment& environment, bool active) {
  in_silent_child(environment, [=] { EXPECT_EQ(settings().active, active); });
}

TEST(Settings, HaveDefaults) {
  in_silent_child({}, [] {
    expect_dir("/tmp/shm");
    EXPECT_EQ(settings().log, nullptr);
  });
}

TEST(Settings, TakeAnEmptyValueForNone) {
  in_silent_child({{"DEVSHM_DIR", ""}, {"DEVSHM_WHEN", ""}, {"DEVSHM_DISABLE", ""}, {"DEVSHM_LOG", ""}}, [] {
    expect_dir("/tmp/shm");
    EXPECT_EQ(settings().log, nullptr);
  });
}

TEST(Settings, BearAnEmptyEnvironment) {
  in_silent_child({}, [] {
    environ = nullptr;
    expect_dir("/tmp/shm");
  });
}

TEST(Settings, ReadTheDirectory) {
  const std::pair<const char*, const char*> values[] = {
      {"/var/tmp/shm", "/var/tmp/shm"}, {"/var/tmp/shm/", "/var/tmp/shm"}, {"/x///", "/x"}, {"//x//y", "//x//y"},
      {"/dev/shmx", "/dev/shmx"},       {"/dev/shm.bak", "/dev/shm.bak"},  {"/dev", "/dev"}};
  for (const auto& [value, dir] : values) {
    SCOPED_TRACE(value);
    in_silent_child({{"DEVSHM_DIR", value}}, [dir = dir] { expect_dir(dir); });
  }
}

TEST(Settings, RefuseADirectoryThatCantServe) {
  const std::pair<const char*, const char*> values[] = {
      {"tmp/shm", "must be an absolute path"},
      {"./shm", "must be an absolute path"},
      {"/dev/shm", "must not lie in /dev/shm itself"},
      {"/dev/shm/", "must not lie in /dev/shm itself"},
      {"//dev/./shm/x/y", "must not lie in /dev/shm itself"},
      {"/", "must not be the root directory"},
      {"///", "must not be the root directory"},
      {"/tmp/..", "must not have . or .. in it"},
      {"/./tmp/shm", "must not have . or .. in it"},
  };
  for (const auto& [value, reason] : values)
    expect_complaint({{"DEVSHM_DIR", value}}, std::string("DEVSHM_DIR=") + value + " " + reason + "; using /tmp/shm");
}

// There has to be room for a file's name of 255 bytes.
TEST(Settings, TakeADirectoryAsLongAsThereIsRoom) {
  std::string dir;
  while (dir.size() < PATH_MAX - NAME_MAX - 3) dir += "/x";
  dir.resize(PATH_MAX - NAME_MAX - 3);
  in_silent_child({{"DEVSHM_DIR", dir}}, [&] { expect_dir(dir.c_str()); });
  dir += "x";
  const std::string said = in_child({{"DEVSHM_DIR", dir}}, [] { expect_dir("/tmp/shm"); });
  EXPECT_EQ(said.compare(0, 30, ("devshm: DEVSHM_DIR=" + dir).substr(0, 30)), 0) << said;
}

// A complaint that is cut off is a line all the same, or the program's next output would go on in it.
TEST(Settings, EndALongComplaint) {
  const std::string said = in_child({{"DEVSHM_WHEN", std::string(2000, 'x')}}, [] { settings(); });
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 1);
  EXPECT_EQ(said.back(), '\n');
}

TEST(Settings, CanBeSwitchedOff) {
  expect_active({{"DEVSHM_DISABLE", "1"}}, false);
  expect_active({{"DEVSHM_DISABLE", "yes"}}, false);
  expect_active({{"DEVSHM_DISABLE", "0"}}, true);
  // Then nothing else is looked at.
  expect_active({{"DEVSHM_DISABLE", "1"}, {"DEVSHM_WHEN", "nonsense"}, {"DEVSHM_DIR", "nonsense"}}, false);
}

TEST(Settings, KnowNoOtherVariables) {
  in_silent_child({{"DEVSHM_DIRX", "/a"}, {"DEVSHM_DISABLED", "1"}, {"DEVSHM_WHENEVER", "x"}, {"DEVSHM_", "1"}},
                  [] { expect_dir("/tmp/shm"); });
}

TEST(Settings, ReadWhereToLog) {
  in_silent_child({{"DEVSHM_LOG", "stderr"}}, [] { EXPECT_STREQ(settings().log, "stderr"); });
  in_silent_child({{"DEVSHM_LOG", "/some/file"}, {"DEVSHM_DIR", "/some/dir/"}}, [] {
    EXPECT_STREQ(settings().log, "/some/file");
    expect_dir("/some/dir");
  });
  for (const char* value : {"log", "STDERR", "stdout", "./log"})
    expect_complaint({{"DEVSHM_LOG", value}},
                     std::string("DEVSHM_LOG=") + value + " must be stderr or an absolute path; it is ignored");
}

TEST(Settings, ReadWhen) {
  expect_active({{"DEVSHM_WHEN", "always"}}, true);
  for (const char* value : {"never", "Always", "missing ", "1"})
    expect_complaint({{"DEVSHM_WHEN", value}}, std::string("DEVSHM_WHEN=") + value +
                                                   " must be one of always|missing|small|small:SIZE; using always");
}

TEST(Settings, StayAsTheyWereRead) {
  in_silent_child({{"DEVSHM_DIR", "/first"}, {"DEVSHM_LOG", "/first.log"}}, [] {
    expect_dir("/first");
    const auto* seen = &settings();
    setenv("DEVSHM_DIR", "/second", 1);
    setenv("DEVSHM_DISABLE", "1", 1);
    std::memset(getenv("DEVSHM_LOG"), '#', 5);  // not even a pointer into the environment is kept
    EXPECT_EQ(&settings(), seen);
    expect_dir("/first");
    EXPECT_STREQ(settings().log, "/first.log");
  });
}

TEST(Settings, LeaveErrnoAlone) {
  in_child({{"DEVSHM_WHEN", "missing"}, {"DEVSHM_LOG", "bad"}}, [] {
    errno = 1234;
    settings();
    EXPECT_EQ(errno, 1234);
  });
}

TEST(Settings, ReadTheSizeOfSmall) {
  for (const char* value :
       {"small:", "small:x", "small:64MB", "small:-1", "small:1 G", "small:9999999T", "small:1001%"})
    expect_complaint({{"DEVSHM_WHEN", value}},
                     std::string("DEVSHM_WHEN=") + value + " must have a size like 64M, 2G or 25%; using always");
  expect_complaint({{"DEVSHM_WHEN", "missing:1G"}},
                   "DEVSHM_WHEN=missing:1G must be one of always|missing|small|small:SIZE; using always");
}

// Not a test: what the one below starts.
TEST(StartVariables, DISABLED_Started) {
  environ = nullptr;
  expect_dir("/tmp/found");
}

// As execve lets it through, and no libc minds.
TEST(StartVariables, AreFoundBehindAnEmptyText) {
  const pid_t child = fork();
  if (child == 0) {
    char program[] = "program", filter[] = "--gtest_filter=StartVariables.DISABLED_Started",
         all[] = "--gtest_also_run_disabled_tests";
    char empty[] = "", dir[] = "DEVSHM_DIR=/tmp/found";
    char* arguments[] = {program, filter, all, nullptr};
    char* environment[] = {empty, empty, dir, nullptr};
    execve("/proc/self/exe", arguments, environment);
    _exit(127);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

// Not a test: what the one below starts, set-user-ID.
TEST(SecureMode, DISABLED_Probe) { std::printf("active=%d\n", settings().active); }

TEST(SecureMode, SwitchesEverythingOff) {
  NEEDS(support::lacks_other_users());
  const support::ScratchDir scratch;
  const std::string program = scratch / "program", answer = scratch / "answer";
  std::filesystem::copy_file("/proc/self/exe", program);
  support::write_file(answer);
  for (const mode_t mode : {0755, 04755}) {
    ASSERT_EQ(chmod(program.c_str(), mode), 0);
    in_child({{"DEVSHM_WHEN", "always"}}, [&] {
      unsetenv("GTEST_OUTPUT");
      ASSERT_NE(std::freopen(answer.c_str(), "w", stdout), nullptr);
      support::become_nobody();
      execl(program.c_str(), "program", "--gtest_also_run_disabled_tests", "--gtest_filter=*.DISABLED_Probe", nullptr);
      FAIL() << "exec: " << std::strerror(errno);
    });
    std::string text(4096, '\0');
    FILE* file = std::fopen(answer.c_str(), "r");
    text.resize(std::fread(text.data(), 1, text.size(), file));
    std::fclose(file);
    EXPECT_NE(text.find(mode & S_ISUID ? "active=0" : "active=1"), std::string::npos) << text;
  }
}

}  // namespace
