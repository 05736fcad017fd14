// SPDX-License-Identifier: MIT
//
// Functions that take or return the address of a socket.
#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "calls.h"

namespace ordinary {

namespace {

struct sockaddr_un address_of(const std::string& path) {
  struct sockaddr_un address {};
  address.sun_family = AF_UNIX;
  memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

}  // namespace

void sockets(const Way& way) {
  const std::string name = way.dir + "socket";
  const struct sockaddr_un address = address_of(name);
  struct sockaddr_un peer {};
  socklen_t size = sizeof peer;
  const auto* named = reinterpret_cast<const struct sockaddr*>(&address);
  auto* told = reinterpret_cast<struct sockaddr*>(&peer);
  const int server = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_UNIX, SOCK_STREAM, 0);
  CALL(bind, server, named, sizeof address);
  listen(server, 4);
  CALL(connect, client, named, sizeof address);
  int accepted = -1;
  CALLS(accept, accepted = accept(server, told, &size));
  size = sizeof peer;
  CALL(getsockname, server, told, &size);
  size = sizeof peer;
  CALL(getpeername, client, told, &size);
  char byte = 'x';
  CALL(sendto, client, &byte, 1, 0, nullptr, 0);
  size = sizeof peer;
  CALL(recvfrom, accepted, &byte, 1, 0, told, &size);
  CALL(send, client, &byte, 1, 0);
  size = sizeof peer;
  CALL(__recvfrom_chk, accepted, &byte, 1, 1, 0, told, &size);
  struct iovec part {
    &byte, 1
  };
  struct msghdr message {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  CALL(sendmsg, client, &message, 0);
  CALL(recvmsg, accepted, &message, 0);
  struct mmsghdr messages {};
  messages.msg_hdr = message;
  CALL(sendmmsg, client, &messages, 1, 0);
  CALL(recvmmsg, accepted, &messages, 1, 0, nullptr);
  const int second = socket(AF_UNIX, SOCK_STREAM, 0);
  CALL(__connect, second, named, sizeof address);
  int accepted_too = -1;
  size = sizeof peer;
  CALLS(accept4, accepted_too = accept4(server, told, &size, SOCK_CLOEXEC));
  for (const int fd : {server, client, accepted, second, accepted_too}) close(fd);
  CALL(unlink, name.c_str());
  char host[64];
  struct sockaddr_in inet {};
  inet.sin_family = AF_INET;
  inet.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int udp = socket(AF_INET, SOCK_DGRAM, 0);
  bind(udp, reinterpret_cast<struct sockaddr*>(&inet), sizeof inet);
  size = sizeof inet;
  getsockname(udp, reinterpret_cast<struct sockaddr*>(&inet), &size);
  constexpr unsigned count = 12;
  struct sockaddr_in senders[count];
  struct mmsghdr several[count] = {};
  for (unsigned i = 0; i < count; ++i) {
    several[i].msg_hdr = message;
    several[i].msg_hdr.msg_name = &senders[i];
    several[i].msg_hdr.msg_namelen = sizeof senders[i];
    sendto(udp, &byte, 1, 0, reinterpret_cast<struct sockaddr*>(&inet), sizeof inet);
  }
  CALL(recvmmsg, udp, several, 1, 0, nullptr);
  CALL(recvmmsg, udp, several + 1, count - 1, 0, nullptr);
  close(udp);
  CALL(getnameinfo, reinterpret_cast<struct sockaddr*>(&inet), sizeof inet, host, sizeof host, nullptr, 0,
       NI_NUMERICHOST);
}

}  // namespace ordinary
