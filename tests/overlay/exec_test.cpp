// SPDX-License-Identifier: MIT
//
// Executed programs keep the overlay, whatever environment they are given.
#include <signal.h>
#include <spawn.h>
#include <sys/auxv.h>
#include <sys/syscall.h>

#include <map>

#include "children.h"

namespace {

class Exec : public Children {
 protected:
  using WithEnvironment = std::function<void(char* const*)>;

  /// Every way to execute with an environment.
  static std::map<std::string, WithEnvironment> given_ways() {
    return {
        {"execve", [](char* const* e) { execve(CHILD, arguments, e); }},
        {"execveat", [](char* const* e) { execveat(AT_FDCWD, CHILD, arguments, e, 0); }},
        {"execvpe", [](char* const* e) { execvpe(CHILD, arguments, e); }},
        {"execle", [](char* const* e) { execle(CHILD, CHILD, "one", static_cast<char*>(nullptr), e); }},
        {"fexecve", [](char* const* e) { fexecve(open(CHILD, O_RDONLY), arguments, e); }},
        {"SYS_execve", [](char* const* e) { syscall(SYS_execve, CHILD, arguments, e); }},
        {"SYS_execveat", [](char* const* e) { syscall(SYS_execveat, AT_FDCWD, CHILD, arguments, e, 0); }},
    };
  }

  /// Every way to execute with `environ`.
  static std::map<std::string, std::function<void()>> own_ways() {
    return {
        {"execv", [] { execv(CHILD, arguments); }},
        {"execvp", [] { execvp(CHILD, arguments); }},
        {"execl", [] { execl(CHILD, CHILD, "one", static_cast<char*>(nullptr)); }},
        {"execlp", [] { execlp(CHILD, CHILD, "one", static_cast<char*>(nullptr)); }},
    };
  }

