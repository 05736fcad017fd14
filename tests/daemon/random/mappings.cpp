// SPDX-License-Identifier: MIT
// Operations that others see: on mappings, on what is opened again, from another process, and on the shared file.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "worker.h"

void Worker::map(File& file) {
  what_ = "map";
  if (file.mapped) {
    munmap(file.mapped, largest);
    file.mapped = nullptr;
    return;
  }
  void* at = mmap(nullptr, largest, PROT_READ | PROT_WRITE, MAP_SHARED, file.fd, 0);
  expect(at != MAP_FAILED, "mmap");
  file.mapped = static_cast<unsigned char*>(at);
  compare(file.mapped, file);
}

void Worker::store(File& file) {
  if (!file.mapped) map(file);
  what_ = "store";
  if (file.content.empty()) return;
  const std::size_t at = below(file.content.size()), size = std::min(1 + below(2 * page), file.content.size() - at);
  const Bytes made = bytes(size);
  std::memcpy(file.mapped + at, made.data(), size);
  std::copy(made.begin(), made.end(), file.content.begin() + static_cast<long>(at));
}

void Worker::sync(File& file) {
  what_ = "sync";
  if (file.mapped) expect(msync(file.mapped, largest, MS_SYNC) == 0 || errno == ENOMEM, "msync");
  expect(fsync(file.fd) == 0, "fsync");
  // From here on reads go to the file system again, where it has a page cache.
  expect(posix_fadvise(file.fd, 0, 0, POSIX_FADV_DONTNEED) == 0, "posix_fadvise");
  verify(file);
}

void Worker::reopen(File& file) {
  what_ = "reopen";
  const std::string path = "/proc/self/fd/" + std::to_string(file.fd);
  const bool cut = below(8) == 0;
  const int fd = open(path.c_str(), O_RDWR | O_CLOEXEC | (cut ? O_TRUNC : 0));
  expect(fd >= 0, "open");
  if (cut) file.content.clear();
  close(file.fd);
  file.fd = fd;
  verify(file);
}

void Worker::in_a_child(File& file) {
  what_ = "in a child";
  if (file.content.empty()) return;
  const std::size_t at = below(file.content.size());
  const auto byte = static_cast<unsigned char>(below(256));
  const bool maps = below(2);
  const pid_t pid = fork();
  expect(pid >= 0, "fork");
  if (pid == 0) {
    const int fd = open(("/proc/self/fd/" + std::to_string(file.fd)).c_str(), O_RDWR);
    if (maps) {
      void* mapped = mmap(nullptr, largest, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
      static_cast<unsigned char*>(mapped)[at] = byte;
    } else if (pwrite(fd, &byte, 1, static_cast<off_t>(at)) != 1) {
      _exit(1);
    }
    verify(*std::make_shared<File>(File{file.content, -1, 0, nullptr}), fd, at, byte);
    _exit(0);
  }
  int status;
  expect(waitpid(pid, &status, 0) == pid && status == 0, "the child found something else");
  file.content[at] = byte;
  verify(file);
}

void Worker::verify(File& expected, int fd, std::size_t at, unsigned char byte) {
  expected.content[at] = byte;
  Bytes got(expected.content.size());
  expect(pread(fd, got.data(), got.size(), 0) == static_cast<ssize_t>(got.size()), "read less in the child");
  compare(got.data(), expected);
}

void Worker::on_shared() {
  what_ = "the shared file";
  const std::size_t mine = below(static_cast<std::size_t>(shared_pages / of_)) * static_cast<std::size_t>(of_) +
                           static_cast<std::size_t>(number_);
  unsigned char* model = shared_model_ + mine * page;
  const auto offset = static_cast<off_t>(mine * page);
  unsigned char got[page];
  expect(pread(shared_, got, page, offset) == static_cast<ssize_t>(page), "pread");
  expect(std::memcmp(got, model, page) == 0, "other bytes in the shared file", offset);
  const Bytes made = bytes(page);
  if (below(2)) {
    expect(pwrite(shared_, made.data(), page, offset) == static_cast<ssize_t>(page), "pwrite");
  } else {
    void* mapped = mmap(nullptr, page, PROT_READ | PROT_WRITE, MAP_SHARED, shared_, offset);
    expect(mapped != MAP_FAILED, "mmap");
    std::memcpy(mapped, made.data(), page);
    munmap(mapped, page);
  }
  std::copy(made.begin(), made.end(), model);
}
