// SPDX-License-Identifier: MIT
#include "surroundings.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

namespace {

constexpr unsigned longest_seconds = 200;

bool put_text(const char* path, const std::string& text) {
  const int fd = open(path, O_WRONLY | O_CLOEXEC);
  const bool written = fd >= 0 && write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (fd >= 0) close(fd);
  return written;
}

}  // namespace

int in_child(const std::function<int()>& function) {
  fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    signal(SIGALRM, SIG_DFL);
    alarm(longest_seconds);
    _exit(function());
  }
  int status;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int as_user(uid_t user, const std::function<int()>& function) {
  return in_child([&] {
    if (setgroups(0, nullptr) || setresgid(user, user, user) || setresuid(user, user, user)) return no_surroundings;
    if (prctl(PR_SET_DUMPABLE, 1)) return no_surroundings;  // its own files in /proc are its own again
    return function();
  });
}

int as_process_one(const char* proc_options, const std::function<int()>& function) {
  return in_child([&] {
    if (unshare(CLONE_NEWPID | CLONE_NEWNS)) return no_surroundings;
    if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr)) return no_surroundings;
    return in_child([&] {
      if (proc_options && mount("proc", "/proc", "proc", 0, proc_options)) return no_surroundings;
      return function();
    });
  });
}

int in_user_namespace(uid_t inside, const std::function<int()>& function) {
  return in_child([&] {
    const std::string user = std::to_string(geteuid()), group = std::to_string(getegid());
    const std::string as = std::to_string(inside) + " ";
    if (unshare(CLONE_NEWUSER) || !put_text("/proc/self/setgroups", "deny")) return no_surroundings;
    if (!put_text("/proc/self/uid_map", as + user + " 1") || !put_text("/proc/self/gid_map", as + group + " 1"))
      return no_surroundings;
    return function();
  });
}

bool refuse(long call, int error, int argument, unsigned bits) {
  const auto at = static_cast<unsigned>(offsetof(struct seccomp_data, args)) + 8 * static_cast<unsigned>(argument);
  struct sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(call), 0, 4),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at),
      BPF_STMT(BPF_ALU | BPF_AND | BPF_K, bits),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, bits, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<unsigned>(error)),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const struct sock_fprog filter = {sizeof program / sizeof program[0], program};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}
