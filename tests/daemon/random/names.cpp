// SPDX-License-Identifier: MIT
// Operations on names.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "worker.h"

void Worker::create() {
  what_ = "create";
  const std::string as = name();
  const int fd = open(as.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600 + static_cast<int>(below(64)));
  if (names_.count(as)) return expect(fd < 0 && errno == EEXIST, "made twice");
  expect(fd >= 0, "open");
  auto file = std::make_shared<File>();
  file->fd = fd;
  file->links = 1;
  names_[as] = file;
}

void Worker::make_unnamed() {
  what_ = "O_TMPFILE";
  auto file = std::make_shared<File>();
  file->fd = open(".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  // Not before libfuse 3.17. The sequence has to be the same everywhere, so another way to it.
  if (file->fd < 0 && errno == EOPNOTSUPP) {
    file->fd = open("unnamed", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    expect(unlink("unnamed") == 0, "unlink");
  }
  expect(file->fd >= 0, "open");
  nameless_.push_back(file);
  write(*file);
}

void Worker::remove() {
  what_ = "unlink";
  const std::string which = name();
  const int result = unlink(which.c_str());
  const auto found = names_.find(which);
  if (found == names_.end()) return expect(result < 0 && errno == ENOENT, "removed what was not there");
  expect(result == 0, "unlink");
  const Held file = found->second;
  names_.erase(found);
  lost(file);
  verify(*file);
}

void Worker::add_name(const Held& file) {
  what_ = "link";
  const std::string as = name();
  const std::string from = "/proc/self/fd/" + std::to_string(file->fd);
  if (file->links == 0) return;  // only O_TMPFILE's may come back, where there is that
  const int result = linkat(AT_FDCWD, from.c_str(), AT_FDCWD, as.c_str(), AT_SYMLINK_FOLLOW);
  if (names_.count(as)) return expect(result < 0 && errno == EEXIST, "linked over a name");
  expect(result == 0, "linkat");
  ++file->links;
  names_[as] = file;
  verify(*file);
}

void Worker::rename() {
  what_ = "rename";
  const std::string from = name(), to = name();
  const unsigned flags = static_cast<unsigned>(below(3));  // none, NOREPLACE, EXCHANGE
  const int result = renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), flags);
  const bool there = names_.count(from), over = names_.count(to);
  if (!there)
    return expect(result < 0 && (errno == ENOENT || (flags == 1 && errno == EEXIST)), "renamed what was not there");
  if (flags == 1 && over) return expect(result < 0 && errno == EEXIST, "replaced");
  if (flags == 2 && !over) return expect(result < 0 && errno == ENOENT, "exchanged with nothing");
  expect(result == 0, "renameat2");
  if (from == to || (over && names_[from] == names_[to])) return;  // names of one file: nothing happens
  if (flags == 2) return std::swap(names_[from], names_[to]);
  const Held replaced = over ? names_[to] : nullptr;
  names_[to] = names_[from];
  names_.erase(from);
  if (replaced) lost(replaced);
}
