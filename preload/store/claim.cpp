// SPDX-License-Identifier: MIT
#include "claim.h"

#include <atomic>

#include "directory.h"
#include "kernel.h"
#include "open_object.h"

namespace devshm::store {
namespace {

/// The object that was taken last. The keeper numbers objects one after the other, so the next one is likely to be
/// ready. These are only hints: the two may come from different objects.
constinit std::atomic<std::uint64_t> last_generation{0};
constinit std::atomic<unsigned> last_number{0};
// Other processes may have taken the next ones. After so many guesses it is cheaper to read the directory.
constexpr unsigned most_guesses = 4;

}  // namespace

/// Returns true if the search is over: the object is ours, or `fd_` is the error. The number stays locked in any case,
/// which disturbs nobody: an entry that is gone does not come back.
bool Claim::take(const ObjectName& object) {
  if (const int error = lock_.add(entry_of(object.number))) {
    if (error == -EAGAIN) return false;
    fd_ = error;
    return true;
  }
  const Opened opened = open_entry(root_, object, flags_);
  if (opened.found == Found::opened) {
    object_ = object;
    fd_ = opened.fd_or_error;
    return true;
  }
  const bool is_gone = opened.found == Found::stale && opened.fd_or_error == -ESTALE;
  if (is_gone) sys::unlink(root_.pool_entry(object).c_str());
  if (is_gone || opened.found == Found::absent) return false;
  // If no keeper answers for this one, none will for the next one.
  fd_ = opened.found == Found::stale ? -ENOENT : opened.fd_or_error;
  return true;
}

bool Claim::take_next() {
  const std::uint64_t generation = last_generation.load(std::memory_order_relaxed);
  const unsigned last = last_number.load(std::memory_order_relaxed);
  for (unsigned i = 1; generation && i <= most_guesses; ++i)
    if (take({generation, last + i})) return true;
  return false;
}

/// Takes the first one, so that later guesses are right; or any one, if other processes are taking some.
void Claim::take_any() {
  const PathText pool = root_.entry("pool");
  ObjectName first = {0, ~0u};
  for (const bool is_any : {false, true}) {
    const bool is_over = Directory(pool.c_str()).find([&](const char* name, unsigned char) {
      ObjectName object;
      if (!parse_entry(name, object)) return false;
      if (is_any) return take(object);
      if (object.number < first.number) first = object;
      return false;
    });
    if (is_over || !first.generation || (!is_any && take(first))) return;
  }
}

Claim::Claim(const Lock& lock, const Root& root, int flags) : lock_(lock), root_(root), flags_(flags) {
  if (!take_next()) take_any();
  if (!is_open()) return;
  last_generation.store(object_.generation, std::memory_order_relaxed);
  last_number.store(object_.number, std::memory_order_relaxed);
}

int Claim::publish(const char* path) const {
  const PathText entry = root_.pool_entry(object_);
  int result = sys::rename_noreplace(entry.c_str(), path);
  if (result == -EINVAL || result == -ENOSYS) result = publish_in_steps(path);
  if (result != -ENOENT) return result;
  struct stat found;  // is the entry missing, or the directory?
  return sys::fstatat(AT_FDCWD, entry.c_str(), &found, AT_SYMLINK_NOFOLLOW) == -ENOENT ? -ESTALE : result;
}

/// Publishes on a file system, or a kernel, without RENAME_NOREPLACE. If this process dies in between, nobody may take
/// the entry again, because it may have a name already. So the entry is put aside first, and the keeper removes it.
int Claim::publish_in_steps(const char* path) const {
  const PathText entry = root_.pool_entry(object_), taken = root_.taken_entry(object_);
  if (const int error = sys::rename(entry.c_str(), taken.c_str())) return error;
  const int result = sys::link(taken.c_str(), path);
  sys::unlink(taken.c_str());
  return result;
}

int Claim::release() {
  const int fd = fd_;
  fd_ = -1;
  return fd;
}

Claim::~Claim() {
  if (fd_ >= 0) sys::close(fd_);
}

}  // namespace devshm::store
