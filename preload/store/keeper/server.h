// SPDX-License-Identifier: MIT
//
// Serves the keeper's socket. It answers one request per connection, and never waits for a client: it keeps a few
// connections at a time, drops the oldest when one more arrives, and drops those that are silent for long.
#pragma once

#include <poll.h>

#include "pool.h"

namespace devshm::store {

class Server {
 public:
  static constexpr unsigned most_connections = 8;
  /// The most entries that poll_descriptors() writes.
  static constexpr unsigned most_descriptors = most_connections + 1;

  Server(const Root& root, const Objects& objects, Pool& pool) : root_(root), objects_(objects), pool_(pool) {}
  Server(const Server&) = delete;

  /// Begins to listen. Returns 0, or a negative errno.
  int begin();
  int listening_fd() const { return listening_; }
  /// For a twin that takes over: forgets the dead keeper's connections, which are closed.
  void forget_connections();

  /// Writes the descriptors to poll to `out`. Returns how many there are.
  unsigned poll_descriptors(struct pollfd* out) const;
  /// Serves what is ready. `ready` is what poll_descriptors() has written.
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
