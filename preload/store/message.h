// SPDX-License-Identifier: MIT
//
// What is asked of the keeper by its socket, ROOT/socket (AF_UNIX, SOCK_SEQPACKET): one request a connection.
#pragma once

#include <cstdint>

namespace devshm::store {

enum class Wish : std::uint32_t {
  refill = 0x64657601,  ///< fill the pool now; for the keeper's own user
  open = 0x64657602,    ///< a descriptor of an object, as its mode allows it to the one that asks
};

struct Request {
  Wish wish;
  std::int32_t flags;  ///< as open(2)'s; O_ACCMODE, O_APPEND and O_PATH count
  std::uint64_t generation;
  std::uint32_t number;
  std::uint32_t reserved;
  std::uint64_t token;  ///< link_token.h; the keeper's own user and root need none
};

/// With the descriptor (SCM_RIGHTS) if the wish was `open` and the result is 0.
struct Reply {
  std::int32_t result;  ///< 0 or a negative errno; for `refill`, -ENOSPC: the keeper can hold no more
};

/// How long somebody waits for an answer: a keeper that is stopped must not stop others.
inline constexpr long reply_milliseconds = 1000;

}  // namespace devshm::store