  static Said with(std::vector<std::string> entries) {
    return listen_to([&] {
      std::vector<char*> environment;
      for (std::string& entry : entries) environment.push_back(entry.data());
      environment.push_back(nullptr);
      execve(CHILD, arguments, environment.data());
    });
  }
};

TEST_F(Exec, KeepsTheOverlayInEveryEnvironment) {
  for (const auto& [name, execute] : given_ways()) {
    SCOPED_TRACE(name);
    for (char* const* environment : {static_cast<char* const*>(environ), static_cast<char* const*>(replaced),
                                     static_cast<char* const*>(empty), static_cast<char* const*>(nullptr)}) {
      const Said said = listen_to([&, &execute = execute] { execute(environment); });
      expect_overlay(said);
      EXPECT_TRUE(said.has("argument=one"));
      EXPECT_EQ(said.value("T_OTHER"), environment == replaced ? "1" : "(none)");
      EXPECT_EQ(WEXITSTATUS(said.status), 7);
    }
  }
}

TEST_F(Exec, KeepsTheOverlayWhenEnvironHasLostIt) {
  const std::map<std::string, std::function<void()>> losses = {
      {"nothing", [] {}},
      {"clearenv", [] { clearenv(); }},
      {"unsetenv", [] { unsetenv("LD_PRELOAD"), unsetenv("DEVSHM_DIR"), unsetenv("DEVSHM_LOG"); }},
      {"array", [] { environ = replaced; }},
      {"null", [] { environ = nullptr; }},
  };
  for (const auto& [name, execute] : own_ways()) {
    for (const auto& [loss, lose] : losses) {
      SCOPED_TRACE(name + " after " + loss);
      const Said said = listen_to([&, &lose = lose, &execute = execute] {
        lose();
        execute();
      });
      expect_overlay(said);
      EXPECT_TRUE(said.has("argument=one"));
    }
  }
}

// The program has thrown its environment away before devshm first looked at it, as env -i does.
TEST_F(Exec, RemembersTheSettingsItWasStartedWith) {
  const Said said = listen_to(
      [] { execl("/usr/bin/env", "env", "-i", "/usr/bin/env", "-i", CHILD, "one", static_cast<char*>(nullptr)); });
  expect_overlay(said);
}

TEST_F(Exec, LeavesAnExistingPreloadAndItsOrder) {
  for (const std::string& kept : {library + ":/nonexistent/libother.so", "/nonexistent/libother.so:" + library,
                                  "/nonexistent/libother.so " + library, "/nonexistent/" + library}) {
    const Said said = with({"LD_PRELOAD=" + kept, "DEVSHM_DIR=" + dir});
    EXPECT_EQ(said.value("LD_PRELOAD"), kept);
  }
}

// What was given on purpose stays in front: AddressSanitizer's library refuses any other place.
TEST_F(Exec, ComesBehindAnotherPreload) {
  const Said said = with({"T_FIRST=1", "LD_PRELOAD=" LOADED, "T_LAST=1"});
  EXPECT_TRUE(said.has("overlay=yes"));
  EXPECT_EQ(said.value("LD_PRELOAD"), LOADED ":" + library);
  EXPECT_EQ(said.value("T_LAST"), "1");
}

TEST_F(Exec, TakesAnEmptyPreloadForANo) {
  for (const char* none : {"LD_PRELOAD=", "LD_PRELOAD= ", "LD_PRELOAD=:"}) {
    const Said said = with({"T_FIRST=1", none});
    EXPECT_EQ(said.text, "overlay=no\nT_FIRST=1\n" + std::string(none) + "\nargument=one\n");
  }
  for (const auto& [name, execute] : own_ways()) {
    SCOPED_TRACE(name);
    const Said said = listen_to([&, &execute = execute] { setenv("LD_PRELOAD", "", 1), execute(); });
    EXPECT_TRUE(said.has("overlay=no")) << said.text;
  }
}

// The loader searches them before any preload is there.
TEST_F(Exec, RewritesWhatTheLoaderSearches) {
  const Said said = with({"LD_LIBRARY_PATH=/opt/x:/dev/shm/l;/dev//shm:shm:/dev/shmx:", "LD_PRELOAD=" + library});
  EXPECT_EQ(said.value("LD_LIBRARY_PATH"), "/opt/x:" + dir + "/l;" + dir + ":shm:/dev/shmx:");
  EXPECT_EQ(said.value("LD_PRELOAD"), library);
}

#ifdef FOREIGN
// Its loader would report that it can't load the library.
TEST_F(Exec, LeavesAProgramOfAnotherKindAlone) {
  static char* const nothing_but_this[] = {other, nullptr};
  const std::string script = dir + "/foreign-script", nested = dir + "/nested-script";
  make_file(script, "#!" FOREIGN " -x\n", 0755);
  make_file(nested, "#! " + script + "\n", 0755);
  make_file("/dev/shm/foreign", content_of(FOREIGN), 0755);
  const std::map<std::string, std::function<void()>> ways = {
      {"execve", [] { execve(FOREIGN, arguments, nothing_but_this); }},
      {"in the overlay", [] { execve("/dev/shm/foreign", arguments, nothing_but_this); }},
      {"execveat", [] { execveat(open("/dev/shm", O_PATH), "foreign", arguments, nothing_but_this, 0); }},
      {"fexecve", [] { fexecve(open(FOREIGN, O_RDONLY), arguments, nothing_but_this); }},
      {"SYS_execve", [] { syscall(SYS_execve, FOREIGN, arguments, nothing_but_this); }},
      {"execvpe", [] { setenv("PATH", "/none:/dev/shm", 1), execvpe("foreign", arguments, nothing_but_this); }},
      {"script", [&] { execve(script.c_str(), arguments, nothing_but_this); }},
      {"script of a script", [&] { execve(nested.c_str(), arguments, nothing_but_this); }},
      {"posix_spawn",
       [] {
         pid_t pid = 0;
         posix_spawn(&pid, FOREIGN, nullptr, nullptr, arguments, nothing_but_this);
         waitpid(pid, nullptr, 0);
       }},
      {"posix_spawnp",
       [] {
         pid_t pid = 0;
         setenv("PATH", "/dev/shm", 1);
         posix_spawnp(&pid, "foreign", nullptr, nullptr, arguments, nothing_but_this);
         waitpid(pid, nullptr, 0);
       }},
  };
  for (const auto& [name, execute] : ways) EXPECT_EQ(listen_to(execute).text, "T_OTHER=1\n") << name;
  for (const char* file : {"foreign", "foreign-script", "nested-script"})
    unlink(("/dev/shm/" + std::string(file)).c_str());
}
#endif

TEST_F(Exec, LeavesTheSettingsOfTheEnvironment) {
  const Said said = with({"DEVSHM_DIR=/tmp/another", "DEVSHM_LOG="});
  EXPECT_EQ(said.value("DEVSHM_DIR"), "/tmp/another");
  EXPECT_EQ(said.value("DEVSHM_LOG"), "");
  EXPECT_EQ(said.value("LD_PRELOAD"), library);
}

TEST_F(Exec, LeavesAnEnvironmentThatDisablesIt) {
  EXPECT_EQ(with({"DEVSHM_DISABLE=1"}).value("LD_PRELOAD"), "(none)");
  EXPECT_EQ(with({"DEVSHM_DISABLE=0"}).value("LD_PRELOAD"), library);
}

TEST_F(Exec, HandsNothingOnWhereItShallNot) {
  for (const char* setting : {"DEVSHM_PROPAGATE=0", "DEVSHM_DISABLE=1"}) {
    const Said said = listen_to([&] {
      execl("/usr/bin/env", "env", setting, "/usr/bin/env", "-i", "T_OTHER=1", CHILD, static_cast<char*>(nullptr));
    });
    EXPECT_EQ(said.value("LD_PRELOAD"), "(none)") << setting;
    EXPECT_EQ(said.value("DEVSHM_DIR"), "(none)") << setting;
    EXPECT_EQ(said.value("T_OTHER"), "1") << setting;
  }
}

TEST_F(Exec, KeepsOldSettingsTogether) {
  const Said said = listen_to([] {
    execl("/usr/bin/env", "env", "DEVSHM_LOG=stderr", "DEVSHM_PROPAGATE=1", "/usr/bin/env", "-i", CHILD,
          static_cast<char*>(nullptr));
  });
  EXPECT_EQ(said.value("DEVSHM_LOG"), "stderr");
}

TEST_F(Exec, WorksBetweenVforkAndExec) {
  for (int round = 0; round < 3; ++round) {
    const Said said = listen_to([] {
      const pid_t pid = vfork();
      if (pid == 0) {
        execve(CHILD, arguments, replaced);
        _exit(98);
      }
      waitpid(pid, nullptr, 0);
    });
    expect_overlay(said);
  }
}

TEST_F(Exec, WorksOnASmallSignalStack) {
  static char stack[64 << 10];
  static std::size_t least;
  least = std::max<std::size_t>(getauxval(AT_MINSIGSTKSZ), 2048);
  const Said said = listen_to([] {
    stack_t small{};
    small.ss_sp = stack;
    small.ss_size = least + 1024;
    sigaltstack(&small, nullptr);
    struct sigaction action {};
    action.sa_flags = SA_ONSTACK;
    action.sa_handler = [](int) { execve(CHILD, arguments, replaced); };
    sigaction(SIGUSR1, &action, nullptr);
    raise(SIGUSR1);
  });
  expect_overlay(said);
}

TEST_F(Exec, WorksWithALargeEnvironment) {
  std::vector<std::string> entries;
  for (int i = 0; i < 10000; ++i) entries.push_back("VARIABLE_" + std::to_string(i) + "=" + std::string(50, 'x'));
  expect_overlay(with(entries));
}

TEST_F(Exec, ExecutesAProgramInTheOverlay) {
  make_file("/dev/shm/program", content_of(CHILD), 0755);
  for (const auto& [name, execute] : std::map<std::string, std::function<void()>>{
           {"execve", [] { execve("/dev/shm/program", arguments, environ); }},
           {"execveat", [] { execveat(open("/dev", O_PATH), "shm/program", arguments, environ, 0); }},
           {"execv", [] { execv("/dev/shm/program", arguments); }},
           {"execvp", [] { execvp("/dev/shm/program", arguments); }},
           {"execvpe", [] { execvpe("/dev/shm/program", arguments, empty); }},
           {"execl", [] { execl("/dev/shm/program", "program", static_cast<char*>(nullptr)); }},
           {"execlp", [] { execlp("/dev/shm/program", "program", static_cast<char*>(nullptr)); }},
           {"execle", [] { execle("/dev/shm/program", "program", static_cast<char*>(nullptr), empty); }},
           {"SYS_execve", [] { syscall(SYS_execve, "/dev/shm/program", arguments, empty); }},
           {"relative", [] { chdir("/dev/shm"), execv("./program", arguments); }},
       }) {
    SCOPED_TRACE(name);
    expect_overlay(listen_to(execute));
  }
  unlink("/dev/shm/program");
}

TEST_F(Exec, SearchesAPathThatLeadsIntoTheOverlay) {
  mkdir("/dev/shm/bin", 0755);
  make_file("/dev/shm/bin/devshm-tool", content_of(CHILD), 0755);
  make_file("/dev/shm/bin/devshm-script", "#!/bin/sh\nexec devshm-tool \"$@\" script\n", 0755);
  make_file("/dev/shm/bin/true", "#!/bin/sh\necho overlay\n", 0755);
  for (const char* path : {"/dev/shm/bin", "/usr/bin:/dev/shm/bin", "/dev/shm/none:/dev/shm/bin/:/usr/bin:"}) {
    SCOPED_TRACE(path);
    const auto run = [&](const char* name) {
      return listen_to([&] {
        setenv("PATH", path, 1);
        execlp(name, name, static_cast<char*>(nullptr));
        _exit(errno);
      });
    };
    expect_overlay(run("devshm-tool"));
    EXPECT_EQ(WEXITSTATUS(run("devshm-missing").status), ENOENT);
    // The first one on the way counts.
    EXPECT_EQ(run("true").text, path[1] == 'u' ? "" : "overlay\n");
  }
  for (const char* file : {"tool", "script", "true"})
    unlink((std::string("/dev/shm/bin/") + (*file == 't' && file[1] == 'r' ? "" : "devshm-") + file).c_str());
  rmdir("/dev/shm/bin");
}

TEST_F(Exec, FailsAsLibcDoes) {
  char* const none[] = {argument, nullptr};
  EXPECT_EQ(execve("/dev/shm/missing", none, environ), -1);
  EXPECT_EQ(errno, ENOENT);
  EXPECT_EQ(execv("/dev/shm/marker", none), -1);
  EXPECT_EQ(errno, EACCES);
  EXPECT_EQ(execvp("", none), -1);
  EXPECT_EQ(errno, ENOENT);
  const char* volatile null = nullptr;
  EXPECT_EQ(execve(null, none, replaced), -1);
  EXPECT_EQ(errno, EFAULT);
}

}  // namespace
