// SPDX-License-Identifier: MIT
//
// Names an open file by its descriptor: the path of its link in /proc (proc(5)). Reading the link gives the kernel's
// name of the file, and opening the link opens the file once more.
//
// Pure code: async-signal-safe, thread-safe, errno untouched.
#pragma once

#include "text.h"

namespace [[gnu::visibility("hidden")]] devshm {

class DescriptorPath {
 public:
  explicit DescriptorPath(int fd) { text_.add("/proc/self/fd/").add(fd); }
  const char* c_str() const { return text_.c_str(); }

 private:
  Line<32> text_;
};

}  // namespace devshm
