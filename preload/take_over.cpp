// SPDX-License-Identifier: MIT
#include "take_over.h"

#include <alloca.h>
#include <dirent.h>
#include <errno.h>
#include <linux/fs.h>

#include "memory.h"
#include "store/kernel.h"
#include "store/names.h"
#include "sys.h"
#include "text.h"

namespace devshm {
namespace {

constexpr mode_t mode_for_all = 01777;

/// The flags of ioctl_iflags(2) that affect new files, or that prevent changes.
constexpr unsigned removable_flags = FS_SECRM_FL | FS_UNRM_FL | FS_COMPR_FL | FS_SYNC_FL | FS_IMMUTABLE_FL |
                                     FS_APPEND_FL | FS_NODUMP_FL | FS_NOATIME_FL | FS_NOCOMP_FL | FS_JOURNAL_DATA_FL |
                                     FS_NOTAIL_FL | FS_DIRSYNC_FL | FS_TOPDIR_FL | FS_NOCOW_FL | FS_DAX_FL |
                                     FS_PROJINHERIT_FL;
/// The flags that can't be removed from a directory.
constexpr unsigned lasting_flags = FS_ENCRYPT_FL | FS_CASEFOLD_FL;
/// A flag of FS_IOC_FSGETXATTR that only reports extended attributes.
constexpr unsigned unread_flags = FS_XFLAG_HASATTR;

/// Clears the flags if the file system has any. Returns whether none that matter are left.
bool clear_attributes(int fd) {
  unsigned flags = 0;
  if (sys::ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0 && flags & removable_flags) {
    flags &= ~removable_flags;
    sys::ioctl(fd, FS_IOC_SETFLAGS, &flags);
  }
  struct fsxattr more;
  if (sys::ioctl(fd, FS_IOC_FSGETXATTR, &more) == 0 &&
      (more.fsx_xflags & ~unread_flags || more.fsx_projid || more.fsx_extsize || more.fsx_cowextsize)) {
    more.fsx_xflags = more.fsx_projid = more.fsx_extsize = more.fsx_cowextsize = 0;
    sys::ioctl(fd, FS_IOC_FSSETXATTR, &more);
    if (sys::ioctl(fd, FS_IOC_FSGETXATTR, &more) != 0 || more.fsx_xflags & ~unread_flags) return false;
  }
  flags = 0;
  return sys::ioctl(fd, FS_IOC_GETFLAGS, &flags) != 0 || !(flags & (removable_flags | lasting_flags));
}

/// Memory for lists of names, as large as the kernel's largest list of attributes.
class List {
 public:
  static constexpr std::size_t size = 65536;  // XATTR_LIST_MAX
  List() : memory(static_cast<char*>(sys::allocate(size))) {}
  ~List() {
    if (memory) sys::munmap(memory, size);
  }
  List(const List&) = delete;

