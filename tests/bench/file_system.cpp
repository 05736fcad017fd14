// SPDX-License-Identifier: MIT
//
// What the file system behind a mapping costs, as it grows, and what other backings would cost: the figures behind
// docs/performance.md.
//
//   file_system BACKING DIR MEBIBYTES     "first-touch N rewrite N read N", in MiB a second
//   file_system keeper DIR COUNT          "open N": nanoseconds of opening a name that a keeper process holds
//   file_system taker - MEBIBYTES COMMAND...  runs the command while so much memory is taken and in use
//
// BACKING: file (as devshm's), file+fallocate (its space reserved first), file+populate (its pages too), memfd.
// The keeper is a prototype: a process that holds a memfd for each name and hands it out over a socket.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

[[noreturn]] void give_up(const char* what) {
  std::perror(what);
  std::exit(1);
}

double now() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

int run_backing(const std::string& backing, const std::string& directory, std::size_t mebibytes) {
  const std::size_t size = mebibytes << 20;
  int fd;
  if (backing == "memfd") {
    fd = memfd_create("bench", MFD_CLOEXEC);
  } else {
    const std::string path = directory + "/bench-file-system";
    fd = open(path.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
    unlink(path.c_str());
  }
  if (fd < 0 || ftruncate(fd, static_cast<off_t>(size)) != 0) give_up(backing.c_str());

  const double reserving = now();
  if (backing == "file+fallocate" && fallocate(fd, 0, 0, static_cast<off_t>(size)) != 0) give_up("fallocate");
  const int populate = backing == "file+populate" ? MAP_POPULATE : 0;
  void* map = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | populate, fd, 0);
  if (map == MAP_FAILED) give_up("mmap");
  const auto speed = [&](double began) { return static_cast<double>(mebibytes) / (now() - began); };
  std::memset(map, 1, size);
  const double first = speed(reserving);
  const double rewriting = now();
  std::memset(map, 2, size);
  const double again = speed(rewriting);
  const double reading = now();
  if (std::memchr(map, 7, size)) give_up("memchr");
  std::printf("first-touch %.0f rewrite %.0f read %.0f\n", first, again, speed(reading));
  return 0;
}

int listen_at(const sockaddr_un& address) {
  const int socket = ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  if (socket < 0 || bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      listen(socket, 64) != 0)
    give_up("the keeper's socket");
  return socket;
}

/// Answers each connection with the memfd. A real one would read a name, check who asks, and keep many.
[[noreturn]] void keep(int listening) {
  const int held = memfd_create("bench", MFD_CLOEXEC);
  for (;;) {
    const int client = accept4(listening, nullptr, nullptr, SOCK_CLOEXEC);
    char name[64];
    if (client < 0 || read(client, name, sizeof name) <= 0) _exit(1);
    char byte = 0;
    iovec data{&byte, 1};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &held, sizeof held);
    if (sendmsg(client, &message, MSG_NOSIGNAL) < 0) _exit(1);
    close(client);
  }
}

int ask(const sockaddr_un& address) {
  const int socket = ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  if (connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) give_up("connect");
  if (write(socket, "/name", 6) != 6) give_up("write");
  char byte;
  iovec data{&byte, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) < 0 || !CMSG_FIRSTHDR(&message)) give_up("recvmsg");
  int fd;
  std::memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
  close(socket);
  return fd;
}

int run_keeper(const std::string& directory, long count) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = directory + "/keeper";
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  const int listening = listen_at(address);
  const pid_t keeper = fork();
  if (keeper == 0) keep(listening);
  const double began = now();
  for (long i = 0; i < count; ++i) close(ask(address));
  std::printf("open %.0f\n", (now() - began) * 1e9 / static_cast<double>(count));
  kill(keeper, SIGKILL);
  waitpid(keeper, nullptr, 0);
  unlink(path.c_str());
  return 0;
}

/// Pages of which each is another one: nothing that the kernel could share or leave out.
int run_beside_taken_memory(std::size_t mebibytes, char** command) {
  const std::size_t size = mebibytes << 20;
  char* taken = static_cast<char*>(mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  if (taken == MAP_FAILED) give_up("taking memory");
  for (std::size_t at = 0; at < size; at += 4096) std::memcpy(taken + at, &at, sizeof at);
  const pid_t child = fork();
  if (child == 0) {
    munmap(taken, size);
    execvp(command[0], command);
    give_up(command[0]);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

}  // namespace

int main(int count, char** arguments) {
  const std::string backing = count > 1 ? arguments[1] : "";
  if (backing == "taker" && count > 4)
    return run_beside_taken_memory(static_cast<std::size_t>(std::atol(arguments[3])), arguments + 4);
  if (count != 4) {
    std::fprintf(stderr,
                 "usage: file_system file|file+fallocate|file+populate|memfd|keeper DIR NUMBER\n"
                 "       file_system taker - MEBIBYTES COMMAND...\n");
    return 2;
  }
  if (backing == "keeper") return run_keeper(arguments[2], std::atol(arguments[3]));
  return run_backing(backing, arguments[2], static_cast<std::size_t>(std::atol(arguments[3])));
}
