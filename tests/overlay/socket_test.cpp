// SPDX-License-Identifier: MIT
//
// AF_UNIX sockets below /dev/shm, by the eyes of a program under the library, and on disk.
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "backing.h"

namespace {

using std::string;

const string nul(1, '\0');
constexpr socklen_t longest = sizeof(sockaddr_un) + 1;

string address(const string& bytes) {
  const sa_family_t family = AF_UNIX;
  return string(reinterpret_cast<const char*>(&family), sizeof family) + bytes;
}

const sockaddr* as_sockaddr(const string& bytes) { return reinterpret_cast<const sockaddr*>(bytes.data()); }
socklen_t length_of(const string& bytes) { return static_cast<socklen_t>(bytes.size()); }

class Socket {
 public:
  explicit Socket(int type = SOCK_DGRAM) : fd_(socket(AF_UNIX, type, 0)) {}
  static Socket adopt(int fd) { return Socket(fd, true); }
  ~Socket() { close(fd_); }
  Socket(Socket&& other) : fd_(other.fd_) { other.fd_ = -1; }
  operator int() const { return fd_; }

  int bind_to(const string& bytes) const { return bind(fd_, as_sockaddr(bytes), length_of(bytes)); }
  int connect_to(const string& bytes) const { return connect(fd_, as_sockaddr(bytes), length_of(bytes)); }

 private:
  Socket(int fd, bool) : fd_(fd) {}
  int fd_;
};

/// What a call like getsockname tells in memory of `room` bytes; behind them nothing may be written.
template <class Call>
string told(Call call, socklen_t room = longest, socklen_t* full = nullptr) {
  char memory[256];
  memset(memory, 0x5a, sizeof memory);
  socklen_t length = room;
  EXPECT_GE(call(reinterpret_cast<sockaddr*>(memory), &length), 0) << strerror(errno);
  for (std::size_t i = room; i < sizeof memory; ++i) EXPECT_EQ(memory[i], 0x5a) << "byte " << i << " of " << room;
  if (full) *full = length;
  return {memory, std::min(length, room)};
}

string name_of(int fd) {
  return told([fd](auto* out, auto* length) { return getsockname(fd, out, length); });
}
string peer_of(int fd) {
  return told([fd](auto* out, auto* length) { return getpeername(fd, out, length); });
}

bool is_socket_on_disk(const string& name) {
  struct stat found;
  return lstat((backing() + "/" + name).c_str(), &found) == 0 && S_ISSOCK(found.st_mode);
}

class SocketTest : public testing::Test {
 protected:
  void SetUp() override { remove_backing(); }
  void TearDown() override {
    EXPECT_EQ(chdir("/"), 0);
    remove_backing();
  }
};

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

// ---- Datagrams, with a name in each ----

class DatagramTest : public SocketTest {
 protected:
  void SetUp() override {
    SocketTest::SetUp();
    ASSERT_EQ(server_.bind_to(server_name_), 0) << strerror(errno);
    ASSERT_EQ(client_.bind_to(client_name_), 0) << strerror(errno);
  }

  /// A message with one byte of data.
  struct Message {
    Message(const string& name, char data) : bytes(name), byte(data) {
      part = {&byte, 1};
      header.msg_hdr.msg_name = bytes.empty() ? nullptr : bytes.data();
      header.msg_hdr.msg_namelen = length_of(bytes);
      header.msg_hdr.msg_iov = &part;
      header.msg_hdr.msg_iovlen = 1;
    }
    Message(const Message&) = delete;
    string bytes;
    char byte;
    iovec part;
    mmsghdr header{};
  };

