// SPDX-License-Identifier: MIT
//
// AF_UNIX sockets below /dev/shm, by the eyes of a program under the library, and on disk.
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>

#include "sockets.h"

namespace {

TEST_F(SocketTest, BindsOnDiskAndIsToldByTheProgramsName) {
  const Socket server(SOCK_STREAM), client(SOCK_STREAM);
  const string name = address("/dev/shm/server" + nul);
  ASSERT_EQ(server.bind_to(name), 0) << strerror(errno);
  EXPECT_TRUE(is_socket_on_disk("server"));
  EXPECT_EQ(name_of(server), name);
  ASSERT_EQ(listen(server, 1), 0);

  ASSERT_EQ(client.bind_to(address("/dev/shm/client")), 0);
  EXPECT_EQ(name_of(client), address("/dev/shm/client" + nul)) << "the kernel counts an end";
  ASSERT_EQ(client.connect_to(name), 0) << strerror(errno);
  EXPECT_EQ(peer_of(client), name);

  int fd = -1;
  EXPECT_EQ(told([&](auto* out, auto* length) { return fd = accept(server, out, length); }),
            address("/dev/shm/client" + nul));
  EXPECT_EQ(peer_of(Socket::adopt(fd)), address("/dev/shm/client" + nul));
}

TEST_F(SocketTest, AcceptWithoutANameAndWithFlags) {
  const Socket server(SOCK_STREAM), first(SOCK_STREAM), second(SOCK_STREAM);
  const string name = address("/dev/shm/server");
  ASSERT_EQ(server.bind_to(name), 0);
  ASSERT_EQ(listen(server, 2), 0);
  ASSERT_EQ(first.connect_to(name), 0);
  ASSERT_EQ(second.bind_to(address("/dev/shm/second")), 0);
  ASSERT_EQ(second.connect_to(name), 0);
  EXPECT_GE(Socket::adopt(accept(server, nullptr, nullptr)), 0);
  int fd = -1;
  EXPECT_EQ(told([&](auto* out, auto* length) { return fd = accept4(server, out, length, SOCK_CLOEXEC); }, 12),
            address("/dev/shm/s"));
  EXPECT_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
  close(fd);
}

TEST_F(SocketTest, ConnectByItsOtherName) {
  const auto underscored = reinterpret_cast<decltype(&connect)>(dlsym(RTLD_DEFAULT, "__connect"));
  if (!underscored) GTEST_SKIP() << "this libc has none";
  const Socket server, client;
  const string name = address("/dev/shm/server");
  ASSERT_EQ(server.bind_to(name), 0);
  EXPECT_EQ(underscored(client, as_sockaddr(name), length_of(name)), 0) << strerror(errno);
}

TEST_F(SocketTest, UnterminatedNameOf108Bytes) {
  const Socket server, client;
  const string name = "/dev/shm/" + string(99, 'n');
  ASSERT_EQ(server.bind_to(address(name)), 0) << strerror(errno);
  EXPECT_TRUE(is_socket_on_disk(string(99, 'n')));
  EXPECT_EQ(name_of(server), address(name + nul));
  EXPECT_EQ(client.connect_to(address(name)), 0) << strerror(errno);
  EXPECT_EQ(peer_of(client), address(name + nul));
}

TEST_F(SocketTest, TheLengthIsWhatCounts) {
  const Socket cut, ended;
  const string name = address("/dev/shm/abcdef");
  ASSERT_EQ(bind(cut, as_sockaddr(name), length_of(name) - 3), 0) << strerror(errno);
  EXPECT_TRUE(is_socket_on_disk("abc"));
  EXPECT_EQ(name_of(cut), address("/dev/shm/abc" + nul));
  ASSERT_EQ(ended.bind_to(address("/dev/shm/x" + nul + "yz")), 0) << strerror(errno);
  EXPECT_TRUE(is_socket_on_disk("x"));
}

TEST_F(SocketTest, WhatIsNoNameIsLeftAlone) {
  const Socket abstract, unnamed, too_long;
  const string name = address(nul + "/dev/shm/abstract" + std::to_string(getpid()));
  ASSERT_EQ(abstract.bind_to(name), 0) << strerror(errno);
  EXPECT_EQ(name_of(abstract), name);
  EXPECT_EQ(name_of(unnamed), address(""));
  EXPECT_EQ(too_long.bind_to(address("/dev/shm/x" + string(98, '\0'))), 0) << "exactly sockaddr_un";
  EXPECT_EQ(Socket().bind_to(address("/dev/shm/y" + string(99, '\0'))), -1);
  EXPECT_EQ(errno, EINVAL);
  EXPECT_EQ(bind(unnamed, nullptr, 20), -1);
  EXPECT_EQ(errno, EFAULT);
}

TEST_F(SocketTest, NamesAreCutOffAsTheKernelCutsThem) {
  const Socket server;
  const string name = address("/dev/shm/server" + nul);
  ASSERT_EQ(server.bind_to(name), 0);
  for (socklen_t room = 0; room <= longest + 5; ++room) {
    socklen_t full = 0;
    EXPECT_EQ(told([&](auto* out, auto* length) { return getsockname(server, out, length); }, room, &full),
              name.substr(0, room));
    EXPECT_EQ(full, name.size()) << room;
  }
  sockaddr_un out;
  socklen_t negative = static_cast<socklen_t>(-1);
  EXPECT_EQ(getsockname(server, reinterpret_cast<sockaddr*>(&out), &negative), -1);
  EXPECT_EQ(errno, EINVAL);
  EXPECT_EQ(getsockname(server, reinterpret_cast<sockaddr*>(&out), nullptr), -1);
  EXPECT_EQ(errno, EFAULT);
}

// The kernel has told the backing directory's name, which may be longer.
TEST_F(SocketTest, NothingElseIsLeftBehindAName) {
  const Socket server;
  ASSERT_EQ(server.bind_to(address("/dev/shm/server")), 0);
  sockaddr_storage out{};  // larger than sockaddr_un, so that the kernel tells it there
  socklen_t length = sizeof out;
  ASSERT_EQ(getsockname(server, reinterpret_cast<sockaddr*>(&out), &length), 0);
  EXPECT_EQ(string(reinterpret_cast<char*>(&out), sizeof out).substr(length), string(sizeof out - length, '\0'));
}

TEST_F(SocketTest, OtherFamiliesAreToldAsEver) {
  const Socket server = Socket::adopt(socket(AF_INET, SOCK_DGRAM, 0));
  sockaddr_in here{};
  here.sin_family = AF_INET;
  here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(bind(server, reinterpret_cast<sockaddr*>(&here), sizeof here), 0);
  for (const socklen_t room : {socklen_t{8}, socklen_t{sizeof here}, longest}) {
    socklen_t full = 0;
    const string name = told([&](auto* out, auto* length) { return getsockname(server, out, length); }, room, &full);
    EXPECT_EQ(full, sizeof here);
    EXPECT_EQ(name.substr(0, 2), string(reinterpret_cast<char*>(&here), 2));
  }
}

TEST_F(SocketTest, ErrorsAreTheKernels) {
  const Socket server;
  ASSERT_EQ(server.bind_to(address("/dev/shm/server")), 0);
  const auto fails = [](auto call, const string& name) {
    errno = 0;
    EXPECT_EQ(call(address(name)), -1) << name;
    return errno;
  };
  const auto binding = [](const string& name) { return Socket().bind_to(name); };
  const auto connecting = [](const string& name) { return Socket().connect_to(name); };
  EXPECT_EQ(fails(binding, "/dev/shm/server"), EADDRINUSE);
  EXPECT_EQ(fails(binding, "/dev/shm"), EADDRINUSE);
  EXPECT_EQ(fails(binding, "/dev/shm/none/x"), ENOENT);
  EXPECT_EQ(fails(connecting, "/dev/shm/none"), ENOENT);
  EXPECT_EQ(fails(connecting, "/dev/shm"), ECONNREFUSED);
  EXPECT_EQ(fails(connecting, "/dev/shm/../null"), ECONNREFUSED) << "climbs out of /dev/shm";
  EXPECT_EQ(fails(connecting, "/dev/shm/server/x"), ENOTDIR);
  const int pipe_end = open("/dev/null", O_RDWR);
  const string name = address("/dev/shm/x");
  EXPECT_EQ(bind(pipe_end, as_sockaddr(name), length_of(name)), -1);
  EXPECT_EQ(errno, ENOTSOCK);
  close(pipe_end);
}

TEST_F(SocketTest, RelativeNames) {
  const Socket from_dev, inside, too_long;
  ASSERT_EQ(chdir("/dev"), 0);
  ASSERT_EQ(from_dev.bind_to(address("shm/relative")), 0) << strerror(errno);
  EXPECT_TRUE(is_socket_on_disk("relative"));
  if (is_native()) {
    EXPECT_EQ(name_of(from_dev), address("shm/relative" + nul));
  } else {  // a limit: docs/limits.md
    EXPECT_EQ(name_of(from_dev), address("/dev/shm/relative" + nul));
    EXPECT_EQ(too_long.bind_to(address("shm/" + string(104, 'n'))), -1) << "longer by the absolute name";
    EXPECT_EQ(errno, ENAMETOOLONG);
  }
  ASSERT_EQ(chdir("/dev/shm"), 0);
  ASSERT_EQ(inside.bind_to(address("plain")), 0);
  EXPECT_TRUE(is_socket_on_disk("plain"));
  EXPECT_EQ(name_of(inside), address("plain" + nul)) << "told as it was given";
}

TEST_F(SocketTest, LinksIntoTheOverlayAreFollowed) {
  ASSERT_EQ(mkdir("/dev/shm/run.1", 0700), 0);
  ASSERT_EQ(symlink("/dev/shm/run.1", "/dev/shm/run"), 0);
  ASSERT_EQ(symlink("run", "/dev/shm/relative"), 0);
  ASSERT_EQ(symlink("/dev/shm/run/sock", "/dev/shm/sock"), 0);
  ASSERT_EQ(symlink("/dev/shm/none", "/dev/shm/dangling"), 0);
  const string name = "run/" + string(95, 'n');  // of 108 bytes with /dev/shm; followed, of 110
  const Socket server;
  ASSERT_EQ(server.bind_to(address("/dev/shm/run/sock")), 0) << strerror(errno);
  EXPECT_TRUE(is_socket_on_disk("run.1/sock"));
  for (const char* path : {"run/sock", "relative/sock", "sock"})
    EXPECT_EQ(Socket().connect_to(address(string("/dev/shm/") + path)), 0) << path << ": " << strerror(errno);
  const string to = address("/dev/shm/relative/sock");
  EXPECT_EQ(sendto(Socket(), "x", 1, 0, as_sockaddr(to), length_of(to)), 1) << strerror(errno);
  EXPECT_EQ(Socket().bind_to(address("/dev/shm/dangling")), -1) << "the link itself is in the way";
  EXPECT_EQ(errno, EADDRINUSE);
  EXPECT_EQ(Socket().connect_to(address("/dev/shm/dangling")), -1);
  EXPECT_EQ(errno, ENOENT);
  if (is_native()) {
    EXPECT_EQ(name_of(server), address("/dev/shm/run/sock" + nul));
  } else {  // limits: docs/limits.md
    EXPECT_EQ(name_of(server), address("/dev/shm/run.1/sock" + nul));
    EXPECT_EQ(Socket().bind_to(address("/dev/shm/" + name)), -1);
    EXPECT_EQ(errno, ENAMETOOLONG);
  }
}

TEST_F(SocketTest, CirclesOfLinksEnd) {
  ASSERT_EQ(symlink("/dev/shm/round-b", "/dev/shm/round-a"), 0);
  ASSERT_EQ(symlink("/dev/shm/round-a", "/dev/shm/round-b"), 0);
  EXPECT_EQ(Socket().connect_to(address("/dev/shm/round-a")), -1);
  EXPECT_EQ(errno, ELOOP);
}

TEST_F(SocketTest, TheDirectoryIsMadeAgain) {
  const Socket first, second, third;
  ASSERT_EQ(first.bind_to(address("/dev/shm/first")), 0);
  remove_backing();
  errno = 0;
  EXPECT_EQ(second.bind_to(address("/dev/shm/second")), 0) << strerror(errno);
  EXPECT_TRUE(is_socket_on_disk("second"));
  remove_backing();
  EXPECT_EQ(third.connect_to(address("/dev/shm/second")), -1);
  EXPECT_EQ(errno, ENOENT);
}

TEST_F(SocketTest, GetnameinfoGivesTheProgramsName) {
  char service[128], host[128];
  for (const string& name : {backing() + "/x", string("/dev/shm/x")}) {
    const string bytes = address(name + nul);
    ASSERT_EQ(getnameinfo(as_sockaddr(bytes), length_of(bytes), host, sizeof host, service, sizeof service, 0), 0);
    EXPECT_STREQ(service, "/dev/shm/x");
  }
}

}  // namespace
