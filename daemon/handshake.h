// SPDX-License-Identifier: MIT
// Negotiates features with the kernel in INIT, the first request. The kernel's offer is read before libfuse sees the
// request. libfuse is asked for what the daemon wants. But 3.14 knows neither passthrough nor HANDLE_KILLPRIV_V2, so
// there the daemon puts them into libfuse's answer before the kernel gets it.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>

namespace devshmd {

class Handshake {
 public:
  /// A request as it was read; anything but INIT is ignored.
  void read_request(const void* request, std::size_t size);
  bool offers(std::uint64_t flag) const { return offered_ & flag; }
  bool wants(std::uint64_t flag) const { return wanted_ & flag; }
  void want(std::uint64_t flag) { wanted_ |= flag; }

  /// An answer before it is written; anything but that to INIT stays as it is.
  void complete_reply(const iovec* parts, int count);

 private:
  std::uint64_t offered_ = 0, wanted_ = 0;
  std::uint64_t request_ = 0;  ///< number of the request that has no answer yet; 0: none
};

}  // namespace devshmd
