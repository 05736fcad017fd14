// SPDX-License-Identifier: MIT
//
// posix_spawn and its kin: the environment, the program, and the file actions.
#include <dlfcn.h>
#include <pthread.h>
#include <spawn.h>
#include <unistd.h>

#include <map>
#include <vector>

#include "children.h"

extern "C" {
int pidfd_spawn(int*, const char*, const posix_spawn_file_actions_t*, const posix_spawnattr_t*, char* const[],
                char* const[]) __attribute__((weak));
int pidfd_spawnp(int*, const char*, const posix_spawn_file_actions_t*, const posix_spawnattr_t*, char* const[],
                 char* const[]) __attribute__((weak));
}

#if defined(__x86_64__)
// As a program has it that was linked before glibc 2.15.
extern "C" {
int old_posix_spawn(pid_t*, const char*, const posix_spawn_file_actions_t*, const posix_spawnattr_t*, char* const[],
                    char* const[]);
int old_posix_spawnp(pid_t*, const char*, const posix_spawn_file_actions_t*, const posix_spawnattr_t*, char* const[],
                     char* const[]);
}
__asm__(".symver old_posix_spawn, posix_spawn@GLIBC_2.2.5\n\t.symver old_posix_spawnp, posix_spawnp@GLIBC_2.2.5");
#endif

namespace {

class Spawn : public Children {
 protected:
  using Function = int (*)(pid_t*, const char*, const posix_spawn_file_actions_t*, const posix_spawnattr_t*,
                           char* const[], char* const[]);

  /// Spawns in a process of its own, which waits for the child and ends with the error number.
  static Said spawned(Function spawn, const char* file, char* const* environment,
                      posix_spawn_file_actions_t* actions = nullptr) {
    return listen_to([=] {
      pid_t pid = 0;
      errno = 123;
      const int error = spawn(&pid, file, actions, nullptr, arguments, environment);
      if (errno != 123) dprintf(1, "errno changed to %d\n", errno);
      if (error == 0) wait(nullptr);
      _exit(error);
    });
  }

  static std::map<std::string, Function> ways() {
    std::map<std::string, Function> all = {{"posix_spawn", posix_spawn}, {"posix_spawnp", posix_spawnp}};
    if (dlsym(dlopen("libc.so.6", RTLD_NOW), "pidfd_spawn")) {
      all["pidfd_spawn"] = pidfd_spawn;
      all["pidfd_spawnp"] = pidfd_spawnp;
    }
    return all;
  }
};

TEST_F(Spawn, KeepsTheOverlayInEveryEnvironment) {
  for (const auto& [name, spawn] : ways()) {
    SCOPED_TRACE(name);
    for (char* const* environment : {static_cast<char* const*>(environ), static_cast<char* const*>(replaced),
                                     static_cast<char* const*>(empty), static_cast<char* const*>(nullptr)}) {
      const Said said = spawned(spawn, CHILD, environment);
      expect_overlay(said);
      EXPECT_EQ(said.value("T_OTHER"), environment == replaced ? "1" : "(none)");
      EXPECT_EQ(said.value("errno changed to 123"), "(none)");
    }
  }
}

TEST_F(Spawn, SpawnsAProgramInTheOverlay) {
  mkdir("/dev/shm/bin", 0755);
  make_file("/dev/shm/bin/devshm-tool", content_of(CHILD), 0755);
  for (const auto& [name, spawn] : ways()) {
    SCOPED_TRACE(name);
    expect_overlay(spawned(spawn, "/dev/shm/bin/devshm-tool", empty));
  }
  setenv("PATH", "/usr/bin:/dev/shm/bin", 1);
  expect_overlay(spawned(posix_spawnp, "devshm-tool", empty));
  EXPECT_EQ(WEXITSTATUS(spawned(posix_spawnp, "devshm-missing", empty).status), ENOENT);
  unlink("/dev/shm/bin/devshm-tool");
  rmdir("/dev/shm/bin");
}

TEST_F(Spawn, ReturnsErrorNumbers) {
  pid_t pid;
  EXPECT_EQ(posix_spawn(&pid, "/dev/shm/missing", nullptr, nullptr, arguments, environ), ENOENT);
  EXPECT_EQ(posix_spawn(&pid, "/dev/shm/marker", nullptr, nullptr, arguments, environ), EACCES);
  // Handed on as it is: libc's own answer.
  const std::string too_long = "/dev/shm/" + std::string(5000, 'x');
  EXPECT_EQ(posix_spawn(&pid, too_long.c_str(), nullptr, nullptr, arguments, environ), ENAMETOOLONG);
}

// A program takes a function that it finds for one that works.
TEST_F(Spawn, LacksWhatLibcLacks) {
  void* const libc = dlopen("libc.so.6", RTLD_NOW);
  EXPECT_EQ(pidfd_spawn != nullptr, dlsym(libc, "pidfd_spawn") != nullptr);
  EXPECT_EQ(pidfd_spawnp != nullptr, dlsym(libc, "pidfd_spawnp") != nullptr);
}

TEST_F(Spawn, RewritesFileActions) {
  mkdir("/dev/shm/where", 0755);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  ASSERT_EQ(posix_spawn_file_actions_addchdir_np(&actions, "/dev/shm/where"), 0);
  ASSERT_EQ(posix_spawn_file_actions_addopen(&actions, 1, "/dev/shm/output", O_WRONLY | O_CREAT, 0600), 0);
  ASSERT_EQ(posix_spawn_file_actions_addopen(&actions, 2, "beside", O_WRONLY | O_CREAT, 0600), 0);
  spawned(posix_spawn, CHILD, environ, &actions);
  EXPECT_EQ(content_of("/dev/shm/output").substr(0, 11), "overlay=yes");
  EXPECT_EQ(access("/dev/shm/where/beside", F_OK), 0);
  EXPECT_EQ(access((dir + "/where/beside").c_str(), F_OK), 0);
  posix_spawn_file_actions_destroy(&actions);
  for (const char* file : {"/dev/shm/output", "/dev/shm/where/beside"}) unlink(file);
  rmdir("/dev/shm/where");
}

TEST_F(Spawn, FileActionsReturnErrorNumbers) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  const std::string too_long = "/dev/shm/" + std::string(5000, 'x');
  errno = 0;
  EXPECT_EQ(posix_spawn_file_actions_addopen(&actions, -1, "/dev/shm/x", O_RDONLY, 0), EBADF);
  // libc takes any text here; the kernel refuses this one when the action is performed.
  EXPECT_EQ(posix_spawn_file_actions_addopen(&actions, 1, too_long.c_str(), O_RDONLY, 0), 0);
  EXPECT_EQ(posix_spawn_file_actions_addchdir_np(&actions, too_long.c_str()), 0);
  EXPECT_EQ(errno, 0);
  posix_spawn_file_actions_destroy(&actions);
}

