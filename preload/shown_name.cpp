// SPDX-License-Identifier: MIT
#include "shown_name.h"

#include <limits.h>

#include <algorithm>
#include <atomic>

#include "backing_dir.h"
#include "descriptor_path.h"
#include "settings.h"
#include "sys.h"
#include "text.h"

namespace devshm {
namespace {

constexpr char deleted[] = " (deleted)";
constexpr std::size_t deleted_length = sizeof deleted - 1;

/// The kernel's name for the backing directory, once it is known.
constinit std::atomic<const char*> published{nullptr};

bool ends_with_deleted(const char* name, std::size_t length) {
  return length >= deleted_length && begins_with(name + length - deleted_length, deleted, deleted_length);
}

/// The kernel's name, in memory of its own; or `set.dir` if that is the same; or null while the directory or /proc is
/// missing.
[[gnu::cold]] const char* ask_kernel(const Settings& set) {
  const sys::Descriptor dir(sys::openat(AT_FDCWD, set.dir, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!dir.is_open()) return nullptr;
  const char* name = nullptr;
  if (char* page = static_cast<char*>(sys::allocate(PATH_MAX))) {
    const long length = sys::readlink(DescriptorPath(dir.get()).c_str(), page, PATH_MAX - 1);
    if (length > 0 && page[0] == '/' && !ends_with_deleted(page, static_cast<std::size_t>(length)))
      name = same(page, set.dir) ? set.dir : page;
    if (name != page) sys::munmap(page, PATH_MAX);
  }
  return name;
}

/// The same once the directory is used. Until then only a name that is spelled like `set.dir` is known.
const char* kernel_name(const Settings& set) {
  if (!backing_dir_is_used()) return set.dir;
  const char* known = published.load(std::memory_order_acquire);
  if (known) return known;
  const char* fresh = ask_kernel(set);
  if (!fresh) return set.dir;
  if (published.compare_exchange_strong(known, fresh, std::memory_order_acq_rel)) return fresh;
  if (fresh != set.dir) sys::munmap(const_cast<char*>(fresh), PATH_MAX);
  return known;
}

std::size_t prefix_if(const char* name, std::size_t length, const char* dir, NameOf kind) {
  const std::size_t prefix = length_of(dir);
  if (lies_in(name, length, dir, prefix)) return prefix;
  const bool is_deleted = kind == NameOf::open_file && ends_with_deleted(name, length);
  return is_deleted && length - deleted_length == prefix && lies_in(name, prefix, dir, prefix) ? prefix : 0;
}

/// Whether `name` can contain the kernel's name for the directory. Its last component is the one that we know, because
/// a backing directory that is a symbolic link itself is refused.
bool has_last_component(const Settings& set, const char* name, std::size_t length) {
  const char* end = set.dir + set.dir_length;
  const char* last = last_component(set.dir, end);
  if (same(last, ".") || same(last, "..")) return true;
  const auto size = static_cast<std::size_t>(end - last);
  for (std::size_t i = 1; i + size <= length; ++i)
    if (name[i - 1] == '/' && begins_with(name + i, last, size)) return true;
  return false;
}

}  // namespace

bool lies_in(const char* name, std::size_t length, const char* dir, std::size_t dir_length) {
  return length >= dir_length && begins_with(name, dir, dir_length) &&
         (length == dir_length || name[dir_length] == '/');
}

std::size_t backing_prefix(const char* name, std::size_t length, NameOf kind) {
  const Settings& set = settings();
  if (!set.active) return 0;
  if (const std::size_t prefix = prefix_if(name, length, set.dir, kind)) return prefix;
  const bool may_have_other_name = backing_dir_is_used() && has_last_component(set, name, length);
  return may_have_other_name ? prefix_if(name, length, kernel_name(set), kind) : 0;
}

bool may_begin_in_backing_dir(const char* name, std::size_t length) {
  const Settings& set = settings();
  if (!backing_dir_is_used()) return backing_prefix(name, length, NameOf::path) != 0;
  const auto agrees = [&](const char* dir) { return begins_with(name, dir, std::min(length, length_of(dir))); };
  return set.active && (agrees(set.dir) || agrees(kernel_name(set)));
}

std::size_t longest_backing_prefix() {
  const Settings& set = settings();
  return set.active ? std::max(set.dir_length, length_of(kernel_name(set))) : 0;
}

std::size_t put_shown(char* out, std::size_t size, const char* name, std::size_t length, std::size_t prefix) {
  const std::size_t head = std::min(size, shown_dir_length);
  const std::size_t tail = std::min(size - head, length - prefix);
  __builtin_memmove(out + head, name + prefix, tail);
  __builtin_memcpy(out, shown_dir, head);
  return head + tail;
}

}  // namespace devshm
