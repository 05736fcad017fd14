// SPDX-License-Identifier: MIT
#include "object_names.h"

#include <dirent.h>

#include <atomic>

#include "descriptor_path.h"
#include "roomy_stack.h"
#include "settings.h"
#include "store/directory.h"
#include "store/kernel.h"
#include "store/link_token.h"
#include "store/make_root.h"
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

/// Whether the object has lost its last name, and so can't get one again. False if that is not certain: the keeper may
/// belong to another user, or may have been killed. Then it has no descriptors, not even 0, while the kernel removes
/// it.
bool is_gone(const ObjectName& object) {
  if (object.number == 0) return true;  // it was made without a name
  const store::Root root = store::own_root(settings().dir);
  if (!root.fits()) return false;
  constexpr int flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
  const sys::Descriptor keeper(sys::openat(AT_FDCWD, root.generation(object.generation).c_str(), flags));
  Line<16> number;
  number.add(object.number);
  struct stat found;
  return sys::fstatat(keeper.get(), number.c_str(), &found, AT_SYMLINK_NOFOLLOW) == -ENOENT &&
         sys::fstatat(keeper.get(), "0", &found, AT_SYMLINK_NOFOLLOW) == 0;
}

/// Objects without a name: programs ask more than once for the status of what they have unlinked. What the keeper has
/// closed gets no name again. What was only not found may have been renamed during the search, so that is remembered
/// for a moment.
struct Nameless {
  std::atomic<std::uint64_t> key;
  std::atomic<long> until;  // in milliseconds
};
constexpr unsigned nameless_count = 16;
constexpr long moment_milliseconds = 10;
constexpr long for_ever = ~0ul >> 1;
constinit Nameless nameless[nameless_count] = {};

/// Is not 0. A file on a disk may have the inode number of an object, so the device is in it.
std::uint64_t key_of(const struct stat& memory) { return memory.st_ino << 20 ^ memory.st_dev ^ ~std::uint64_t{0}; }

bool is_nameless(std::uint64_t key) {
  const Nameless& slot = nameless[(key >> 20) % nameless_count];
  if (slot.key.load(std::memory_order_acquire) != key) return false;
  const long until = slot.until.load(std::memory_order_relaxed);
  return until == for_ever || sys::monotonic_milliseconds() < until;
}

void remember_nameless(std::uint64_t key, long until) {
  Nameless& slot = nameless[(key >> 20) % nameless_count];
  slot.key.store(0, std::memory_order_relaxed);
  slot.until.store(until, std::memory_order_release);
  slot.key.store(key, std::memory_order_release);
}

/// The device of the names, for objects that have none any more.
constinit std::atomic<dev_t> names_device = 0;

dev_t device_without_name() {
  dev_t device = names_device.load(std::memory_order_relaxed);
  struct stat dir;
  if (device == 0 && sys::fstatat(AT_FDCWD, settings().dir, &dir, 0) == 0) {
    device = dir.st_dev;
    names_device.store(device, std::memory_order_relaxed);
  }
  return device;
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

namespace {

std::size_t find_remembered(const ObjectName& object, int fd, NameBuffer& out) {
  const std::size_t length = remembered_name(fd, out, sizeof out);
  return length && is_name_of(object, AT_FDCWD, out) ? length : 0;
}

/// The status of the remembered path, if it leads to the descriptor's object, as the link's mark shows.
bool look_at_remembered(int fd, struct stat& name) {
  char path[sizeof Remembered::path];
  return remembered_name(fd, path, sizeof path) && sys::fstatat(AT_FDCWD, path, &name, AT_SYMLINK_NOFOLLOW) == 0 &&
         S_ISLNK(name.st_mode) && store::is_marked(fd, name.st_atim);
}

std::size_t search_name(const ObjectName& object, int fd, NameBuffer& out) {
  put(out, settings().dir);
  const std::size_t length = search(object, out, settings().dir_length, 0);
  if (length) remember_name(fd, out);
  return length;
}

}  // namespace

std::size_t find_name(const ObjectName& object, int fd, NameBuffer& out) {
  if (const std::size_t length = find_remembered(object, fd, out)) return length;
  return is_gone(object) ? 0 : search_name(object, fd, out);
}

namespace {

/// Whether the descriptor is open on an object. `name` becomes the status of one of its names, or gets no links if
/// there is none.
bool look_at_any(int fd, std::uint64_t key, struct stat& name) {
  ObjectName object;
  NameBuffer path;
  name.st_nlink = 0;
  if (!object_of_descriptor(fd, object)) return false;
  if (!find_remembered(object, fd, path)) {
    const bool gone = is_gone(object);
    const long now = gone ? 0 : sys::monotonic_milliseconds();  // also 0 if a filter refuses it
    if (gone || !search_name(object, fd, path)) {
      remember_nameless(key, gone ? for_ever : now ? now + moment_milliseconds : 0);
      return true;
    }
  }
  sys::fstatat(AT_FDCWD, path, &name, AT_SYMLINK_NOFOLLOW);
  return true;
}

}  // namespace

void correct_open_status(int fd, struct stat& found) {
  const std::uint64_t key = key_of(found);
  struct stat name;
  name.st_nlink = 0;
  if (!is_nameless(key) && !look_at_remembered(fd, name) && !with_room([&] { return look_at_any(fd, key, name); }))
    return;
  if (name.st_nlink) names_device.store(name.st_dev, std::memory_order_relaxed);
  found.st_dev = name.st_nlink ? name.st_dev : device_without_name();
  found.st_ino = shown_inode(found.st_ino);
  found.st_nlink = name.st_nlink;
}

}  // namespace devshm
