// SPDX-License-Identifier: MIT
//
// Sends and receives a message of some bytes and at most one descriptor (SCM_RIGHTS). Async-signal-safe and
// thread-safe.
#pragma once

#include "kernel.h"

namespace devshm::store {

class DescriptorMessage {
 public:
  /// The bytes must outlive it.
  DescriptorMessage(void* bytes, std::size_t size) : bytes_{bytes, size} {
    header_.msg_name = nullptr;
    header_.msg_namelen = 0;
    header_.msg_iov = &bytes_;
    header_.msg_iovlen = 1;
    header_.msg_control = nullptr;
    header_.msg_controllen = 0;
    header_.msg_flags = 0;
  }
  DescriptorMessage(const DescriptorMessage&) = delete;

  /// Sends the bytes, with a descriptor unless it is negative. Returns the number of bytes sent, or a negative errno.
  long send(int connection, int fd, int flags) {
    if (fd >= 0) {
      make_room();
      control()->cmsg_level = SOL_SOCKET;
      control()->cmsg_type = SCM_RIGHTS;
      control()->cmsg_len = CMSG_LEN(sizeof fd);
      __builtin_memcpy(CMSG_DATA(control()), &fd, sizeof fd);
    }
    return sys::call(SYS_sendmsg, connection, sys::word(&header_), flags);
  }

  /// Receives the bytes, and the descriptor into `fd`, which is -1 if none came. Returns the number of bytes received,
  /// 0 at the end, or a negative errno.
  long receive(int connection, int& fd, int flags) {
    make_room();
    header_.msg_controllen = CMSG_LEN(sizeof fd);  // with what fills up the last word there is room for a second one
    fd = -1;
    const long size = sys::call(SYS_recvmsg, connection, sys::word(&header_), flags);
    if (size < 0 || header_.msg_controllen < CMSG_LEN(sizeof fd)) return size;
    if (control()->cmsg_level == SOL_SOCKET && control()->cmsg_type == SCM_RIGHTS &&
        control()->cmsg_len == CMSG_LEN(sizeof fd))
      __builtin_memcpy(&fd, CMSG_DATA(control()), sizeof fd);
    return size;
  }

 private:
  struct cmsghdr* control() {
    return reinterpret_cast<struct cmsghdr*>(control_);
  }
  void make_room() {
    header_.msg_control = control_;
    header_.msg_controllen = sizeof control_;
  }

  struct iovec bytes_;
  struct msghdr header_;
  alignas(struct cmsghdr) char control_[CMSG_SPACE(sizeof(int))] = {};
};

}  // namespace devshm::store
