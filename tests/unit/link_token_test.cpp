// SPDX-License-Identifier: MIT
#include "../../preload/store/link_token.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

using devshm::store::mark_of;

namespace {

/// What a function finds on the stack that looks at more than it was given.
[[gnu::noinline]] void fill_stack(unsigned char byte) {
  volatile unsigned char room[4096];
  for (volatile unsigned char& at : room) at = byte;
}

/// The mark, by a call from the middle of what has been filled.
[[gnu::noinline]] struct timespec mark_further_down(int fd) {
  volatile int room[32];
  room[0] = fd;
  const struct timespec mark = mark_of(fd);
  return room[0] == fd ? mark : timespec{};
}

TEST(Mark, IsTheObjects) {
  const int fd = memfd_create("a", 0), other = memfd_create("b", 0);
  fill_stack(0);
  const struct timespec mark = mark_further_down(fd);
  fill_stack(0xa5);
  const struct timespec again = mark_further_down(fd), others = mark_further_down(other);
  EXPECT_NE(mark.tv_sec, 0);
  EXPECT_EQ(mark.tv_sec, again.tv_sec);
  EXPECT_EQ(mark.tv_nsec, again.tv_nsec);
  EXPECT_FALSE(mark.tv_sec == others.tv_sec && mark.tv_nsec == others.tv_nsec);
  close(fd);
  close(other);
}

TEST(Mark, ThereIsNoneOfWhatIsNotOpen) { EXPECT_EQ(mark_of(-1).tv_sec, 0); }

}  // namespace
