// SPDX-License-Identifier: MIT
#include "shown_call.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "../creation_mask.h"
#include "../memory.h"
#include "../object_names.h"
#include "../overlay_path.h"
#include "../roomy_stack.h"
#include "../sys.h"

namespace devshm {
namespace {

long fail(int error) {
  errno = error;
  return -1;
}

/// Shows the entry of an object as a file, with the inode number that stat(2) reports. `dir`: a descriptor of the
/// directory. (The kernel follows the name for its owner. For others the number stays the link's.)
template <class Inode>
void correct_entry_of(int dir, const char* name, unsigned char& type, Inode& inode) {
  if (type != DT_LNK || !is_memory_name(dir, name)) return;
  type = DT_REG;
  struct stat object;
  if (sys::fstatat(dir, name, &object, 0) == 0) inode = shown_inode(object.st_ino);
}

}  // namespace

/// Does the same as the function of this name in memory_call.cpp.
long ShownCallInWords::invoke_and_follow() {
  const int errno_before = errno;
  const long result = invoke();
  if (static_cast<int>(result) == 0 || (errno != EACCES && errno != ENOENT)) return result;
  const FollowedObject object(directory(), path());
  if (!object.is_found()) return result;
  long& name = word(call_.path);
  const long given = name;
  name = sys::word(object.path());
  const long repeated = invoke();
  name = given;
  if (static_cast<int>(repeated) == 0) errno = errno_before;
  return repeated;
}

template <class Status>
long ShownCallInWords::correct() {
  const long result = invoke_and_follow();
  if (static_cast<int>(result) != 0) return result;
  const int error = correct_status(directory(), path(), *pointer<Status>(call_.third));
  return error ? fail(-error) : result;
}

/// Drops the flag by which the call would look at the link itself.
long ShownCallInWords::follow() {
  long& flags = word(call_.third);
  if (static_cast<unsigned>(flags) & call_.flag && is_memory_name(directory(), path()))
    flags &= ~static_cast<long>(call_.flag);
  return invoke();
}

long ShownCallInWords::follow_by_other() {
  if (!is_memory_name(directory(), path())) return invoke();
  if (shift_) {
    words_[0] = call_.other_number;
    return invoke();
  }
  const auto other = reinterpret_cast<WordFunction>(next_definition(call_.other, false));
  return other ? other(words_[0], words_[1], words_[2], words_[3], words_[4], words_[5], 0L) : fail(ENOSYS);
}

/// Links the object's name, because a memfd has none that could be linked.
long ShownCallInWords::link() {
  const auto flags = static_cast<unsigned>(word(call_.third));
  if (!path() || !(flags & (*path() ? AT_SYMLINK_FOLLOW : AT_EMPTY_PATH))) return invoke();
  const sys::Descriptor opened(*path() ? sys::openat(directory(), path(), O_PATH | O_CLOEXEC) : -1);
  const int fd = *path() ? opened.get() : directory();
  store::ObjectName object;
  if (fd < 0 || !object_of_descriptor(fd, object)) return invoke();
  auto* const name = static_cast<NameBuffer*>(sys::allocate(sizeof(NameBuffer)));
  if (!name) return fail(ENOMEM);
  if (with_room([&] { return find_name(object, fd, *name); })) {
    word(call_.path) = sys::word(*name);
    word(call_.third) = 0;
  }
  const long result = invoke();
  sys::munmap(name, sizeof(NameBuffer));
  return result;
}

long ShownCallInWords::correct_entry() {
  const long result = invoke();
  if (auto* const entry = reinterpret_cast<struct dirent*>(result))
    correct_entry_of(dirfd(pointer<DIR>(1)), entry->d_name, entry->d_type, entry->d_ino);
  return result;
}

long ShownCallInWords::correct_entry_in() {
  const long result = invoke();
  auto* const* const entry = pointer<struct dirent*>(call_.third);
  if (static_cast<int>(result) == 0 && *entry)
    correct_entry_of(dirfd(pointer<DIR>(1)), (*entry)->d_name, (*entry)->d_type, (*entry)->d_ino);
  return result;
}

long ShownCallInWords::correct_entries() {
  const long size = invoke();
  auto* const entries = pointer<char>(call_.third);
  for (long at = 0; at < size;) {
    auto* const entry = reinterpret_cast<sys::DirectoryEntry*>(entries + at);
    at += entry->size;
    correct_entry_of(directory(), entry->name, entry->type, entry->inode);
  }
  return size;
}

/// Lets libc make the list of all entries, and applies the program's filter and order here, after the entries are
/// corrected.
long ShownCallInWords::list() {
  const auto is_wanted = pointer<int(const struct dirent*)>(call_.third + 1u);
  const auto order = pointer<int(const void*, const void*)>(call_.third + 2u);
  const sys::Descriptor dir(sys::openat(directory(), path(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!dir.is_open()) return invoke();
  word(call_.third + 1u) = word(call_.third + 2u) = 0;
  const long found = invoke();
  if (static_cast<int>(found) <= 0) return found;
  struct dirent**& list = *pointer<struct dirent**>(call_.third);
  std::size_t count = 0;
  for (int i = 0; i < static_cast<int>(found); ++i) {
    correct_entry_of(dir.get(), list[i]->d_name, list[i]->d_type, list[i]->d_ino);
    if (is_wanted && !is_wanted(list[i]))
      free(list[i]);
    else
      list[count++] = list[i];
  }
  if (order) qsort(list, count, sizeof(void*), order);  // the list has pointers to the entries
  if (!count) {
    free(list);
    list = nullptr;
  }
  return static_cast<long>(count);
}

/// Renames if no name is rewritten: memory_call.cpp handles rewritten ones.
long ShownCallInWords::move() {
  const int to = call_.directory ? static_cast<int>(word(call_.third - 1u)) : AT_FDCWD;
  if (!starts_in_overlay(directory(), path()) && !starts_in_overlay(to, pointer<const char>(call_.third)))
    return invoke();
  const NamesLocked locked;
  return invoke();
}

long ShownCallInWords::remember_mask() {
  const auto mask = static_cast<mode_t>(word(call_.path));
  const long result = invoke();
  remember_creation_mask(mask);
  return result;
}

long ShownCallInWords::make() {
  switch (call_.what) {
    case Shown::status: return correct<struct stat>();
    case Shown::extended: return correct<struct statx>();
    case Shown::without_flag: return follow();
    case Shown::linked: return link();
    case Shown::by_other: return follow_by_other();
    case Shown::opened: return open();
    case Shown::opened_how: return open_how();
    case Shown::temporary: return make_temporary();
    case Shown::streamed: return open_stream();
    case Shown::resolved: return resolve();
    case Shown::entry: return correct_entry();
    case Shown::entry_in: return correct_entry_in();
    case Shown::entries: return correct_entries();
    case Shown::list: return list();
    case Shown::moved: return move();
    case Shown::mask: return remember_mask();
  }
  return invoke();
}

}  // namespace devshm