  const Socket server_, client_;
  const string server_name_ = address("/dev/shm/server");
  const string client_name_ = address("/dev/shm/client" + nul);
};

TEST_F(DatagramTest, SendtoAndRecvfrom) {
  for (const socklen_t room : {longest, socklen_t{12}}) {
    ASSERT_EQ(sendto(client_, "x", 1, 0, as_sockaddr(server_name_), length_of(server_name_)), 1) << strerror(errno);
    char data[4];
    EXPECT_EQ(told([&](auto* out, auto* length) { return recvfrom(server_, data, 4, 0, out, length); }, room),
              client_name_.substr(0, room));
  }
  EXPECT_EQ(sendto(client_, "x", 1, 0, nullptr, 0), -1);
  EXPECT_EQ(errno, ENOTCONN);
}

TEST_F(DatagramTest, RecvfromFortified) {
  using Fortified = ssize_t (*)(int, void*, size_t, size_t, int, sockaddr*, socklen_t*);
  const auto fortified = reinterpret_cast<Fortified>(dlsym(RTLD_DEFAULT, "__recvfrom_chk"));
  if (!fortified) GTEST_SKIP() << "this libc has none";
  ASSERT_EQ(sendto(client_, "x", 1, 0, as_sockaddr(server_name_), length_of(server_name_)), 1);
  char data[4];
  EXPECT_EQ(told([&](auto* out, auto* length) { return fortified(server_, data, 4, 4, 0, out, length); }),
            client_name_);
}

TEST_F(DatagramTest, SendmsgLeavesTheMessageAsItWas) {
  Message message(server_name_, 'x');
  const msghdr before = message.header.msg_hdr;
  ASSERT_EQ(sendmsg(client_, &message.header.msg_hdr, 0), 1) << strerror(errno);
  EXPECT_EQ(memcmp(&before, &message.header.msg_hdr, sizeof before), 0);
  EXPECT_EQ(message.bytes, server_name_);
}

TEST_F(DatagramTest, RecvmsgFillsInWhatTheKernelFillsIn) {
  for (const socklen_t room : {socklen_t{0}, socklen_t{12}, longest}) {
    Message out(server_name_, 'x'), in(string(longest, 'Z'), ' ');
    ASSERT_EQ(sendmsg(client_, &out.header.msg_hdr, 0), 1);
    in.header.msg_hdr.msg_namelen = room;
    alignas(cmsghdr) char control[64];
    in.header.msg_hdr.msg_control = control;
    in.header.msg_hdr.msg_controllen = sizeof control;
    in.header.msg_hdr.msg_flags = -1;
    ASSERT_EQ(recvmsg(server_, &in.header.msg_hdr, 0), 1);
    EXPECT_EQ(in.byte, 'x');
    EXPECT_EQ(in.header.msg_hdr.msg_name, in.bytes.data());
    EXPECT_EQ(in.header.msg_hdr.msg_namelen, client_name_.size());
    EXPECT_EQ(in.header.msg_hdr.msg_controllen, 0u);
    EXPECT_EQ(in.header.msg_hdr.msg_flags, 0);
    const string name = client_name_.substr(0, room);
    EXPECT_EQ(in.bytes.substr(0, name.size()), name);
    EXPECT_EQ(in.bytes.find('/', name.size()), string::npos) << "no remains of another name";
    if (room < client_name_.size()) {
      EXPECT_EQ(in.bytes.substr(room), string(longest - room, 'Z'));
    }
  }
}

TEST_F(DatagramTest, SendmmsgToManyNames) {
  const Socket connected;
  const Socket abstract;
  const string abstract_name = address(nul + "devshm" + std::to_string(getpid()));
  ASSERT_EQ(abstract.bind_to(abstract_name), 0);
  Message first(server_name_, '1'), second(abstract_name, '2'), third(server_name_, '3'), fourth(server_name_, '4');
  mmsghdr all[] = {first.header, second.header, third.header, fourth.header};
  ASSERT_EQ(sendmmsg(client_, all, 4, 0), 4) << strerror(errno);
  for (const mmsghdr& message : all) EXPECT_EQ(message.msg_len, 1u);
  EXPECT_EQ(all[0].msg_hdr.msg_name, first.bytes.data());
  char data[3];
  for (char& byte : data) EXPECT_EQ(recv(server_, &byte, 1, MSG_DONTWAIT), 1);
  EXPECT_EQ(string(data, 3), "134");
  EXPECT_EQ(recv(abstract, data, 1, MSG_DONTWAIT), 1);
  EXPECT_EQ(data[0], '2');
}

TEST_F(DatagramTest, SendmmsgStopsAtAnError) {
  Message good(server_name_, '1'), bad(address("/dev/shm/none"), '2');
  mmsghdr all[] = {good.header, bad.header, good.header};
  errno = 0;
  EXPECT_EQ(sendmmsg(client_, all, 3, 0), 1);
  EXPECT_EQ(sendmmsg(client_, all + 1, 2, 0), -1);
  EXPECT_EQ(errno, ENOENT);
}

TEST_F(DatagramTest, RecvmmsgNamesEachSender) {
  const Socket other;
  const string other_name = address("/dev/shm/other" + nul);
  ASSERT_EQ(other.bind_to(other_name), 0);
  for (const socklen_t room : {longest, socklen_t{13}}) {
    ASSERT_EQ(sendto(client_, "1", 1, 0, as_sockaddr(server_name_), length_of(server_name_)), 1);
    ASSERT_EQ(sendto(other, "2", 1, 0, as_sockaddr(server_name_), length_of(server_name_)), 1);
    Message first(string(room, 'Z'), ' '), second(string(longest, 'Z'), ' '), third("", ' ');
    mmsghdr all[] = {first.header, second.header, third.header};
    ASSERT_EQ(recvmmsg(server_, all, 3, MSG_DONTWAIT, nullptr), 2) << strerror(errno);
    EXPECT_EQ(first.bytes.substr(0, client_name_.size()), client_name_.substr(0, room));
    EXPECT_EQ(all[0].msg_hdr.msg_namelen, client_name_.size());
    EXPECT_EQ(all[0].msg_hdr.msg_name, first.bytes.data());
    EXPECT_EQ(all[0].msg_len, 1u);
    EXPECT_EQ(second.bytes.substr(0, other_name.size()), other_name);
    EXPECT_EQ(first.byte, '1');
    EXPECT_EQ(second.byte, '2');
  }
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