#if defined(__x86_64__)
TEST_F(Spawn, CallsTheVersionThatTheProgramAsksFor) {
  for (const std::string& script : {std::string("/dev/shm/script"), dir + "/../script"}) {
    make_file(script, "echo by sh\n", 0700);
    for (const Function old : {old_posix_spawn, old_posix_spawnp}) {
      const Said said = spawned(old, script.c_str(), environ);
      EXPECT_EQ(WEXITSTATUS(said.status), 0) << script;
      EXPECT_TRUE(said.has("by sh")) << script;
    }
    for (const Function current : {posix_spawn, posix_spawnp}) {
      const Said said = spawned(current, script.c_str(), environ);
      EXPECT_EQ(WEXITSTATUS(said.status), ENOEXEC) << script;
      EXPECT_FALSE(said.has("by sh")) << script;
    }
    unlink(script.c_str());
  }
}
#endif

/// Runs `action` in a thread with little stack.
void in_small_thread(void* (*action)(void*)) {
  pthread_attr_t small;
  pthread_attr_init(&small);
  ASSERT_EQ(pthread_attr_setstacksize(&small, 16384), 0);
  pthread_t thread;
  ASSERT_EQ(pthread_create(&thread, &small, action, nullptr), 0);
  pthread_join(thread, nullptr);
}

char** large_environment() {
  static char entry[] = "AAAAAAA=1";
  static std::vector<char*> entries = [] {
    std::vector<char*> all(1800, entry);
    all.push_back(nullptr);
    return all;
  }();
  return entries.data();
}

char truth[] = "/bin/true";
char* run_truth[] = {truth, nullptr};

// libc's own hardly use the caller's stack.
TEST_F(Spawn, TakesLittleStackForALargeEnvironment) {
  const Said said = listen_to([] {
    in_small_thread([](void*) -> void* {
      pid_t child = 0;
      int status = -1;
      if (posix_spawn(&child, truth, nullptr, nullptr, run_truth, large_environment()) == 0) waitpid(child, &status, 0);
      dprintf(1, "spawn %d\n", status);
      child = vfork();
      if (child == 0) {
        execve(truth, run_truth, large_environment());
        _exit(98);
      }
      waitpid(child, &status, 0);
      dprintf(1, "exec %d\n", status);
      return nullptr;
    });
    _exit(0);
  });
  EXPECT_EQ(said.text, "spawn 0\nexec 0\n");
}

// A vfork child shares its parent's memory, and what it maps stays there.
TEST_F(Spawn, LeavesNoMemoryToTheParent) {
  const Said said = listen_to([] {
    const auto execute_often = [] {
      for (int round = 0; round < 50; ++round) {
        const pid_t child = vfork();
        if (child == 0) {
          execve(truth, run_truth, large_environment());
          _exit(98);
        }
        waitpid(child, nullptr, 0);
      }
    };
    const auto pages = [] { return std::stol(content_of("/proc/self/statm")); };
    execute_often();
    const long before = pages();
    execute_often();
    dprintf(1, "%ld\n", pages() - before);
    _exit(0);
  });
  EXPECT_EQ(said.text, "0\n");
}

}  // namespace
