// SPDX-License-Identifier: MIT
//
// Wraps functions on names of sockets (AF_UNIX): a socket that is bound below /dev/shm is in the backing directory, and
// the name that the kernel returns is shown as the program knows it. Relative names that the kernel returns stay as
// they are. Not here: __sendmmsg, private to glibc; clntunix_create and svcunix_create, which nothing can be linked
// with any more.
#include <alloca.h>
#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>

#include "socket_address.h"
#include "wrapper.h"

extern "C" {
ssize_t __recvfrom_chk(int, void*, size_t, size_t, int, struct sockaddr*, socklen_t*);
}

namespace devshm {

// ---- Names that the program gives ----

EXPORT int bind(int fd, const struct sockaddr* address, socklen_t length) NOTHROW {
  const auto next = NEXT(bind);
  if (!is_unix(address, length)) return next(fd, address, length);
  return static_cast<int>(send_to(next.function.name(), address, length,
                                  [=](const sockaddr* to, socklen_t size) { return next(fd, to, size); }));
}

EXPORT int connect(int fd, const struct sockaddr* address, socklen_t length) {
  const auto next = NEXT(connect);
  if (!is_unix(address, length)) return next(fd, address, length);
  return static_cast<int>(send_to(next.function.name(), address, length,
                                  [=](const sockaddr* to, socklen_t size) { return next(fd, to, size); }));
}
ALIAS(__connect, connect);

EXPORT ssize_t sendto(int fd, const void* data, size_t count, int flags, const struct sockaddr* address,
                      socklen_t length) {
  const auto next = NEXT(sendto);
  if (!is_unix(address, length)) return next(fd, data, count, flags, address, length);
  return send_to(next.function.name(), address, length,
                 [=](const sockaddr* to, socklen_t size) { return next(fd, data, count, flags, to, size); });
}

namespace {

/// A copy of the message with another address.
struct msghdr readdressed(struct msghdr message, const struct sockaddr* to, socklen_t size) {
  message.msg_name = const_cast<sockaddr*>(to);
  message.msg_namelen = size;
  return message;
}

auto next_sendmsg() { return NEXT(sendmsg); }
auto next_sendmmsg() { return NEXT(sendmmsg); }

/// Sends a message to an AF_UNIX name.
[[gnu::cold, gnu::noinline]] ssize_t send_message(const char* function, int fd, const struct msghdr& message,
                                                  int flags) {
  return send_to(function, static_cast<const sockaddr*>(message.msg_name), message.msg_namelen,
                 [&](const sockaddr* to, socklen_t size) {
                   const struct msghdr copy = readdressed(message, to, size);
                   return next_sendmsg()(fd, &copy, flags);
                 });
}

/// Sends the first message, which goes to an AF_UNIX name, like sendmsg, as the kernel's sendmmsg does.
int send_one(int fd, struct mmsghdr* messages, int flags) {
  const ssize_t sent = send_message(next_sendmmsg().function.name(), fd, messages->msg_hdr, flags);
  if (sent < 0) return -1;
  messages->msg_len = static_cast<unsigned>(sent);
  return 1;
}

/// Sends them in runs, because sendmmsg may send fewer than it was given: ordinary ones together, those to AF_UNIX
/// names one by one.
[[gnu::cold, gnu::noinline]] int sendmmsg_in_runs(int fd, struct mmsghdr* messages, unsigned count, int flags) {
  constexpr unsigned most = 1024;  // UIO_MAXIOV, the kernel's own limit
  if (count > most) count = most;
  unsigned sent = 0;
  while (sent < count) {
    const unsigned run = count_ordinary(messages + sent, count - sent);
    const int error = errno;
    const int result = run ? next_sendmmsg()(fd, messages + sent, run, flags) : send_one(fd, messages + sent, flags);
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
  const auto next = next_sendmsg();
  if (__builtin_expect(!message || !is_unix(message->msg_name, message->msg_namelen), 1))
    return next(fd, message, flags);
  return send_message(next.function.name(), fd, *message, flags);
}

EXPORT int sendmmsg(int fd, struct mmsghdr* messages, unsigned count, int flags) {
  if (__builtin_expect(messages && count_ordinary(messages, count) < count, 0))
    return sendmmsg_in_runs(fd, messages, count, flags);
  return next_sendmmsg()(fd, messages, count, flags);
}

// ---- Names that the kernel returns ----

EXPORT int accept(int fd, struct sockaddr* out, socklen_t* length) {
  const auto next = NEXT(accept);
  if (!out) return next(fd, out, length);
  return static_cast<int>(
      receive_from(out, length, [=](sockaddr* from, socklen_t* size) { return next(fd, from, size); }));
}

EXPORT int accept4(int fd, struct sockaddr* out, socklen_t* length, int flags) {
  const auto next = NEXT(accept4);
  if (!out) return next(fd, out, length, flags);
  return static_cast<int>(
      receive_from(out, length, [=](sockaddr* from, socklen_t* size) { return next(fd, from, size, flags); }));
}

EXPORT int getsockname(int fd, struct sockaddr* out, socklen_t* length) NOTHROW {
  const auto next = NEXT(getsockname);
  return static_cast<int>(
      receive_from(out, length, [=](sockaddr* from, socklen_t* size) { return next(fd, from, size); }));
}

EXPORT int getpeername(int fd, struct sockaddr* out, socklen_t* length) NOTHROW {
  const auto next = NEXT(getpeername);
  return static_cast<int>(
      receive_from(out, length, [=](sockaddr* from, socklen_t* size) { return next(fd, from, size); }));
}

EXPORT ssize_t recvfrom(int fd, void* data, size_t count, int flags, struct sockaddr* out, socklen_t* length) {
  const auto next = NEXT(recvfrom);
  if (!out) return next(fd, data, count, flags, out, length);
  return receive_from(out, length,
                      [=](sockaddr* from, socklen_t* size) { return next(fd, data, count, flags, from, size); });
}

// _FORTIFY_SOURCE: libc's function ends the program if the buffer is shorter than the count.
EXPORT ssize_t __recvfrom_chk(int fd, void* data, size_t count, size_t room, int flags, struct sockaddr* out,
                              socklen_t* length) {
  const auto next = NEXT(__recvfrom_chk);
  if (!out) return next(fd, data, count, room, flags, out, length);
  return receive_from(out, length,
                      [=](sockaddr* from, socklen_t* size) { return next(fd, data, count, room, flags, from, size); });
}

namespace {

auto next_recvmsg() { return NEXT(recvmsg); }
auto next_recvmmsg() { return NEXT(recvmmsg); }

[[gnu::noinline]] ssize_t recvmsg_named(int fd, struct msghdr* message, int flags) {
  const auto real = next_recvmsg();
  const socklen_t room = message->msg_namelen;
  if (!is_short(room)) {
    const ssize_t result = real(fd, message, flags);
    if (result >= 0) show_if_unix(message->msg_name, room, message->msg_namelen);
    return result;
  }
  OwnAddress own;
  struct msghdr copy = own.borrow(*message);
  const ssize_t result = real(fd, &copy, flags);
  if (result >= 0) own.give_back(*message, copy);
  return result;
}

/// The most messages that get memory of our own for their addresses: it is on the stack.
constexpr unsigned most_copies = 8;
/// The most messages that the kernel receives by one call (UIO_MAXIOV, recvmmsg(2)).
constexpr unsigned most_messages = 1024;

[[gnu::cold, gnu::noinline]] int recvmmsg_by_copy(int fd, struct mmsghdr* messages, unsigned count, int flags,
                                                  struct timespec* timeout) {
  OwnAddress own[most_copies];
  struct mmsghdr copies[most_copies];
  for (unsigned i = 0; i < count; ++i) copies[i] = {own[i].borrow(messages[i].msg_hdr), messages[i].msg_len};
  const int received = next_recvmmsg()(fd, copies, count, flags, timeout);
  for (int i = 0; i < received; ++i) {
    own[i].give_back(messages[i].msg_hdr, copies[i].msg_hdr);
    messages[i].msg_len = copies[i].msg_len;
  }
  return received;
}

}  // namespace

EXPORT ssize_t recvmsg(int fd, struct msghdr* message, int flags) {
  if (__builtin_expect(!message || !message->msg_name, 1)) return next_recvmsg()(fd, message, flags);
  return recvmsg_named(fd, message, flags);
}

EXPORT int recvmmsg(int fd, struct mmsghdr* messages, unsigned count, int flags, struct timespec* timeout) {
  const unsigned most = messages ? std::min(count, most_messages) : 0;
  // Without messages it is not written to. NOLINTNEXTLINE(clang-analyzer-optin.portability.UnixAPI)
  auto* const rooms = static_cast<socklen_t*>(alloca(most * sizeof(socklen_t)));
  bool any_short = false;
  for (unsigned i = 0; i < most; ++i) {
    const struct msghdr& message = messages[i].msg_hdr;
    rooms[i] = message.msg_namelen;
    any_short |= message.msg_name && is_short(rooms[i]);
  }
  if (any_short && count <= most_copies) return recvmmsg_by_copy(fd, messages, count, flags, timeout);
  // More of them stay one call: only the kernel knows how long to wait for how many, and what a late error means.
  const int received = next_recvmmsg()(fd, messages, count, flags, timeout);
  for (int i = 0; i < received; ++i)
    show_if_unix(messages[i].msg_hdr.msg_name, rooms[i], messages[i].msg_hdr.msg_namelen);
  return received;
}

// The service of an AF_UNIX address is its name.
EXPORT int getnameinfo(const struct sockaddr* address, socklen_t length, char* host, socklen_t host_room, char* service,
                       socklen_t service_room, int flags) {
  const auto next = NEXT(getnameinfo);
  if (!is_unix(address, length)) return next(address, length, host, host_room, service, service_room, flags);
  if (length > longest_unix_address) return next(address, length, host, host_room, service, service_room, flags);
  union {
    sockaddr address;
    UnixAddressBuffer bytes;
  } own = {};  // libc reads the name up to its end
  socklen_t own_length = length;
  copy_address(&own, sizeof own.bytes, address, length);
  show_address(&own, own_length);
  return next(&own.address, own_length, host, host_room, service, service_room, flags);
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

}  // namespace devshm
