// SPDX-License-Identifier: MIT
#include "readiness.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <system_error>

#include "log.h"

namespace devshmd {

void Background::enter() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0) throw std::system_error(errno, std::generic_category(), "pipe");
  const pid_t child = fork();
  if (child < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (child > 0) {
    close(ends[1]);
    char status;
    ssize_t got;
    while ((got = read(ends[0], &status, 1)) < 0 && errno == EINTR) {
    }
    if (got == 1) _exit(0);
    // The child ended instead, with a message. Its status is ours, or 1 if it was killed.
    int how;
    while (waitpid(child, &how, 0) < 0 && errno == EINTR) {
    }
    _exit(WIFEXITED(how) && WEXITSTATUS(how) ? WEXITSTATUS(how) : 1);
  }
  close(ends[0]);
  pipe_ = ends[1];
  setsid();
}

void Background::ready() {
  if (pipe_ < 0) return;
  log_to_syslog();
  const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (null >= 0) dup2(null, fd);
  if (null > STDERR_FILENO) close(null);
  if (write(pipe_, "", 1) != 1) say("the process that started this daemon has gone");
  close(pipe_);
  pipe_ = -1;
}

void notify_manager(const std::string& state) {
  const char* path = std::getenv("NOTIFY_SOCKET");
  if (!path || (path[0] != '/' && path[0] != '@')) return;
  sockaddr_un address{};
  const std::size_t length = std::strlen(path);
  if (length >= sizeof address.sun_path) return;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path, length);
  if (path[0] == '@') address.sun_path[0] = '\0';
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return;
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);
  if (sendto(fd, state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<sockaddr*>(&address), size) < 0)
    say("can't notify the service manager: {}", explain(errno));
  close(fd);
}

void announce_on(int fd) {
  if (fd < 0) return;
  if (write(fd, "\n", 1) != 1) say("can't announce on file descriptor {}: {}", fd, explain(errno));
  close(fd);
}

}  // namespace devshmd
