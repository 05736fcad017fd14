// SPDX-License-Identifier: MIT
#include "ask.h"

#include <errno.h>

#include "descriptor_message.h"
#include "kernel.h"
#include "message.h"
#include "socket_place.h"

namespace devshm::store {
namespace {

/// A connected socket, or a negative errno: -ECONNREFUSED if nobody listens.
int connect_to(const Root& root, sys::Patience& patience) {
  struct sockaddr_un address;
  if (!put_socket_address(root, address)) return -ENAMETOOLONG;
  const int fd = static_cast<int>(sys::call(SYS_socket, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (fd < 0) return fd;
  for (;;) {
    const long result = sys::call(SYS_connect, fd, sys::word(&address), sizeof address);
    if (result == 0) return fd;
    // The backlog is full: the keeper has not accepted the connection yet.
    if (result != -EAGAIN || !patience.wait()) {
      sys::close(fd);
      return result == -ENOENT ? -ECONNREFUSED : result == -EAGAIN ? -ETIMEDOUT : static_cast<int>(result);
    }
  }
}

/// Sends a request and waits for the answer. Returns the descriptor that came with it, or else the reply's result.
int ask(const Root& root, const Request& request, int receive_flags, sys::Patience& patience) {
  const sys::Descriptor connection(connect_to(root, patience));
  if (!connection.is_open()) return connection.get();
  const long sent = sys::call(SYS_sendto, connection.get(), sys::word(&request), sizeof request, MSG_NOSIGNAL, 0, 0);
  if (sent != sizeof request) return sent < 0 ? static_cast<int>(sent) : -EIO;

  if (const int error = patience.wait_for_input(connection.get())) return error;
  Reply reply = {-EIO};
  int fd;
  const long received = DescriptorMessage(&reply, sizeof reply).receive(connection.get(), fd, receive_flags);
  if (received == 0) return -ECONNRESET;
  if (received < 0) return static_cast<int>(received);
  if (fd >= 0) return fd;
  // Nobody vouches for another user's keeper: its result must not be taken for a descriptor of this process.
  return reply.result > 0 || reply.result < -4095 ? -EIO : reply.result;
}

}  // namespace

bool answers(const Root& root) {
  sys::Patience none(0);
  const sys::Descriptor connection(connect_to(root, none));
  return connection.is_open() || connection.get() == -ETIMEDOUT;  // it is there, but its backlog is full
}

int ask_for_refill(const Root& root) {
  sys::Patience patience(reply_milliseconds);
  return ask(root, {Wish::refill, 0, 0, 0, 0, 0}, 0, patience);
}

int ask_for_object(const Root& root, const ObjectName& object, int flags, LinkToken token, sys::Patience& patience) {
  const int wanted = flags & (O_ACCMODE | O_APPEND | O_PATH);
  const Request request = {Wish::open, wanted, object.generation, object.number, 0, token};
  const int result = ask(root, request, flags & O_CLOEXEC ? MSG_CMSG_CLOEXEC : 0, patience);
  return result == 0 ? -EIO : result;  // success, but without a descriptor
}

}  // namespace devshm::store
