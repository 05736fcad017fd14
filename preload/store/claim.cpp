// SPDX-License-Identifier: MIT
#include "claim.h"

#include <errno.h>

#include <atomic>

#include "kernel.h"
#include "open_object.h"

namespace devshm::store {
namespace {

/// Where the search begins: behind the entry that was found last. A hint, nothing more.
constinit std::atomic<unsigned> next_slot{0};

}  // namespace

void Claim::take(const Root& root) {
  const unsigned first = next_slot.load(std::memory_order_relaxed);
  for (unsigned i = 0; i < pool_size; ++i) {
    const unsigned slot = (first + i) % pool_size;
    const int result = sys::rename(root.pool_entry(slot).c_str(), name_.c_str());
    if (result == 0) {
      next_slot.store(slot + 1, std::memory_order_relaxed);
      is_named_ = true;
      return;
    }
    fd_ = result;
    if (result != -ENOENT) return;
  }
}

Claim::Claim(const Root& root, int flags) : name_(root.claim(sys::random_word())) {
  for (unsigned attempt = 0; attempt < pool_size; ++attempt) {
    take(root);
    if (!is_named_) return;
    char text[161];
    const long length = sys::readlink(name_.c_str(), text, sizeof text - 1);
    LinkText link;
    Opened opened = {Found::stale, -ENOENT};
    if (length > 0 && parse_link(text, static_cast<std::size_t>(length), link)) {
      text[length] = '\0';
      opened = open_by_text(text, link, flags);
    }
    fd_ = opened.fd_or_error;
    if (opened.found == Found::opened) return;
    // Of a keeper that is dead, or taken away by one that has just started: another one, then.
    sys::unlink(name_.c_str());
    is_named_ = false;
    if (opened.found != Found::stale) return;
    if (opened.fd_or_error != -ESTALE) break;  // nobody answers for it, nor for the next one
  }
  fd_ = -ENOENT;
}

int Claim::publish(const char* path) {
  int result = sys::rename_noreplace(name_.c_str(), path);
  if (result == -EINVAL || result == -ENOSYS) {  // a file system, or a kernel, without RENAME_NOREPLACE
    result = sys::link(name_.c_str(), path);
    if (result == 0) sys::unlink(name_.c_str());
  }
  if (result == -ENOENT) {  // the claim, or the directory?
    struct stat claimed;
    if (sys::fstatat(AT_FDCWD, name_.c_str(), &claimed, AT_SYMLINK_NOFOLLOW) == -ENOENT) result = -ESTALE;
  }
  if (result == 0 || result == -ESTALE) is_named_ = false;
  return result;
}

int Claim::release() {
  const int fd = fd_;
  fd_ = -1;
  return fd;
}

Claim::~Claim() {
  if (is_named_) sys::unlink(name_.c_str());
  if (fd_ >= 0) sys::close(fd_);
}

}  // namespace devshm::store
