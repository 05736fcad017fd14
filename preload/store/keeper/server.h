// SPDX-License-Identifier: MIT
//
// The keeper's socket. It answers one request a connection, without ever waiting for anybody: a few connections at a
// time, the oldest of which goes when one more comes, and none that says nothing for long.
#pragma once

#include <poll.h>

#include "pool.h"

namespace devshm::store {

class Server {
 public:
  static constexpr unsigned most_connections = 8;
  /// What poll_descriptors() needs at most.
  static constexpr unsigned most_descriptors = most_connections + 1;

  Server(const Root& root, const Objects& objects, Pool& pool) : root_(root), objects_(objects), pool_(pool) {}
  Server(const Server&) = delete;

  /// Listens. 0, or a negative errno.
  int begin();
  int listening_fd() const { return listening_; }
  /// In a twin that takes over: they were those of the one that is dead, and are closed.
  void forget_connections();

  /// Puts what is to be polled at `out`. Returns how many.
  unsigned poll_descriptors(struct pollfd* out) const;
  /// Serves what is ready, as poll_descriptors() gave it.
  void serve(const struct pollfd* ready, unsigned count);
  bool has_connections() const;

 private:
  struct Connection {
    int fd = -1;
    long since = 0;
  };
  void accept();
  void answer(Connection& connection);
  static void close(Connection& connection);

  const Root& root_;
  const Objects& objects_;
  Pool& pool_;
  int listening_ = -1;
  Connection connections_[most_connections];
};

}  // namespace devshm::store
