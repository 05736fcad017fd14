// SPDX-License-Identifier: MIT
#include "keeper.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>

#include "ground.h"
#include "raw.h"

namespace parity::keeper {
namespace {

constexpr const char* variable = "PARITY_KEEPER";

// Where the program and the keeper talk: out of the way of the descriptors that calls give, and of those they close.
constexpr int line = 900;

struct Question {
  Wish wish;
  pid_t asker;
};

bool read_all(int fd, void* to, size_t size) {
  for (char* at = static_cast<char*>(to); size > 0;) {
    const long got = raw(SYS_read, fd, at, static_cast<long>(size));
    if (got <= 0) return false;
    at += got;
    size -= static_cast<size_t>(got);
  }
  return true;
}

bool write_all(int fd, const void* from, size_t size) {
  for (const char* at = static_cast<const char*>(from); size > 0;) {
    const long put = raw(SYS_write, fd, at, static_cast<long>(size));
    if (put <= 0) return false;
    at += put;
    size -= static_cast<size_t>(put);
  }
  return true;
}

/// Enters the mount namespace that the file stands for; ends the keeper, and thereby the run, if it can't.
void enter_mounts(int file) {
  if (setns(file, CLONE_NEWNS) == 0) return;
  perror("parity: setns");
  _exit(2);
}

int mounts_of(pid_t process) {
  return open(("/proc/" + std::to_string(process) + "/ns/mnt").c_str(), O_RDONLY | O_CLOEXEC);
}

std::string do_it(Wish wish, pid_t asker) {
  static const int mounts_at_first = mounts_of(getpid());
  switch (wish) {
    case Wish::lay_out:
      enter_mounts(mounts_at_first);
      parity::lay_out();
      break;
    case Wish::lay_out_programs: parity::lay_out_programs(); break;
    case Wish::changes: return parity::changes();
    case Wish::enter: {
      const int mounts = mounts_of(asker);
      enter_mounts(mounts);
      close(mounts);
      break;
    }
  }
  return {};
}

/// Until the program, and all its children, have closed their end.
void serve(int fd) {
  for (Question asked; read_all(fd, &asked, sizeof asked);) {
    const std::string answer = do_it(asked.wish, asked.asker);
    const uint32_t size = static_cast<uint32_t>(answer.size());
    if (!write_all(fd, &size, sizeof size) || !write_all(fd, answer.data(), size)) return;
  }
}

}  // namespace

int run_with_keeper(char** command) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    perror("parity: socketpair");
    return 2;
  }
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], line);  // which the tracer inherits, and the program from it
    setenv(variable, "1", 1);
    execvp(command[0], command);
    perror("parity: execvp");
    _exit(2);
  }
  close(ends[1]);
  serve(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 2;
}

bool is_there() {
  static const bool started_by_one = [] {
    raw(SYS_fcntl, line, F_SETFD, FD_CLOEXEC);
    return getenv(variable) != nullptr;
  }();
  return started_by_one;
}

void follow() {
  if (is_there()) ask(enter);
}

std::string ask(Wish wish) {
  uint32_t size = 0;
  std::string answer;
  const Question asked{wish, static_cast<pid_t>(raw(SYS_getpid))};
  bool answered = write_all(line, &asked, sizeof asked) && read_all(line, &size, sizeof size);
  if (answered) {
    answer.resize(size);
    answered = read_all(line, answer.data(), size);
  }
  if (!answered) {
    fprintf(stderr, "parity: the keeper of the files is gone\n");
    _exit(2);
  }
  return answer;
}

}  // namespace parity::keeper
