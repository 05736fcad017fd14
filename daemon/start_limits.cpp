// SPDX-License-Identifier: MIT
#include "start_limits.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <climits>

#include "memory_file.h"
#include "size.h"

namespace devshmd {
namespace {

std::uint64_t memory_pages() { return static_cast<std::uint64_t>(std::max(1L, sysconf(_SC_PHYS_PAGES))); }

}  // namespace

unsigned raise_descriptor_limit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  getrlimit(RLIMIT_NOFILE, &limit);
  return static_cast<unsigned>(std::min<rlim_t>(limit.rlim_cur, INT_MAX));
}

Space space_for(const Options& options) {
  const std::uint64_t pages = memory_pages(), inodes = options.inodes.value_or(pages / 2);
  if (!options.size) return {pages / 2, inodes, false};
  const std::uint64_t size = *parse_size(*options.size, pages * page_size);
  return {pages_of(size), inodes, size != 0};
}

}  // namespace devshmd
