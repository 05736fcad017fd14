// SPDX-License-Identifier: MIT
#include "server.h"

#include <errno.h>

#include "../descriptor_message.h"
#include "../kernel.h"
#include "../message.h"
#include "../socket_place.h"
#include "permission.h"

namespace devshm::store {
namespace {

constexpr int backlog = 128;
constexpr long silent_milliseconds = 1000;

void send_reply(int connection, int result, int fd) {
  Reply reply = {result};
  DescriptorMessage(&reply, sizeof reply).send(connection, fd, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/// Opens an object for a caller, if its mode allows it. Returns a descriptor, or a negative errno.
int open_for(const Peer& peer, const Objects& objects, const Request& request) {
  const ObjectName name = {request.generation, request.number};
  if (!objects.has(name)) return -ENOENT;
  if (!peer.is_user(sys::geteuid()) && !objects.admits(name, request.token)) return -EACCES;
  // O_PATH needs no permission on the file itself.
  if (request.flags & O_PATH) return sys::fcntl(static_cast<int>(name.number), F_DUPFD_CLOEXEC, 0);
  struct stat object;
  if (const int error = sys::fstat(static_cast<int>(name.number), &object)) return error;
  if (!peer.may_open(object, request.flags)) return -EACCES;
  const auto path = descriptor_path(static_cast<int>(name.number));
  return sys::openat(AT_FDCWD, path.c_str(), (request.flags & (O_ACCMODE | O_APPEND)) | O_CLOEXEC | O_NONBLOCK);
}

}  // namespace

int Server::begin() {
  struct sockaddr_un address;
  if (!put_socket_address(root_, address)) return -ENAMETOOLONG;
  listening_ = static_cast<int>(sys::call(SYS_socket, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (listening_ < 0) return listening_;
  sys::unlink(address.sun_path);
  if (const long error = sys::call(SYS_bind, listening_, sys::word(&address), sizeof address))
    return static_cast<int>(error);
  sys::chmod(address.sun_path, 0666);
  return static_cast<int>(sys::call(SYS_listen, listening_, backlog));
}

void Server::close(Connection& connection) {
  sys::close(connection.fd);
  connection.fd = -1;
}

void Server::forget_connections() {
  for (Connection& connection : connections_) connection.fd = -1;
}

bool Server::has_connections() const {
  for (const Connection& connection : connections_)
    if (connection.fd >= 0) return true;
  return false;
}

unsigned Server::poll_descriptors(struct pollfd* out) const {
  unsigned count = 0;
  out[count++] = {listening_, POLLIN, 0};
  for (const Connection& connection : connections_)
    if (connection.fd >= 0) out[count++] = {connection.fd, POLLIN, 0};
  return count;
}

void Server::serve(const struct pollfd* ready, unsigned count) {
  for (unsigned i = 1; i < count; ++i)
    for (Connection& connection : connections_)
      if (connection.fd == ready[i].fd && ready[i].revents) answer(connection);
  const long now = sys::monotonic_milliseconds();
  for (Connection& connection : connections_)
    if (connection.fd >= 0 && now - connection.since > silent_milliseconds) close(connection);
  if (ready[0].revents) accept();
}

void Server::accept() {
  const int fd = static_cast<int>(sys::call(SYS_accept4, listening_, 0, 0, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (fd < 0) {
    // If the system has no file left, or a filter refuses it, the connection stays, and poll returns at once.
    if (fd != -EAGAIN) sys::sleep_microseconds(sys::refused_microseconds);
    return;
  }
  if (fd >= static_cast<int>(first_number)) {
    sys::close(fd);
    return;
  }
  Connection* place = &connections_[0];
  for (Connection& connection : connections_)
    if (connection.fd < 0 || (place->fd >= 0 && connection.since < place->since)) place = &connection;
  if (place->fd >= 0) close(*place);
  *place = {fd, sys::monotonic_milliseconds()};
}

void Server::answer(Connection& connection) {
  Request request;
  const long size = sys::call(SYS_recvfrom, connection.fd, sys::word(&request), sizeof request, MSG_DONTWAIT, 0, 0);
  if (size == -EAGAIN) return;
  const Peer peer(connection.fd);
  if (size == sizeof request && peer.is_known()) {
    if (request.wish == Wish::open) {
      const sys::Descriptor object(open_for(peer, objects_, request));
      send_reply(connection.fd, object.is_open() ? 0 : object.get(), object.get());
    } else if (request.wish == Wish::refill && peer.is_user(sys::geteuid())) {
      pool_.read_events();
      send_reply(connection.fd, pool_.fill(Pool::urgent) || pool_.has_entries() ? 0 : -ENOSPC, -1);
    } else {
      send_reply(connection.fd, -EPERM, -1);
    }
  }
  close(connection);
}

}  // namespace devshm::store
