// SPDX-License-Identifier: MIT
//
// The file system as it is, past the library: raw system calls, and their answers as text. An object of the memory
// store is shown as the file that it stands for.
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include <string>

#include "raw.h"

namespace parity {

/// Calls `visit` with the name of each entry.
template <class Visit>
inline void for_each_entry(const std::string& dir, Visit visit) {
  const long fd = raw(SYS_openat, AT_FDCWD, dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  alignas(dirent64) char buffer[8192];
  for (;;) {
    const long size = raw(SYS_getdents64, fd, buffer, sizeof buffer);
    if (size <= 0) break;
    for (long at = 0; at < size;) {
      const auto* entry = reinterpret_cast<const dirent64*>(buffer + at);
      at += entry->d_reclen;
      if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) visit(std::string(entry->d_name));
    }
  }
  raw(SYS_close, fd);
}

/// lstat; false if there is nothing.
bool look(const std::string& path, struct stat& out);

void remove_all(const std::string& path);

/// The first bytes of a file, in quotes.
std::string content_of(const std::string& path);
std::string link_text_of(const std::string& path);
/// The extended attributes, each with a space before it.
std::string attributes_of(const std::string& path);

}  // namespace parity
