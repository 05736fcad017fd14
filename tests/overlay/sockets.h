// SPDX-License-Identifier: MIT
//
// For the tests of sockets: their addresses as bytes, and what the kernel reports of them.
#pragma once

#include <errno.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "backing.h"

namespace {

using std::string;

const string nul(1, '\0');
constexpr socklen_t longest = sizeof(sockaddr_un) + 1;

inline string address(const string& bytes) {
  const sa_family_t family = AF_UNIX;
  return string(reinterpret_cast<const char*>(&family), sizeof family) + bytes;
}

inline const sockaddr* as_sockaddr(const string& bytes) { return reinterpret_cast<const sockaddr*>(bytes.data()); }
inline socklen_t length_of(const string& bytes) { return static_cast<socklen_t>(bytes.size()); }

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
inline string told(Call call, socklen_t room = longest, socklen_t* full = nullptr) {
  char memory[256];
  memset(memory, 0x5a, sizeof memory);
  socklen_t length = room;
  EXPECT_GE(call(reinterpret_cast<sockaddr*>(memory), &length), 0) << strerror(errno);
  for (std::size_t i = room; i < sizeof memory; ++i) EXPECT_EQ(memory[i], 0x5a) << "byte " << i << " of " << room;
  if (full) *full = length;
  return {memory, std::min(length, room)};
}

inline string name_of(int fd) {
  return told([fd](auto* out, auto* length) { return getsockname(fd, out, length); });
}
inline string peer_of(int fd) {
  return told([fd](auto* out, auto* length) { return getpeername(fd, out, length); });
}

inline bool is_socket_on_disk(const string& name) {
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

}  // namespace
