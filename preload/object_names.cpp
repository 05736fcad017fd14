// SPDX-License-Identifier: MIT
#include "object_names.h"

#include <dirent.h>

#include <atomic>

#include "descriptor_path.h"
#include "roomy_stack.h"
#include "settings.h"
#include "store/directory.h"
#include "store/kernel.h"
#include "store/open_object.h"
#include "sys.h"
#include "text.h"

namespace devshm {
namespace {

using store::LinkText;
using store::ObjectName;

constexpr char memfd_head[] = "/memfd:devshm:";
constexpr char memfd_tail[] = " (deleted)";
constexpr std::size_t head_length = sizeof memfd_head - 1;
constexpr std::size_t tail_length = sizeof memfd_tail - 1;
constexpr std::size_t longest_text = 160;
constexpr int deepest = 16;  // how deep below the backing directory a name is searched for

/// A path, remembered by its descriptor. A caller that finds another one at work continues without it, so either may be
/// in a signal handler.
struct Remembered {
  std::atomic<bool> in_use;
  int fd;
  char path[120];

  bool take() { return !in_use.exchange(true, std::memory_order_acquire); }
  void give_back() { in_use.store(false, std::memory_order_release); }
};
constexpr unsigned remembered_count = 64;
constinit Remembered remembered[remembered_count] = {};

Remembered& slot_of(int fd) { return remembered[static_cast<unsigned>(fd) % remembered_count]; }

bool is_name_of(const ObjectName& object, int dir, const char* name) {
  char text[longest_text];
  const long length = sys::readlinkat(dir, name, text, sizeof text);
  LinkText link;
  if (length <= 0 || !store::parse_link(text, static_cast<std::size_t>(length), link)) return false;
  return link.object == object && store::counts(store::owner_of_link(dir, name, text, link).whose);
}

/// Searches the directory that `path`, of `length` bytes, names, and those below it. Returns the found path's length.
std::size_t search(const ObjectName& object, NameBuffer& path, std::size_t length, int depth) {
  const store::Directory directory(path);
  std::size_t found = 0;
  directory.find([&](const char* name, unsigned char type) {
    const bool is_directory = type == DT_DIR && depth < deepest;
    const bool is_link = type == DT_LNK || type == DT_UNKNOWN;
    const std::size_t with_name = length + 1 + length_of(name);
    if ((!is_directory && !is_link) || with_name >= sizeof path) return false;
    if (is_link && !is_name_of(object, directory.fd(), name)) return false;
    path[length] = '/';
    put(path + length + 1, name);
    found = is_link ? with_name : search(object, path, with_name, depth + 1);
    if (!found) path[length] = '\0';
    return found != 0;
  });
  return found;
}

/// Whether the object is gone from the store, so that a search would find nothing.
bool is_gone(const ObjectName& object) {
  const store::Root root(settings().dir, sys::geteuid(), static_cast<gid_t>(sys::call(SYS_getegid)));
  struct stat found;
  if (!root.fits() ||
      sys::fstatat(AT_FDCWD, root.generation(object.generation).c_str(), &found, AT_SYMLINK_NOFOLLOW) != 0)
    return false;  // it may belong to another user
  return sys::fstatat(AT_FDCWD, root.link_text(object).c_str(), &found, AT_SYMLINK_NOFOLLOW) == -ENOENT;
}

}  // namespace

bool object_of_text(const char* text, std::size_t length, ObjectName& object) {
  if (length <= head_length + tail_length || !begins_with(text, memfd_head, head_length)) return false;
  if (!begins_with(text + length - tail_length, memfd_tail, tail_length)) return false;
  return store::parse_object(text + head_length, length - head_length - tail_length, object);
}

bool object_of_descriptor(int fd, ObjectName& object) {
  char text[80];
  const long length = sys::readlink(DescriptorPath(fd).c_str(), text, sizeof text);
  return length > 0 && object_of_text(text, static_cast<std::size_t>(length), object);
}

void remember_name(int fd, const char* path) {
  if (fd < 0) return;
  Remembered& slot = slot_of(fd);
  if (!slot.take()) return;
  slot.fd = fd;
  put(slot.path, *path == '/' && ends_within(path, sizeof Remembered::path) ? path : "");
  slot.give_back();
}

std::size_t remembered_name(int fd, char* out, std::size_t size) {
  if (fd < 0 || size < sizeof Remembered::path) return 0;
  Remembered& slot = slot_of(fd);
  if (!slot.take()) return 0;
  const bool is_known = slot.fd == fd;
  if (is_known) __builtin_memcpy(out, slot.path, sizeof slot.path);
  slot.give_back();
  return is_known ? length_of(out) : 0;
}

std::size_t find_name(const ObjectName& object, int fd, NameBuffer& out) {
  if (const std::size_t length = remembered_name(fd, out, sizeof out))
    if (is_name_of(object, AT_FDCWD, out)) return length;
  if (object.number == 0 || is_gone(object)) return 0;
  put(out, settings().dir);
  const std::size_t length = search(object, out, settings().dir_length, 0);
  if (length) remember_name(fd, out);
  return length;
}

unsigned long links_of_descriptor(int fd) {
  return with_room([&]() -> unsigned long {
    ObjectName object;
    NameBuffer path;
    if (!object_of_descriptor(fd, object) || !find_name(object, fd, path)) return 0;
    struct stat name;
    return sys::fstatat(AT_FDCWD, path, &name, AT_SYMLINK_NOFOLLOW) == 0 ? name.st_nlink : 0;
  });
}

}  // namespace devshm
