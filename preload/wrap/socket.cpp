// SPDX-License-Identifier: MIT
//
// Sockets in the file system (AF_UNIX), by name: what is bound below /dev/shm lies in the backing directory, and what
// the kernel tells of it is shown by the program's name. Relative names that the kernel tells stay as they are.
// Not here: __sendmmsg, private to glibc; clntunix_create and svcunix_create, which nothing can be linked with any
// more.
#include <netdb.h>
#include <sys/socket.h>

#include "../sys.h"
#include "socket_address.h"
#include "wrapper.h"

using devshm::receive_from;
using devshm::send_to;

extern "C" {
ssize_t __recvfrom_chk(int, void*, size_t, size_t, int, struct sockaddr*, socklen_t*);
}

namespace devshm {

long send_to_judged(const char* function, const sockaddr* address, socklen_t length, SendCall call) {
  const OutgoingAddress to(address, length);
  if (to.error()) return fail_with<long>(to.error());
  const long result = call(to.address(), to.length());
  to.log(function);
  return result == -1 && errno == ENOENT && to.was_remade() ? call(to.address(), to.length()) : result;
}

long receive_from(sockaddr* out, socklen_t* length, ReceiveCall call) {
  // A length that is null or negative is the kernel's to refuse.
  if (!out || !length || static_cast<int>(*length) < 0) return call(out, length);
  const socklen_t room = *length;
  if (!is_short(out, room)) {
    const long result = call(out, length);
    if (result >= 0) show_if_unix(out, *length);
    return result;
  }
  union {
    sockaddr address;
    UnixAddressBuffer bytes;
  } own;
  socklen_t own_length = sizeof own.bytes;
  const long result = call(&own.address, &own_length);
  if (result >= 0) {
    show_if_unix(&own, own_length);
    copy_address(out, room, &own, own_length);
    *length = own_length;
  }
  return result;
}

}  // namespace devshm

// ---- Names that the program gives ----

IF_UNIX(2, int, bind, int fd, const struct sockaddr* address, socklen_t length) {
  return send_to(REAL(bind), address, length, [=](auto real, auto* to, auto size) { return real(fd, to, size); });
}

IF_UNIX(2, int, connect, int fd, const struct sockaddr* address, socklen_t length) {
  return send_to(REAL(connect), address, length, [=](auto real, auto* to, auto size) { return real(fd, to, size); });
}
ALIAS(__connect, connect);

IF_UNIX(5, ssize_t, sendto, int fd, const void* data, size_t count, int flags, const struct sockaddr* address,
        socklen_t length) {
  return send_to(REAL(sendto), address, length,
                 [=](auto real, auto* to, auto size) { return real(fd, data, count, flags, to, size); });
}

namespace {

bool is_to_unix(const struct msghdr& message) { return devshm::is_unix(message.msg_name, message.msg_namelen); }

/// The message with another address. The caller's own stays as it is.
struct msghdr readdressed(struct msghdr message, const struct sockaddr* to, socklen_t size) {
  message.msg_name = const_cast<sockaddr*>(to);
  message.msg_namelen = size;
  return message;
}

/// One message of sendmmsg to an AF_UNIX name.
[[gnu::cold, gnu::noinline]] int sendmmsg_one(int fd, struct mmsghdr* message, int flags) {
  const auto next = NEXT(sendmmsg);
  const auto& header = message->msg_hdr;
  return static_cast<int>(devshm::send_to_judged(next.name(), static_cast<const sockaddr*>(header.msg_name),
                                                 header.msg_namelen, [=](const sockaddr* to, socklen_t size) {
                                                   struct mmsghdr copy = *message;
                                                   copy.msg_hdr = readdressed(message->msg_hdr, to, size);
                                                   const int sent = next.get()(fd, &copy, 1, flags);
                                                   if (sent == 1) message->msg_len = copy.msg_len;
                                                   return sent;
                                                 }));
}

/// How many messages come before the first that goes to an AF_UNIX name.
unsigned count_ordinary(const struct mmsghdr* messages, unsigned count) {
  unsigned ordinary = 0;
  while (ordinary < count && !is_to_unix(messages[ordinary].msg_hdr)) ++ordinary;
  return ordinary;
}

/// In runs, as sendmmsg may send fewer than it was given: the ordinary ones together, those to AF_UNIX names one
/// by one.
[[gnu::cold, gnu::noinline]] int sendmmsg_in_runs(int fd, struct mmsghdr* messages, unsigned count, int flags) {
  constexpr unsigned most = 1024;  // UIO_MAXIOV, the kernel's own limit
  if (count > most) count = most;
  unsigned sent = 0;
  while (sent < count) {
    const unsigned run = count_ordinary(messages + sent, count - sent);
    const int error = errno;
    const int result =
        run ? NEXT(sendmmsg).get()(fd, messages + sent, run, flags) : sendmmsg_one(fd, messages + sent, flags);
    if (result < 0 && sent == 0) return result;
    if (result < 0) errno = error;
    if (result <= 0) break;
    sent += static_cast<unsigned>(result);
    if (run && static_cast<unsigned>(result) < run) break;
  }
  return static_cast<int>(sent);
}

}  // namespace

