// SPDX-License-Identifier: MIT
#include "watch_list.h"

#include "../kernel.h"
#include "../short_text.h"
#include "objects.h"

namespace devshm::store {
namespace {

constexpr char head[] = "inotify wd:";
constexpr std::size_t head_length = sizeof head - 1;
constexpr std::size_t most_watches = most_objects + 16;

}  // namespace

WatchList::WatchList(int inotify) {
  watches_ = static_cast<std::int32_t*>(sys::allocate(most_watches * sizeof *watches_));
  if (!watches_) return;
  capacity_ = most_watches;
  const auto path = ShortText<48>().add("/proc/self/fdinfo/").add(static_cast<unsigned long>(inotify));
  const sys::Descriptor list(sys::openat(AT_FDCWD, path.c_str(), O_RDONLY | O_CLOEXEC));
  if (list.is_open()) read_from(list.get());
}

WatchList::~WatchList() {
  if (watches_) sys::munmap(watches_, capacity_ * sizeof *watches_);
}

void WatchList::add(int watch) {
  if (count_ < capacity_) watches_[count_++] = watch;
}

/// "inotify wd:1f ino:..." in lines of any length.
void WatchList::read_from(int fd) {
  char memory[2048];
  std::size_t matched = 0;  // letters of the head; all of them: the number is being read
  std::uint32_t number = 0;
  bool at_start = true;  // of a line, or all that was read of it is the beginning of the head
  for (;;) {
    const long size = sys::read(fd, memory, sizeof memory);
    if (size < 0) return;
    if (size == 0) break;
    for (long i = 0; i < size; ++i) {
      const char letter = memory[i];
      if (letter == '\n') {
        at_start = true;
        matched = 0;
      } else if (at_start && matched < head_length) {
        at_start = letter == head[matched++];
        number = 0;
      } else if (at_start) {
        const bool is_digit = letter >= '0' && letter <= '9';
        if (is_digit || (letter >= 'a' && letter <= 'f')) {
          number = number << 4 | static_cast<std::uint32_t>(is_digit ? letter - '0' : letter - 'a' + 10);
        } else {
          add(static_cast<int>(number));
          at_start = false;
        }
      }
    }
  }
  complete_ = count_ < capacity_;
}

bool WatchList::has(int watch) const {
  // The kernel promises no order; compare all, which are few.
  for (std::size_t i = 0; i < count_; ++i)
    if (watches_[i] == watch) return true;
  return false;
}

}  // namespace devshm::store
