// SPDX-License-Identifier: MIT
//
// Defines the messages on the keeper's socket, ROOT/socket (AF_UNIX, SOCK_SEQPACKET): one request per connection.
#pragma once

#include <cstdint>

namespace devshm::store {

enum class Wish : std::uint32_t {
  refill = 0x64657601,  ///< fill the pool now; for the keeper's own user
  open = 0x64657602,    ///< send a descriptor of an object, if its mode allows it to the caller
};

struct Request {
  Wish wish;
  std::int32_t flags;  ///< as open(2)'s; O_ACCMODE, O_APPEND and O_PATH count
  std::uint64_t generation;
  std::uint32_t number;
  std::uint32_t reserved;
  std::uint64_t token;  ///< link_token.h; the keeper's own user and root need none
};

/// The answer; with the descriptor (SCM_RIGHTS) if the request was `open` and the result is 0.
struct Reply {
  std::int32_t result;  ///< 0 or a negative errno; for `refill`, -ENOSPC: the keeper can hold no more
};

/// How long a caller waits for an answer if it can do without one, because a stopped keeper must not stop others.
inline constexpr long reply_milliseconds = 1000;

}  // namespace devshm::store
