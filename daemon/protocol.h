// SPDX-License-Identifier: MIT
// Declares the parts of the kernel's FUSE protocol that Debian 12's <linux/fuse.h> lacks (Linux 6.9, protocol 7.40).
#pragma once

#include <linux/fuse.h>
#include <sys/ioctl.h>

#include <cstdint>

namespace devshmd::protocol {

/// A flag of INIT, as one number: the upper half goes into flags2.
constexpr std::uint64_t passthrough = UINT64_C(1) << 37;
constexpr std::uint64_t flags2_used = UINT64_C(1) << 30;      ///< FUSE_INIT_EXT
constexpr std::uint64_t no_opendir = UINT64_C(1) << 24;       ///< FUSE_NO_OPENDIR_SUPPORT
constexpr std::uint64_t kill_privileges = UINT64_C(1) << 28;  ///< FUSE_HANDLE_KILLPRIV_V2

/// fuse_init_out up to the end of what is used here.
struct InitOut {
  std::uint32_t major, minor, max_readahead, flags;
  std::uint16_t max_background, congestion_threshold;
  std::uint32_t max_write, time_gran;
  std::uint16_t max_pages, map_alignment;
  std::uint32_t flags2, max_stack_depth;
};

constexpr std::uint32_t open_passthrough = 1u << 7;  ///< FOPEN_PASSTHROUGH

struct OpenOut {  ///< fuse_open_out
  std::uint64_t fh;
  std::uint32_t open_flags;
  std::int32_t backing_id;
};

struct BackingMap {  ///< fuse_backing_map
  std::int32_t fd;
  std::uint32_t flags;
  std::uint64_t padding;
};
constexpr unsigned long open_backing = _IOW(229, 1, BackingMap);      ///< FUSE_DEV_IOC_BACKING_OPEN
constexpr unsigned long close_backing = _IOW(229, 2, std::uint32_t);  ///< FUSE_DEV_IOC_BACKING_CLOSE

}  // namespace devshmd::protocol
