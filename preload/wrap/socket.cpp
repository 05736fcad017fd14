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
using devshm::sys::word;

extern "C" {
ssize_t __recvfrom_chk(int, void*, size_t, size_t, int, struct sockaddr*, socklen_t*);
}

namespace devshm {
namespace {

// An int or a ssize_t: none of these calls has more to say than an int can (the kernel's MAX_RW_COUNT), and what an int
// leaves in the upper half of a word is nobody's.
int as_int(long result) { return static_cast<int>(result); }

}  // namespace

long send_to(const char* function, const sockaddr* address, socklen_t length, SendCall call) {
  const OutgoingAddress to(address, length);
  if (to.error()) return fail_with<long>(to.error());
  const long result = call(to.address(), to.length());
  to.log(function);
  return as_int(result) == -1 && errno == ENOENT && to.was_remade() ? call(to.address(), to.length()) : result;
}

long receive_from(sockaddr* out, socklen_t* length, ReceiveCall call) {
  // A length that is null or negative is the kernel's to refuse.
  if (!out || !length || static_cast<int>(*length) < 0) return call(out, length);
  const socklen_t room = *length;
  if (!is_short(out, room)) {
    const long result = call(out, length);
    if (as_int(result) >= 0) show_if_unix(out, *length);
    return result;
  }
  union {
    sockaddr address;
    UnixAddressBuffer bytes;
  } own;
  socklen_t own_length = sizeof own.bytes;
  const long result = call(&own.address, &own_length);
  if (as_int(result) >= 0) {
    show_if_unix(&own, own_length);
    copy_address(out, room, &own, own_length);
    *length = own_length;
  }
  return result;
}

}  // namespace devshm

namespace {

/// A call with an address among its arguments, and behind it the address's length, or where that is.
class AddressCall {
 public:
  AddressCall(devshm::Slot& slot, const devshm::Wrapper& wrapper, long (&words)[6])
      : slot_(slot), wrapper_(wrapper), words_(words), at_(words + wrapper.places.of[0].index) {}

  const char* name() const { return wrapper_.real.name(); }
  long address() const { return at_[0]; }
  long length() const { return at_[1]; }
  long make(const void* address, long length) const {
    at_[0] = word(address);
    at_[1] = length;
    const long* w = words_;
    return reinterpret_cast<devshm::WordFunction>(find(slot_, wrapper_.real))(w[0], w[1], w[2], w[3], w[4], w[5]);
  }

 private:
  devshm::Slot& slot_;
  const devshm::Wrapper& wrapper_;
  long (&words_)[6];
  long* at_;
};

}  // namespace

// Called by entry_<architecture>.S, with words of its own.
extern "C" {

[[gnu::used]] long devshm_name_socket(devshm::Slot& slot, const devshm::Wrapper& wrapper, long (&words)[6]) {
  const AddressCall call(slot, wrapper, words);
  return send_to(call.name(), reinterpret_cast<sockaddr*>(call.address()), static_cast<socklen_t>(call.length()),
                 [&](const sockaddr* to, socklen_t size) { return call.make(to, size); });
}

[[gnu::used]] long devshm_tell_socket(devshm::Slot& slot, const devshm::Wrapper& wrapper, long (&words)[6]) {
  const AddressCall call(slot, wrapper, words);
  return receive_from(reinterpret_cast<sockaddr*>(call.address()), reinterpret_cast<socklen_t*>(call.length()),
                      [&](sockaddr* from, socklen_t* size) { return call.make(from, word(size)); });
}
}  // extern "C"

// ---- Names that the program gives ----

NAMES_SOCKET(bind, 2);
NAMES_SOCKET(connect, 2);
ALIAS(__connect, connect);
NAMES_SOCKET(sendto, 5);