EXPORT ssize_t sendmsg(int fd, const struct msghdr* message, int flags) {
  const auto next = NEXT(sendmsg);
  if (__builtin_expect(!message || !is_to_unix(*message), 1)) return next.get()(fd, message, flags);
  return devshm::send_to_judged(next.name(), static_cast<const sockaddr*>(message->msg_name), message->msg_namelen,
                                [=](const sockaddr* to, socklen_t size) {
                                  const struct msghdr copy = readdressed(*message, to, size);
                                  return next.get()(fd, &copy, flags);
                                });
}

EXPORT int sendmmsg(int fd, struct mmsghdr* messages, unsigned count, int flags) {
  if (__builtin_expect(messages && count_ordinary(messages, count) < count, 0))
    return sendmmsg_in_runs(fd, messages, count, flags);
  return NEXT(sendmmsg).get()(fd, messages, count, flags);
}

// ---- Names that the kernel tells ----

namespace {

using Ask = int (*)(int, struct sockaddr*, socklen_t*);

int ask(Ask real, int fd, struct sockaddr* out, socklen_t* length) {
  return static_cast<int>(
      receive_from(out, length, [=](sockaddr* from, socklen_t* size) { return real(fd, from, size); }));
}

}  // namespace

IF_GIVEN(2, int, accept, int fd, struct sockaddr* out, socklen_t* length) {
  return ask(REAL(accept).get(), fd, out, length);
}
IF_GIVEN(2, int, accept4, int fd, struct sockaddr* out, socklen_t* length, int flags) {
  const auto real = REAL(accept4).get();
  return static_cast<int>(
      receive_from(out, length, [=](sockaddr* from, socklen_t* size) { return real(fd, from, size, flags); }));
}

IF_GIVEN(2, int, getsockname, int fd, struct sockaddr* out, socklen_t* length) {
  return ask(REAL(getsockname).get(), fd, out, length);
}
IF_GIVEN(2, int, getpeername, int fd, struct sockaddr* out, socklen_t* length) {
  return ask(REAL(getpeername).get(), fd, out, length);
}

IF_GIVEN(5, ssize_t, recvfrom, int fd, void* data, size_t count, int flags, struct sockaddr* out, socklen_t* length) {
  const auto real = REAL(recvfrom).get();
  return receive_from(out, length,
                      [=](sockaddr* from, socklen_t* size) { return real(fd, data, count, flags, from, size); });
}

// _FORTIFY_SOURCE: libc's own ends the program if the buffer is shorter than the count.
IF_GIVEN(6, ssize_t, __recvfrom_chk, int fd, void* data, size_t count, size_t room, int flags, struct sockaddr* out,
         socklen_t* length) {
  const auto real = REAL(__recvfrom_chk).get();
  return receive_from(out, length,
                      [=](sockaddr* from, socklen_t* size) { return real(fd, data, count, room, flags, from, size); });
}

namespace {

/// A message to be received whose address comes into memory of ours.
struct OwnAddress {
  devshm::UnixAddressBuffer bytes;

  struct msghdr borrow(struct msghdr message) {
    // Without one asked for, or with a length that the kernel refuses, there is nothing to lend.
    if (!message.msg_name || static_cast<int>(message.msg_namelen) < 0) return message;
    message.msg_name = bytes;
    message.msg_namelen = sizeof bytes;
    return message;
  }

