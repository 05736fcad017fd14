// SPDX-License-Identifier: MIT
#include <sys/eventfd.h>

#include <algorithm>

#include "../file_system.h"
#include "../protocol.h"
#include "operations.h"

namespace devshmd::op {
namespace {

void set_feature(fuse_conn_info& connection, unsigned feature, bool on) {
#if LIBFUSE_NEGOTIATES
  if (on)
    fuse_set_feature_flag(&connection, feature);
  else
    fuse_unset_feature_flag(&connection, feature);
#else
  if (on)
    connection.want |= connection.capable & feature;
  else
    connection.want &= ~feature;
#endif
}

/// Asks libfuse for what the handshake wants; see there.
void hand_over([[maybe_unused]] const Handshake& handshake, [[maybe_unused]] fuse_conn_info& connection) {
#if LIBFUSE_NEGOTIATES
  set_feature(connection, FUSE_CAP_HANDLE_KILLPRIV_V2, handshake.wants(protocol::kill_privileges));
  set_feature(connection, FUSE_CAP_PASSTHROUGH, handshake.wants(protocol::passthrough));
  connection.max_backing_stack_depth = 0;  // contents lie on the kernel's tmpfs, which is stacked on nothing
#ifdef FUSE_CAP_OVER_IO_URING
  // libfuse would take such requests in threads of its own, one for each processor, past the loop. A request that waits
  // for another one, as utimensat of a mapped file does, would wait for ever.
  set_feature(connection, FUSE_CAP_OVER_IO_URING, false);
#endif
#endif
}

}  // namespace

void init(void* userdata, fuse_conn_info* connection) {
  FileSystem& fs = *static_cast<FileSystem*>(userdata);
  // Nothing changes contents behind the kernel's back: what it has cached stays valid.
  set_feature(*connection, FUSE_CAP_AUTO_INVAL_DATA, false);
  set_feature(*connection, FUSE_CAP_EXPLICIT_INVAL_DATA, true);
  // O_TRUNC arrives as a setattr, as truncate does.
  set_feature(*connection, FUSE_CAP_ATOMIC_O_TRUNC, false);
  // Requests are small, and are read into memory: raw_request.h looks at them.
  set_feature(*connection, FUSE_CAP_SPLICE_READ, false);
  // `.` and `..` can be looked up, so file handles (name_to_handle_at) work.
  set_feature(*connection, FUSE_CAP_EXPORT_SUPPORT, true);
  // Without it the kernel asks for security.capability before each write, to drop set-id bits by itself.
  fs.drops_set_ids = fs.handshake.offers(protocol::kill_privileges);
  if (fs.drops_set_ids) fs.handshake.want(protocol::kill_privileges);
  // The text of a link never changes, but a recording needs a request for each time it is read.
  set_feature(*connection, FUSE_CAP_CACHE_SYMLINKS, !fs.recorder.on());
  connection->max_write = std::min<unsigned>(connection->max_write, largest_write);
  connection->time_gran = 1;
  Locked(fs).passthrough().negotiate(fs.handshake, fs.space);
  hand_over(fs.handshake, *connection);
  eventfd_write(fs.started, 1);
}

}  // namespace devshmd::op