namespace {

/// The message with another address. The caller's own stays as it is.
struct msghdr readdressed(struct msghdr message, const struct sockaddr* to, socklen_t size) {
  message.msg_name = const_cast<sockaddr*>(to);
  message.msg_namelen = size;
  return message;
}

auto next_sendmsg() { return NEXT(sendmsg); }
auto next_sendmmsg() { return NEXT(sendmmsg); }

/// A message to an AF_UNIX name.
[[gnu::cold, gnu::noinline]] ssize_t send_message(const char* function, int fd, const struct msghdr& message,
                                                  int flags) {
  return send_to(function, static_cast<const sockaddr*>(message.msg_name), message.msg_namelen,
                 [&](const sockaddr* to, socklen_t size) {
                   const struct msghdr copy = readdressed(message, to, size);
                   return next_sendmsg().get()(fd, &copy, flags);
                 });
}

/// The first of them, to an AF_UNIX name, as the kernel's sendmmsg sends each: like sendmsg.
int send_one(int fd, struct mmsghdr* messages, int flags) {
  const ssize_t sent = send_message(next_sendmmsg().name(), fd, messages->msg_hdr, flags);
  if (sent < 0) return -1;
  messages->msg_len = static_cast<unsigned>(sent);
  return 1;
}

/// In runs, as sendmmsg may send fewer than it was given: the ordinary ones together, those to AF_UNIX names one
/// by one.
[[gnu::cold, gnu::noinline]] int sendmmsg_in_runs(int fd, struct mmsghdr* messages, unsigned count, int flags) {
  constexpr unsigned most = 1024;  // UIO_MAXIOV, the kernel's own limit
  if (count > most) count = most;
  unsigned sent = 0;
  while (sent < count) {
    const unsigned run = devshm::count_ordinary(messages + sent, count - sent);
    const int error = errno;
    const int result =
        run ? next_sendmmsg().get()(fd, messages + sent, run, flags) : send_one(fd, messages + sent, flags);
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
  if (__builtin_expect(!message || !devshm::is_unix(message->msg_name, message->msg_namelen), 1))
    return next.get()(fd, message, flags);
  return send_message(next.name(), fd, *message, flags);
}

EXPORT int sendmmsg(int fd, struct mmsghdr* messages, unsigned count, int flags) {
  if (__builtin_expect(messages && devshm::count_ordinary(messages, count) < count, 0))
    return sendmmsg_in_runs(fd, messages, count, flags);
  return next_sendmmsg().get()(fd, messages, count, flags);
}

// ---- Names that the kernel tells ----

TELLS_SOCKET(accept, 2);
TELLS_SOCKET(accept4, 2);
TELLS_SOCKET(getsockname, 2);
TELLS_SOCKET(getpeername, 2);
TELLS_SOCKET(recvfrom, 5);

// _FORTIFY_SOURCE: libc's own ends the program if the buffer is shorter than the count. The last of its seven arguments
// is not a register everywhere.
IF_GIVEN(6, ssize_t, __recvfrom_chk, int fd, void* data, size_t count, size_t room, int flags, struct sockaddr* out,
         socklen_t* length) {
  const auto real = REAL(__recvfrom_chk).get();
  return receive_from(out, length,
                      [=](sockaddr* from, socklen_t* size) { return real(fd, data, count, room, flags, from, size); });
}

namespace {

bool is_short(const struct msghdr& message) { return devshm::is_short(message.msg_name, message.msg_namelen); }

auto next_recvmsg() { return NEXT(recvmsg); }
auto next_recvmmsg() { return NEXT(recvmmsg); }

[[gnu::noinline]] ssize_t recvmsg_named(int fd, struct msghdr* message, int flags) {
  const auto real = next_recvmsg().get();
  if (!is_short(*message)) {
    const ssize_t result = real(fd, message, flags);
    if (result >= 0) devshm::show_if_unix(message->msg_name, message->msg_namelen);
    return result;
  }
  devshm::OwnAddress own;
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
  devshm::OwnAddress own[most];
  struct mmsghdr copies[most];
  if (count > most) count = most;
  for (unsigned i = 0; i < count; ++i) copies[i] = {own[i].borrow(messages[i].msg_hdr), messages[i].msg_len};
  const int received = next_recvmmsg().get()(fd, copies, count, flags, timeout);
  for (int i = 0; i < received; ++i) {
    own[i].give_back(messages[i].msg_hdr, copies[i].msg_hdr);
    messages[i].msg_len = copies[i].msg_len;
  }
  return received;
}

}  // namespace

EXPORT ssize_t recvmsg(int fd, struct msghdr* message, int flags) {
  if (__builtin_expect(!message || !message->msg_name, 1)) return next_recvmsg().get()(fd, message, flags);
  return recvmsg_named(fd, message, flags);
}

EXPORT int recvmmsg(int fd, struct mmsghdr* messages, unsigned count, int flags, struct timespec* timeout) {
  bool any_named = false, any_short = false;
  for (unsigned i = 0; messages && i < count; ++i) {
    any_named |= messages[i].msg_hdr.msg_name != nullptr;
    any_short |= is_short(messages[i].msg_hdr);
  }
  if (!any_named) return next_recvmmsg().get()(fd, messages, count, flags, timeout);
  if (any_short && is_unix_socket(fd)) return recvmmsg_by_copy(fd, messages, count, flags, timeout);
  const int received = next_recvmmsg().get()(fd, messages, count, flags, timeout);
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