  char* const memory;
};

/// An owner without privileges can set all attributes but those in these two namespaces.
bool is_privileged(const char* attribute) {
  return begins_with(attribute, "security.") || begins_with(attribute, "trusted.");
}

/// Removes what the names in a list stand for. Returns whether there was anything to remove, and it is gone.
enum class Removal { nothing, done, refused };
Removal remove_listed(int fd, const char* names, const char* end) {
  Removal result = Removal::nothing;
  for (const char* name = names; name < end; name += length_of(name) + 1) {
    if (is_privileged(name)) continue;
    if (sys::fremovexattr(fd, name) != 0) return Removal::refused;
    result = Removal::done;
  }
  return result;
}

/// Removes the ACLs, and all else that the owner may have attached. Returns whether nothing of that is left.
bool remove_extended_attributes(int fd, const List& list) {
  sys::fremovexattr(fd, "system.posix_acl_access");
  sys::fremovexattr(fd, "system.posix_acl_default");
  for (;;) {
    const long size = sys::flistxattr(fd, list.memory, List::size);
    if (size < 0) return size == -EOPNOTSUPP;
    const Removal removal = remove_listed(fd, list.memory, list.memory + size);
    if (removal != Removal::done) return removal == Removal::nothing;
  }
}

/// Whether the link is the name of an object of the memory store, in its owner's own store.
bool is_object(int dir, const char* name, const char* path_of_dir, uid_t owner) {
  char text[160];
  const long length = sys::readlinkat(dir, name, text, sizeof text);
  const store::Root root(path_of_dir, owner, 0);
  const std::size_t before_group = root.size() - 1;
  return length > static_cast<long>(before_group) && begins_with(text, root.c_str(), before_group) &&
         is_memory_link(text, static_cast<std::size_t>(length));
}

/// Removes the symbolic links in the directory that are not root's, nor objects. Somebody may have put them there for
/// root to follow, which only fs.protected_symlinks prevents, if it is set.
void remove_links(int fd, const char* path, const List& list) {
  for (long size; (size = sys::getdents64(fd, list.memory, List::size)) > 0;) {
    for (long at = 0; at < size;) {
      const auto* entry = reinterpret_cast<const sys::DirectoryEntry*>(list.memory + at);
      at += entry->size;
      struct stat found;
      if ((entry->type == DT_LNK || entry->type == DT_UNKNOWN) &&
          sys::fstatat(fd, entry->name, &found, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(found.st_mode) &&
          found.st_uid != 0 && !is_object(fd, entry->name, path, found.st_uid))
        sys::unlinkat(fd, entry->name);
    }
  }
}

bool clean(int fd, const List& list) {
  // The access ACL is removed before the mode is set: as long as there is one, it defines what the group's bits mean.
  const bool is_bare = remove_extended_attributes(fd, list);
  const bool is_plain = clear_attributes(fd);
  return is_bare && is_plain && sys::fchmod(fd, mode_for_all) == 0;
}

/// Whether only root can replace what lies in this directory and belongs to root.
bool is_sticky_and_roots(const struct stat& parent) { return parent.st_uid == 0 && parent.st_mode & S_ISVTX; }

}  // namespace

int take_over(const char* dir) {
  const char* name = last_component(dir);
  const auto parent_length = static_cast<std::size_t>(name - dir);
  char* parent_path = static_cast<char*>(alloca(parent_length + 1));
  __builtin_memcpy(parent_path, dir, parent_length);
  parent_path[parent_length] = '\0';

  const sys::Descriptor parent(sys::openat(AT_FDCWD, parent_path, O_PATH | O_DIRECTORY | O_CLOEXEC));
  struct stat above;
  if (sys::fstat(parent.get(), &above) != 0 || !is_sticky_and_roots(above)) return EPERM;
  constexpr int flags_to_open = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
  const sys::Descriptor opened(sys::openat(parent.get(), name, flags_to_open));
  const int fd = opened.get();
  struct stat old;
  if (sys::fstat(fd, &old) != 0 || old.st_dev != above.st_dev) return EPERM;  // not what is mounted there
  if (old.st_uid == 0) return 0;                                              // another process of root was faster

  const List list;
  unsigned flags = 0;
  if (sys::ioctl(fd, FS_IOC_GETFLAGS, &flags) != 0) flags = 0;
  if (!list.memory || flags & lasting_flags) return EPERM;
  clear_attributes(fd);           // first: FS_IMMUTABLE_FL forbids all that follows
  sys::fchmod(fd, mode_for_all);  // for the old owner's programs, which go on using it
  // The owner is nobody in between: once the directory is root's, all users use it, so it has to be clean by then. If
  // this user namespace does not map that id (EINVAL), it is cleaned before and after.
  const bool has_nobody = sys::fchown(fd, owner_in_between, 0) == 0;
  bool is_clean = clean(fd, list);
  if (is_clean) {
    remove_links(fd, dir, list);
    is_clean = sys::fchown(fd, 0, 0) == 0 && (has_nobody || clean(fd, list));
  }
  if (is_clean) {
    // The old owner may have been allowed to rename it a moment before. The kernel holds the lock of the directory
    // above until that is done, and takes it for this call, too, which changes nothing. The caller looks at the name
    // again.
    sys::rename_noreplace(dir, dir);
    return 0;
  }
  sys::fchmod(fd, old.st_mode & 07777);
  sys::fchown(fd, old.st_uid, old.st_gid);
  return EPERM;
}

}  // namespace devshm
