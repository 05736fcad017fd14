// SPDX-License-Identifier: MIT
#include "handshake.h"

#include "protocol.h"

namespace devshmd {

void Handshake::read_request(const void* request, std::size_t size) {
  // The kernel's INIT has flags2 since 7.36, behind what libfuse's own header may know.
  struct InitIn {
    std::uint32_t major, minor, max_readahead, flags, flags2;
  };
  const auto* header = static_cast<const fuse_in_header*>(request);
  if (size < sizeof *header + offsetof(InitIn, flags2) || header->opcode != FUSE_INIT) return;
  const auto* init = reinterpret_cast<const InitIn*>(header + 1);
  request_ = header->unique;
  offered_ = init->flags;
  if ((init->flags & protocol::flags2_used) && size >= sizeof *header + sizeof *init)
    offered_ |= static_cast<std::uint64_t>(init->flags2) << 32;
}

void Handshake::complete_reply(const iovec* parts, int count) {
  if (!request_ || count < 2 || parts[0].iov_len != sizeof(fuse_out_header)) return;
  const auto* header = static_cast<const fuse_out_header*>(parts[0].iov_base);
  if (header->unique != request_) return;
  request_ = 0;
  if (header->error || parts[1].iov_len < sizeof(protocol::InitOut)) return;
  auto* out = static_cast<protocol::InitOut*>(parts[1].iov_base);
  out->flags |= static_cast<std::uint32_t>(wanted_);
  if (const auto upper = static_cast<std::uint32_t>(wanted_ >> 32)) {
    out->flags |= static_cast<std::uint32_t>(protocol::flags2_used);
    out->flags2 |= upper;
  }
  if (wanted_ & protocol::passthrough)
    out->max_stack_depth = 1;  // contents lie on the kernel's tmpfs, which is stacked on nothing
}

}  // namespace devshmd
