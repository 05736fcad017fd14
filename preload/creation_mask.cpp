// SPDX-License-Identifier: MIT
#include "creation_mask.h"

#include <atomic>
#include <cstdint>

#include "sys.h"
#include "text.h"

namespace devshm {
namespace {

/// The process id, with the mask in the lower bits; 0: nothing is remembered.
constinit std::atomic<std::uint64_t> remembered{0};
constexpr unsigned mask_bits = 16;

mode_t read_mask() {
  constexpr mode_t usual = 022;
  // The thread's own file, because a thread may have its own mask (unshare(2), CLONE_FS).
  const int fd = sys::openat(AT_FDCWD, "/proc/thread-self/status", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return usual;
  char text[128];  // it is in the second line
  const long size = sys::read(fd, text, sizeof text - 1);
  sys::close(fd);
  if (size <= 0) return usual;
  text[size] = '\0';
  const char* line = find_letter(text, '\n');
  if (!*line || !begins_with(line + 1, "Umask:\t")) return usual;
  mode_t mask = 0;
  for (const char* digit = line + sizeof "Umask:\t"; *digit >= '0' && *digit <= '7'; ++digit)
    mask = mask << 3 | static_cast<mode_t>(*digit - '0');
  return mask & 0777;
}

}  // namespace

mode_t creation_mask() {
  const std::uint64_t known = remembered.load(std::memory_order_relaxed);
  if (known && known >> mask_bits == static_cast<std::uint64_t>(sys::getpid())) return known & 0777;
  const mode_t mask = read_mask();
  remember_creation_mask(mask);
  return mask;
}

void remember_creation_mask(mode_t mask) {
  const auto process = static_cast<std::uint64_t>(sys::getpid());
  remembered.store(process << mask_bits | (mask & 0777), std::memory_order_relaxed);
}

}  // namespace devshm
