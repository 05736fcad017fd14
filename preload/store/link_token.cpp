// SPDX-License-Identifier: MIT
#include "link_token.h"

namespace devshm::store {
namespace {

constexpr std::uint64_t billion = 1000000000;
// 2029 and later, so that nothing takes a link for an old file and removes it. The access time is always the later one:
// a link that is followed after it has changed gets a new access time otherwise (mount(8), relatime).
constexpr time_t first_of_modification = 0x70000000;
constexpr time_t first_of_access = 0x78000000;

/// Makes a time of 57 of the bits.
struct timespec time_from(std::uint64_t bits, time_t first) {
  return {first + static_cast<time_t>(bits >> 37), static_cast<long>((bits & 0x1fffffffff) % billion)};
}

}  // namespace

struct timespec mark_of(int fd) {
  constexpr unsigned most_bytes = 16;
  struct {
    unsigned bytes;
    int type;
    unsigned char handle[most_bytes];
  } found;
  found.bytes = most_bytes;
  int mount;
  if (sys::call(SYS_name_to_handle_at, fd, sys::word(""), sys::word(&found), sys::word(&mount), AT_EMPTY_PATH) != 0)
    return {0, 0};
  std::uint64_t hash = found.bytes;
  for (unsigned i = 0; i < found.bytes && i < most_bytes; ++i) hash = (hash ^ found.handle[i]) * 0x100000001b3u;
  return time_from(sys::mixed(hash), first_of_access);
}

bool is_marked(int fd, const struct timespec& time) {
  if (time.tv_sec < first_of_access) return false;
  const struct timespec mark = mark_of(fd);
  return mark.tv_sec == time.tv_sec && mark.tv_nsec == time.tv_nsec;
}

LinkToken set_times(const char* link, int object) {
  struct timespec times[2] = {mark_of(object), time_from(sys::random_word(), first_of_modification)};
  if (!times[0].tv_sec) times[0] = {0x7fffffff, billion - 1};
  struct stat found;
  if (sys::utimensat(AT_FDCWD, link, times, AT_SYMLINK_NOFOLLOW) != 0) return 0;
  return sys::fstatat(AT_FDCWD, link, &found, AT_SYMLINK_NOFOLLOW) == 0 ? token_of(found) : 0;
}

}  // namespace devshm::store
