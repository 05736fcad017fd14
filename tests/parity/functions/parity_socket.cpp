// SPDX-License-Identifier: MIT
//
// AF_UNIX names, both ways: bound and connected to by every kind of path, and told again by all the calls that tell
// one, in as much room as there is. By function and by syscall().
#include <netdb.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>

#include "declared.h"
#include "parity.h"
#include "raw.h"

using parity::number;

namespace {

constexpr socklen_t head = offsetof(sockaddr_un, sun_path);

/// An address, which may be longer than any that the kernel takes.
struct Address {
  alignas(sockaddr_un) char bytes[512] = {};
  socklen_t size = head;

  explicit Address(const std::string& name, bool ended = true) {
    const std::size_t length = std::min(name.size(), sizeof bytes - head - 1);
    reinterpret_cast<sockaddr_un*>(bytes)->sun_family = AF_UNIX;
    memcpy(bytes + head, name.data(), length);
    size += static_cast<socklen_t>(length + (ended ? 1 : 0));
  }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(bytes); }
};

/// What a call tells in `room` bytes.
struct Told {
  char bytes[256];
  socklen_t room, size;

  explicit Told(socklen_t room_given = sizeof(sockaddr_un)) : room(room_given), size(room_given) {
    memset(bytes, '~', sizeof bytes);
  }
  sockaddr* out() { return reinterpret_cast<sockaddr*>(bytes); }
  std::string shown(long result) const {
    std::string text = number(result);
    if (result < 0) return text;
    const socklen_t written = std::min(size, room);
    text += " length " + std::to_string(size) + " \"";
    if (written > head) text += std::string(bytes + head, written - head);
    text += '"';
    for (std::size_t at = written; at < sizeof bytes; ++at)
      if (bytes[at] != '~') return text + ", written past its end";
    return text;
  }
};

