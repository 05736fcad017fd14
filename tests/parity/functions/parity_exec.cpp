// SPDX-License-Identifier: MIT
//
// Programs in /dev/shm: executed, spawned, and run by a shell. What children are handed on is not here: no tmpfs does
// that (tests/overlay: exec, spawn, shell).
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>

#include "declared.h"
#include "parity.h"
#include "raw.h"

using parity::number;

namespace {

char first_argument[] = "one";
char* const arguments[] = {first_argument, nullptr};

/// Of all the places as many as need be: a process is a thousand times as dear as another call.
std::vector<parity::Place> some_of(const std::vector<parity::Place>& places) {
  const std::set<std::string> texts = {"/dev/shm/f",
                                       "/dev//shm//f",
                                       "/dev/shm/dir/../f",
                                       "/dev/shm/f/",
                                       "/dev/shm/dir",
                                       "/dev/shm/missing",
                                       "/dev/shm/linkdir/g",
                                       "/dev/shm/out",
                                       "/dev/shm/outdir/o",
                                       "/dev/shm/dangling",
                                       "/dev/shm/absolute",
                                       "/dev/shmfoo",
                                       "/dev/shm/../shmfoo",
                                       "shm/f",
                                       "dev/shm/f",
                                       "f",
                                       "../f",
                                       ""};
  std::vector<parity::Place> some;
  for (const parity::Place& place : places)
    if (texts.contains(place.text) || place.text.size() == PATH_MAX) some.push_back(place);
  return some;
}

std::string ended(int status) {
  return WIFEXITED(status) ? "exits with " + std::to_string(WEXITSTATUS(status)) : "ends by a signal";
}

/// Executes in a child: the status it ends with, or the error; that also tells whether errno is what it was.
std::string executed(const std::function<void()>& execute) {
  const pid_t child = fork();
  if (child == 0) {
    signal(SIGSEGV, SIG_DFL);  // what a call crashes is the child
    errno = parity::errno_before;
    execute();
    const int error = errno;
    parity::raw(SYS_exit_group, 100 + error);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) > 100 ? std::string("-1 ") + strerror(WEXITSTATUS(status) - 100)
                                                        : ended(status);
}

/// Spawns; functions of this kind return the error.
std::string spawned(const std::function<int(pid_t*)>& spawn) {
  pid_t child = -1;
  errno = parity::errno_before;
  const int result = spawn(&child);
  if (result != 0) return std::to_string(result) + " " + strerror(result);
  int status = 0;
  waitpid(child, &status, 0);
  return ended(status);
}

void execute_all() {
  const std::vector<parity::Place> places = some_of(parity::plain_places());
#define EXECUTE(function, ...)                          \
  parity::each_path_of(places, #function, #__VA_ARGS__, \
                       [](const char* path) { return executed([=] { function(__VA_ARGS__); }); })
  EXECUTE(execve, path, arguments, environ);
  EXECUTE(execv, path, arguments);
  EXECUTE(execvp, path, arguments);
  EXECUTE(execvpe, path, arguments, environ);
  EXECUTE(execl, path, "one", static_cast<char*>(nullptr));
  EXECUTE(execlp, path, "one", static_cast<char*>(nullptr));
  EXECUTE(execle, path, "one", static_cast<char*>(nullptr), environ);
#undef EXECUTE
  for (const int flags : {0, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH})
    parity::each_at_of(
        some_of(parity::at_places()), "execveat", ("dir, path, arguments, environ, " + std::to_string(flags)).c_str(),
        [=](int dir, const char* path) { return executed([=] { execveat(dir, path, arguments, environ, flags); }); });
  // By descriptors of what can be executed, and what can't.
  for (const char* path : {"/dev/shm/f", "/dev/shm/link", "/dev/shm/dir", "/dev/shm/missing", "/tmp/parity/o"})
    for (const int flags : {O_RDONLY, O_PATH})
      parity::once("fexecve", std::string(path) + ", " + std::to_string(flags),
                   [=] { return executed([=] { fexecve(open(path, flags), arguments, environ); }); });

  for (const char* search : {"/dev/shm", "/dev/shm/dir", "/dev/shm/missing:/dev/shm/empty:/dev/shm", "/dev//shm/.:/bin",
                             "/tmp/parity/shm:/dev/shm", "/dev/shm/../shm.bak"})
    for (const char* name : {"f", "x", "dangling", "dir", ""})
      for (const bool with_environment : {false, true})
        parity::once(with_environment ? "execvpe" : "execvp", std::string("\"") + name + "\" by PATH=" + search, [=] {
          return executed([=] {
            setenv("PATH", search, 1);
            errno = parity::errno_before;
            with_environment ? execvpe(name, arguments, environ) : execvp(name, arguments);
          });
        });
}

void spawn_all() {
  const auto each = [](const char* function, auto spawn) {
    if (!spawn) return parity::once(function, "", [] { return std::string(); });
    parity::each_path_of(
        some_of(parity::plain_places()), function, "&child, path, nullptr, nullptr, arguments, environ",
        [=](const char* path) {
          return spawned([=](pid_t* child) { return spawn(child, path, nullptr, nullptr, arguments, environ); });
        });
  };
  each("posix_spawn", posix_spawn);
  each("posix_spawnp", posix_spawnp);
  // A child that is known by a descriptor.
  const auto each_by_descriptor = [&](const char* function, auto spawn) {
    if (!spawn) return each(function, spawn);
    parity::each_path_of(some_of(parity::plain_places()), function, "&fd, path, nullptr, nullptr, arguments, environ",
                         [=](const char* path) {
                           int fd = -1;
                           const int result = spawn(&fd, path, nullptr, nullptr, arguments, environ);
                           if (result != 0) return std::to_string(result) + " " + strerror(result);
                           siginfo_t info{};
                           waitid(P_PIDFD, static_cast<id_t>(fd), &info, WEXITED);
                           close(fd);
                           return "exits with " + std::to_string(info.si_status);
                         });
  };
  each_by_descriptor("pidfd_spawn", pidfd_spawn);
  each_by_descriptor("pidfd_spawnp", pidfd_spawnp);

  // File actions: the path is looked at when the child runs.
  char shell[] = "sh", option[] = "-c", say[] = "echo said; cat; pwd >&2; test -e f";
  char* const command[] = {shell, option, say, nullptr};
  const auto with_action = [&](const char* function, const char* action_arguments, const auto& add) {
    parity::each_path_of(some_of(parity::plain_places()), function, action_arguments, [&](const char* path) {
      posix_spawn_file_actions_t actions;
      posix_spawn_file_actions_init(&actions);
      posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
      posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
      const int added = add(&actions, path);
      std::string shown = std::to_string(added) + ", ";
      shown +=
          spawned([&](pid_t* child) { return posix_spawn(child, "/bin/sh", &actions, nullptr, command, environ); });
      posix_spawn_file_actions_destroy(&actions);
      return shown;
    });
  };
  // Not NULL, which libc copies at once.
  const auto known = [](const char* path) { return path ? path : ""; };
  with_action("posix_spawn_file_actions_addopen", "&actions, 1, path, O_WRONLY | O_CREAT, 0640",
              [&](posix_spawn_file_actions_t* actions, const char* path) {
                return posix_spawn_file_actions_addopen(actions, 1, known(path), O_WRONLY | O_CREAT, 0640);
              });
  with_action("posix_spawn_file_actions_addchdir_np", "&actions, path",
              [&](posix_spawn_file_actions_t* actions, const char* path) {
                posix_spawn_file_actions_addopen(actions, 1, "/dev/null", O_WRONLY, 0);
                return posix_spawn_file_actions_addchdir_np(actions, known(path));
              });
}

/// What a command writes, and its status.
std::string read_all(FILE* stream) {
  std::string shown = parity::pointer(stream);
  if (!stream) return shown;
  char text[128];
  const std::size_t size = fread(text, 1, sizeof text, stream);
  shown += " \"" + std::string(text, size) + '"';
  return shown + ", " + ended(pclose(stream));
}

void run_by_shells() {
  for (const char* command :
       {"cat /dev/shm/f", "echo new > /dev/shm/new", "echo /dev/shm/* | tr ' ' '\\n' | sort", "test -d /dev/shm/dir",
        "cd /dev/shm/dir && pwd && cat g", "/dev/shm/f", "ls /dev/shm/missing 2>&1", "cd /dev && cat shm/f",
        "rm /dev/shm/f && ls /dev/shm", "exit 3"}) {
    parity::once("system", command,
                 [=] { return std::to_string(system(("{ " + std::string(command) + "\n} >/dev/null 2>&1").c_str())); });
    for (const char* function : {"popen", "_IO_popen"})
      parity::once(function, command, [=] {
        const std::string quiet = "{ " + std::string(command) + "\n} 2>/dev/null";
        return read_all(*function == 'p' ? popen(quiet.c_str(), "r") : _IO_popen(quiet.c_str(), "r"));
      });
  }
  parity::once("popen", "cat > /dev/shm/new, \"w\"", [] {
    FILE* stream = popen("{ cat > /dev/shm/new; } 2>/dev/null", "w");
    if (stream) fputs("written", stream);
    return stream ? ended(pclose(stream)) : number(-1);
  });
}

}  // namespace

FAMILY(exec) {
  parity::lay_out_programs();
  execute_all();
  spawn_all();
  run_by_shells();
}
