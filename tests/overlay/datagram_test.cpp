// SPDX-License-Identifier: MIT
//
// Datagrams between sockets below /dev/shm, with a name in each.
#include <dlfcn.h>

#include <cstdlib>
#include <deque>
#include <fstream>

#include "sockets.h"

namespace {

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

TEST_F(DatagramTest, EachNameIsLoggedToItsEnd) {
  const Socket longer, shorter;
  ASSERT_EQ(longer.bind_to(address("/dev/shm/a-longer-name-than-the-next")), 0) << strerror(errno);
  ASSERT_EQ(shorter.bind_to(address("/dev/shm/short")), 0) << strerror(errno);
  std::ifstream log(getenv("DEVSHM_LOG"));
  string line, last;
  while (std::getline(log, line)) last = line;
  EXPECT_EQ(last.substr(last.find(' ') + 1), string("bind: /dev/shm/short -> ") + getenv("DEVSHM_DIR") + "/short");
}

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

// More messages than the library has memory of its own for names.
TEST_F(DatagramTest, RecvmmsgReceivesThemAll) {
  constexpr unsigned count = 16;
  ASSERT_EQ(server_.connect_to(client_name_), 0) << "else its queue is shorter";
  for (const socklen_t room : {longest, socklen_t{sizeof(sockaddr_un)}, socklen_t{60}, socklen_t{13}}) {
    std::deque<Message> messages;
    mmsghdr all[count];
    for (unsigned i = 0; i < count; ++i) {
      const char data = static_cast<char>('a' + i);
      ASSERT_EQ(sendto(client_, &data, 1, 0, as_sockaddr(server_name_), length_of(server_name_)), 1);
      all[i] = messages.emplace_back(string(room, 'Z'), ' ').header;
    }
    errno = 123;
    ASSERT_EQ(recvmmsg(server_, all, count, 0, nullptr), int{count}) << strerror(errno);
    EXPECT_EQ(errno, 123);
    for (unsigned i = 0; i < count; ++i) {
      EXPECT_EQ(all[i].msg_len, 1u);
      EXPECT_EQ(messages[i].byte, static_cast<char>('a' + i));
      if (room < client_name_.size() && backing().size() > 8) continue;  // a limit: docs/limits.md
      EXPECT_EQ(all[i].msg_hdr.msg_namelen, client_name_.size());
      EXPECT_EQ(messages[i].bytes.substr(0, client_name_.size()), client_name_.substr(0, room));
      EXPECT_EQ(messages[i].bytes.find('/', client_name_.size()), string::npos) << "no remains of another name";
    }
  }
}

TEST_F(DatagramTest, RecvmmsgGoesByTheRoomOfEachMessage) {
  constexpr unsigned count = 10;
  ASSERT_EQ(server_.connect_to(client_name_), 0) << "else its queue is shorter";
  std::deque<Message> messages;
  mmsghdr all[count];
  for (unsigned i = 0; i < count; ++i) {
    ASSERT_EQ(sendto(client_, "x", 1, 0, as_sockaddr(server_name_), length_of(server_name_)), 1);
    all[i] = messages.emplace_back(string(i % 2 ? sizeof(sockaddr_un) : 2, 'Z'), ' ').header;
  }
  ASSERT_EQ(recvmmsg(server_, all, count, 0, nullptr), int{count});
  for (unsigned i = 1; i < count; i += 2)
    EXPECT_EQ(messages[i].bytes.substr(0, client_name_.size()), client_name_) << i;
}

TEST_F(DatagramTest, RecvmmsgGoesByItsFlagsAndItsTimeout) {
  constexpr unsigned count = 16;
  ASSERT_EQ(server_.connect_to(client_name_), 0);
  const auto receive = [&](unsigned sent, int flags, timespec* timeout) {
    for (unsigned i = 0; i < sent; ++i)
      EXPECT_EQ(sendto(client_, "x", 1, 0, as_sockaddr(server_name_), length_of(server_name_)), 1);
    std::deque<Message> messages;
    mmsghdr all[count];
    for (mmsghdr& message : all) message = messages.emplace_back(string(sizeof(sockaddr_un), 'Z'), ' ').header;
    return recvmmsg(server_, all, count, flags, timeout);
  };
  EXPECT_EQ(receive(9, MSG_WAITFORONE, nullptr), 9);
  timespec none{0, 0}, minute{60, 0};
  EXPECT_EQ(receive(9, 0, &none), 1);
  EXPECT_EQ(receive(8, 0, &minute), int{count});
  EXPECT_EQ(minute.tv_sec, 59);
}

// All of the name is there, but not the end that the kernel counts.
TEST_F(DatagramTest, AName108BytesLongIsToldInASockaddr) {
  const Socket longest_named;
  const string name = address("/dev/shm/" + string(99, 'n'));
  ASSERT_EQ(longest_named.bind_to(name), 0);
  for (unsigned count = 1; count <= 9; count += 8) {
    std::deque<Message> messages;
    mmsghdr all[9];
    for (mmsghdr& message : all) message = messages.emplace_back(string(longest, 'Z'), ' ').header;
    for (mmsghdr& message : all) message.msg_hdr.msg_namelen = sizeof(sockaddr_un);
    ASSERT_EQ(sendto(longest_named, "x", 1, 0, as_sockaddr(server_name_), length_of(server_name_)), 1);
    ASSERT_EQ(recvmmsg(server_, all, count, MSG_DONTWAIT, nullptr), 1) << strerror(errno);
    EXPECT_EQ(all[0].msg_hdr.msg_namelen, longest);
    EXPECT_EQ(messages[0].bytes, name + 'Z');
  }
}

}  // namespace