  /// Gives the caller's message what the kernel has made of the copy.
  void give_back(struct msghdr& message, const struct msghdr& filled) {
    socklen_t length = filled.msg_namelen;
    if (filled.msg_name == bytes) {
      devshm::show_if_unix(bytes, length);
      devshm::copy_address(message.msg_name, message.msg_namelen, bytes, length);
    }
    message.msg_namelen = length;
    message.msg_controllen = filled.msg_controllen;
    message.msg_flags = filled.msg_flags;
  }
};

bool is_short(const struct msghdr& message) { return devshm::is_short(message.msg_name, message.msg_namelen); }

[[gnu::noinline]] ssize_t recvmsg_named(int fd, struct msghdr* message, int flags) {
  const auto real = NEXT(recvmsg).get();
  if (!is_short(*message)) {
    const ssize_t result = real(fd, message, flags);
    if (result >= 0) devshm::show_if_unix(message->msg_name, message->msg_namelen);
    return result;
  }
  OwnAddress own;
  struct msghdr copy = own.borrow(*message);
  const ssize_t result = real(fd, &copy, flags);
  if (result >= 0) own.give_back(*message, copy);
  return result;
}

bool is_unix_socket(int fd) {
  int domain = 0;
  socklen_t size = sizeof domain;
  return devshm::sys::call(SYS_getsockopt, fd, SOL_SOCKET, SO_DOMAIN, devshm::sys::word(&domain),
                           devshm::sys::word(&size)) == 0 &&
         domain == AF_UNIX;
}

/// recvmmsg with memory of our own for the addresses. It may receive fewer messages than asked for, so the stack this
/// takes is bounded.
[[gnu::cold, gnu::noinline]] int recvmmsg_by_copy(int fd, struct mmsghdr* messages, unsigned count, int flags,
                                                  struct timespec* timeout) {
  constexpr unsigned most = 8;
  OwnAddress own[most];
  struct mmsghdr copies[most];
  if (count > most) count = most;
  for (unsigned i = 0; i < count; ++i) copies[i] = {own[i].borrow(messages[i].msg_hdr), messages[i].msg_len};
  const int received = NEXT(recvmmsg).get()(fd, copies, count, flags, timeout);
  for (int i = 0; i < received; ++i) {
    own[i].give_back(messages[i].msg_hdr, copies[i].msg_hdr);
    messages[i].msg_len = copies[i].msg_len;
  }
  return received;
}

}  // namespace

EXPORT ssize_t recvmsg(int fd, struct msghdr* message, int flags) {
  if (__builtin_expect(!message || !message->msg_name, 1)) return NEXT(recvmsg).get()(fd, message, flags);
  return recvmsg_named(fd, message, flags);
}

EXPORT int recvmmsg(int fd, struct mmsghdr* messages, unsigned count, int flags, struct timespec* timeout) {
  bool any_named = false, any_short = false;
  for (unsigned i = 0; messages && i < count; ++i) {
    any_named |= messages[i].msg_hdr.msg_name != nullptr;
    any_short |= is_short(messages[i].msg_hdr);
  }
  if (!any_named) return NEXT(recvmmsg).get()(fd, messages, count, flags, timeout);
  if (any_short && is_unix_socket(fd)) return recvmmsg_by_copy(fd, messages, count, flags, timeout);
  const int received = NEXT(recvmmsg).get()(fd, messages, count, flags, timeout);
  // Where some are short this is no AF_UNIX socket, and there is nothing to show.
  for (int i = 0; !any_short && i < received; ++i)
    devshm::show_if_unix(messages[i].msg_hdr.msg_name, messages[i].msg_hdr.msg_namelen);
  return received;
}

// The service of an AF_UNIX address is its name.
IF_UNIX(1, int, getnameinfo, const struct sockaddr* address, socklen_t length, char* host, socklen_t host_room,
        char* service, socklen_t service_room, int flags) {
  const auto real = REAL(getnameinfo).get();
  if (length > devshm::longest_unix_address)
    return real(address, length, host, host_room, service, service_room, flags);
  union {
    sockaddr address;
    devshm::UnixAddressBuffer bytes;
  } own = {};  // libc reads the name up to its end
  socklen_t own_length = length;
  devshm::copy_address(&own, sizeof own.bytes, address, length);
  devshm::show_address(&own, own_length);
  return real(&own.address, own_length, host, host_room, service, service_room, flags);
}

INNER_NAME(bind);
INNER_NAME(connect);
INNER_NAME(sendto);
INNER_NAME(sendmsg);
INNER_NAME(sendmmsg);
INNER_NAME(accept);
INNER_NAME(accept4);
INNER_NAME(getsockname);
INNER_NAME(getpeername);
INNER_NAME(recvfrom);
INNER_NAME(recvmsg);
INNER_NAME(recvmmsg);
