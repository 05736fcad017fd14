// SPDX-License-Identifier: MIT
//
// For the tests of names and links: what a link, a descriptor and libc say of where something is.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <string>

#include "scratch_overlay.h"

namespace {

inline std::string link_of(const std::string& path) {
  char text[PATH_MAX];
  const ssize_t length = readlink(path.c_str(), text, sizeof text);
  return length < 0 ? "errno " + std::to_string(errno) : std::string(text, static_cast<size_t>(length));
}

inline std::string fd_link(int fd) { return "/proc/self/fd/" + std::to_string(fd); }

/// Takes what libc has allocated.
inline std::string taken(char* path) {
  if (!path) return "errno " + std::to_string(errno);
  const std::string text = path;
  free(path);
  return text;
}

class File {
 public:
  explicit File(const std::string& path, int flags = O_RDWR | O_CREAT) : fd_(open(path.c_str(), flags, 0600)) {}
  ~File() { close(fd_); }
  File(const File&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

}  // namespace