class Socket {
 public:
  explicit Socket(int type) : fd_(socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {}
  explicit Socket(long fd, bool) : fd_(static_cast<int>(fd)) {}
  ~Socket() { parity::raw(SYS_close, fd_); }
  Socket(const Socket&) = delete;
  operator int() const { return fd_; }

 private:
  int fd_;
};

/// A socket in the place of f, for others to connect to. Past the library.
void listen_at(int server, int type) {
  const std::string path = parity::real_shm() + "/f";
  parity::raw(SYS_unlinkat, AT_FDCWD, path.c_str(), 0);
  const Address address(path);
  parity::raw(SYS_bind, server, address.bytes, static_cast<long>(address.size));
  if (type == SOCK_STREAM) parity::raw(SYS_listen, server, 4L);
}

std::string name_of(int fd) {
  Told told;
  const int result = getsockname(fd, told.out(), &told.size);
  return told.shown(result);
}
std::string peer_of(int fd) {
  Told told;
  const int result = getpeername(fd, told.out(), &told.size);
  return told.shown(result);
}

/// Binds by every path, unterminated too, and says by which name the socket is known then. (A name at random, which is
/// what the kernel gives in the place of none, is not told.)
void binding(const char* function, const char* how, const std::function<long(int, const sockaddr*, socklen_t)>& call) {
  for (const bool ended : {true, false})
    parity::each_path(function, (how + std::string(ended ? "path" : "path, unterminated")).c_str(),
                      [&](const char* path) {
                        const Socket socket(SOCK_DGRAM);
                        const Address address(path ? path : "", ended);
                        errno = parity::errno_before;
                        const long result = call(socket, path ? address.get() : nullptr, address.size);
                        const std::string shown = number(result);
                        return result == 0 && address.size > head ? shown + ", is " + name_of(socket) : shown;
                      });
}

/// Six, as mkstemp fills in. Abstract names are the whole machine's, and this test runs several times at once.
std::string random_letters() {
  unsigned number = 0;
  parity::raw(SYS_getrandom, &number, static_cast<long>(sizeof number), 0L);
  return std::to_string(100'000 + number % 900'000);
}

/// Names of all lengths about the longest, in /dev/shm.
void binding_long_names() {
  for (std::size_t length = 104; length <= 112; ++length)
    for (const bool ended : {true, false})
      parity::once("bind", std::to_string(length) + " bytes" + (ended ? "" : ", unterminated"), [&] {
        const Socket socket(SOCK_STREAM);
        const Address address("/dev/shm/" + std::string(length - 9, 'n'), ended);
        const std::string shown = number(bind(socket, address.get(), address.size));
        return shown + ", is " + name_of(socket);
      });
  parity::once("bind", "an abstract name", [] {
    const Socket socket(SOCK_STREAM);
    const Address address(std::string("\0/dev/shm/tmp-", 14) + random_letters(), false);
    const std::string shown = number(bind(socket, address.get(), address.size));
    return parity::without_random(shown + ", is " + name_of(socket));
  });
  for (socklen_t size = 0; size < head + 12; ++size)
    parity::once("bind", "\"/dev/shm/abc\" by " + std::to_string(size) + " bytes of it", [&] {
      const Socket socket(SOCK_STREAM);
      const std::string shown = number(bind(socket, Address("/dev/shm/abc").get(), size));
      return size == head ? shown : shown + ", is " + name_of(socket);
    });
}

void connecting(const char* function, const char* how,
                const std::function<long(int, const sockaddr*, socklen_t)>& call) {
  parity::each_path(function, how, [&](const char* path) {
    const Socket server(SOCK_STREAM), client(SOCK_STREAM);
    listen_at(server, SOCK_STREAM);
    const Address address(path ? path : "");
    errno = parity::errno_before;
    const long result = call(client, path ? address.get() : nullptr, address.size);
    const std::string shown = number(result);
    return result == 0 ? shown + ", with " + peer_of(client) : shown;
  });
}

/// One byte, to or from one address.
struct Message {
  char byte = 'x';
  iovec part{&byte, 1};
  mmsghdr header{};
  Message(const void* name, socklen_t size) {
    header.msg_hdr.msg_name = const_cast<void*>(name);
    header.msg_hdr.msg_namelen = size;
    header.msg_hdr.msg_iov = &part;
    header.msg_hdr.msg_iovlen = 1;
  }
};

void sending(const char* function, const char* how, const std::function<long(int, const sockaddr*, socklen_t)>& call) {
  parity::each_path(function, how, [&](const char* path) {
    const Socket server(SOCK_DGRAM), client(SOCK_DGRAM);
    listen_at(server, SOCK_DGRAM);
    const Address address(path ? path : "");
    errno = parity::errno_before;
    const std::string shown = number(call(client, path ? address.get() : nullptr, path ? address.size : 0));
    char byte;
    const long got = parity::raw(SYS_recvfrom, int{server}, &byte, 1L, 0L, 0L);
    return shown + (got == 1 ? ", received" : ", not received");
  });
}

/// A call that tells a name, in all sizes of room. `call` is given a server that a client with a name has written or
/// connected to, and that client.
void telling(const char* function, const char* how, int type,
             const std::function<long(int server, int client, Told& told)>& call) {
  for (const std::string& name :
       {std::string("/dev/shm/new"), std::string("/dev/shm/dir/new"), std::string("/dev/shm/") + std::string(99, 'n'),
        std::string("/tmp/parity/new"), std::string("/dev/shmnew")})
    for (socklen_t room = 0; room <= sizeof(sockaddr_un) + 4; room += room < 24 || room >= 106 ? 1 : 7)
      parity::once(function, how + ("of " + name) + " in " + std::to_string(room) + " bytes", [&] {
        const Socket server(type), client(type);
        listen_at(server, type);
        const Address own(name, name.size() < sizeof(sockaddr_un::sun_path)), to("/dev/shm/f");
        if (bind(client, own.get(), own.size) != 0) return "not bound: " + number(-1);
        connect(client, to.get(), to.size);
        if (type == SOCK_DGRAM) parity::raw(SYS_sendto, int{client}, "x", 1L, 0L, 0L);
        Told told(room);
        errno = parity::errno_before;
        const long result = call(server, client, told);
        if (type == SOCK_STREAM && result > 2) {
          const Socket accepted(result, true);
          return told.shown(0) + ", with " + peer_of(accepted);
        }
        return told.shown(result);
      });
}

long receive(Told& told, const std::function<long(mmsghdr&)>& call) {
  Message message(told.bytes, told.size);
  const long result = call(message.header);
  told.size = message.header.msg_hdr.msg_namelen;
  return result;
}

void telling_all() {
  char byte[4];
  const auto names = [](auto call) {
    return [=](int, int client, Told& told) -> long { return call(client, told.out(), &told.size); };
  };
  telling("getsockname", "", SOCK_DGRAM, names(getsockname));
  telling("getpeername", "", SOCK_STREAM, [](int server, int, Told& told) -> long {
    const Socket accepted(parity::raw(SYS_accept4, server, 0L, 0L, 0L), true);
    return getpeername(accepted, told.out(), &told.size);
  });
  telling("accept", "", SOCK_STREAM,
          [](int server, int, Told& told) -> long { return accept(server, told.out(), &told.size); });
  telling("accept4", "", SOCK_STREAM,
          [](int server, int, Told& told) -> long { return accept4(server, told.out(), &told.size, SOCK_CLOEXEC); });
  telling("recvfrom", "", SOCK_DGRAM, [&](int server, int, Told& told) -> long {
    return recvfrom(server, byte, sizeof byte, 0, told.out(), &told.size);
  });
  telling("__recvfrom_chk", "", SOCK_DGRAM, [&](int server, int, Told& told) -> long {
    return __recvfrom_chk(server, byte, sizeof byte, sizeof byte, 0, told.out(), &told.size);
  });
  telling("recvmsg", "", SOCK_DGRAM, [](int server, int, Told& told) {
    return receive(told, [=](mmsghdr& message) { return recvmsg(server, &message.msg_hdr, 0); });
  });
  telling("recvmmsg", "", SOCK_DGRAM, [](int server, int, Told& told) {
    return receive(told, [=](mmsghdr& message) { return recvmmsg(server, &message, 1, 0, nullptr); });
  });
  telling("syscall", "SYS_getsockname ", SOCK_DGRAM,
          [](int, int client, Told& told) { return syscall(SYS_getsockname, client, told.out(), &told.size); });
  telling("syscall", "SYS_getpeername ", SOCK_STREAM, [](int server, int, Told& told) {
    const Socket accepted(parity::raw(SYS_accept4, server, 0L, 0L, 0L), true);
    return syscall(SYS_getpeername, static_cast<int>(accepted), told.out(), &told.size);
  });
  telling("syscall", "SYS_accept ", SOCK_STREAM,
          [](int server, int, Told& told) { return syscall(SYS_accept, server, told.out(), &told.size); });
  telling("syscall", "SYS_accept4 ", SOCK_STREAM, [](int server, int, Told& told) {
    return syscall(SYS_accept4, server, told.out(), &told.size, SOCK_CLOEXEC);
  });
  telling("syscall", "SYS_recvfrom ", SOCK_DGRAM, [&](int server, int, Told& told) {
    return syscall(SYS_recvfrom, server, byte, sizeof byte, 0, told.out(), &told.size);
  });
  telling("syscall", "SYS_recvmsg ", SOCK_DGRAM, [](int server, int, Told& told) {
    return receive(told, [=](mmsghdr& message) { return syscall(SYS_recvmsg, server, &message.msg_hdr, 0); });
  });
  telling("syscall", "SYS_recvmmsg ", SOCK_DGRAM, [](int server, int, Told& told) {
    return receive(told, [=](mmsghdr& message) { return syscall(SYS_recvmmsg, server, &message, 1, 0, nullptr); });
  });
}

/// An address as a text: one that the kernel gave, past the library.
std::string numeric(const std::string& name, int flags, socklen_t room) {
  const Address address(name);
  char host[256] = "", service[256] = "";
  const int result = getnameinfo(address.get(), address.size, host, sizeof host, service, room, flags);
  return std::to_string(result) + " \"" + service + '"';
}

}  // namespace

FAMILY(socket) {
  binding("bind", "", bind);
  binding("syscall", "SYS_bind, ",
          [](int fd, const sockaddr* to, socklen_t size) { return syscall(SYS_bind, fd, to, size); });
  binding_long_names();
  connecting("connect", "path", connect);
  connecting("__connect", "path", __connect);
  connecting("syscall", "SYS_connect, path",
             [](int fd, const sockaddr* to, socklen_t size) { return syscall(SYS_connect, fd, to, size); });

  const auto send_message = [](auto send) {
    return [=](int fd, const sockaddr* to, socklen_t size) -> long {
      Message message(to, size);
      return send(fd, message.header);
    };
  };
  sending("sendto", "path", [](int fd, const sockaddr* to, socklen_t size) { return sendto(fd, "x", 1, 0, to, size); });
  sending("sendmsg", "path", send_message([](int fd, mmsghdr& it) { return sendmsg(fd, &it.msg_hdr, 0); }));
  sending("sendmmsg", "path", send_message([](int fd, mmsghdr& it) { return sendmmsg(fd, &it, 1, 0); }));
  sending("syscall", "SYS_sendto, path",
          [](int fd, const sockaddr* to, socklen_t size) { return syscall(SYS_sendto, fd, "x", 1, 0, to, size); });
  sending("syscall", "SYS_sendmsg, path",
          send_message([](int fd, mmsghdr& it) { return syscall(SYS_sendmsg, fd, &it.msg_hdr, 0); }));
  sending("syscall", "SYS_sendmmsg, path",
          send_message([](int fd, mmsghdr& it) { return syscall(SYS_sendmmsg, fd, &it, 1, 0); }));

  telling_all();

  for (const char* name : {"/f", "/dir/g", ""})
    for (const int flags : {0, NI_NUMERICSERV, NI_NUMERICHOST | NI_NUMERICSERV})
      for (const socklen_t room : {4, 9, 10, 11, 12, 108})
        parity::once(
            "getnameinfo",
            "the address of /dev/shm" + std::string(name) + ", " + std::to_string(flags) + ", " + std::to_string(room),
            [&] { return numeric(parity::real_shm() + name, flags, room); });
}
