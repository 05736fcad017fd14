// SPDX-License-Identifier: MIT
#include "ownership.h"

#include <linux/capability.h>
#include <sys/auxv.h>

#include "sys.h"
#include "text.h"

namespace devshm {
namespace {

struct Ids {
  uid_t real, effective, saved;
  bool are(uid_t user) const { return real == user && effective == user && saved == user; }
};

Ids ids() {
  Ids now{};
  if (sys::getresuid(&now.real, &now.effective, &now.saved) != 0) now.effective = sys::geteuid();
  return now;
}

/// Whether this thread may take any user id it likes.
bool has_setuid_capability() {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {};
  return sys::capget(&header, sets) != 0 || (sets[0].permitted & (1u << CAP_SETUID));
}

/// The user that files are opened as: the effective one, unless setfsuid(2) says otherwise. Only in a thread that has
/// several ids or may take others can they differ; otherwise the call is saved.
uid_t file_user(const Ids& now) {
  if (now.effective != 0 && now.are(now.effective) && !has_setuid_capability()) return now.effective;
  const long result = sys::setfsuid(static_cast<uid_t>(-1));  // no valid id: changes nothing
  return sys::failed(result) ? now.effective : static_cast<uid_t>(result);
}

/// The id that stands for all users that a user namespace does not map.
uid_t overflow_id() {
  uid_t id = 65534;  // the kernel's default
  const sys::Descriptor file(sys::openat(AT_FDCWD, "/proc/sys/kernel/overflowuid", O_RDONLY | O_CLOEXEC));
  char text[16];
  const long size = sys::read(file.get(), text, sizeof text);  // EBADF if it did not open
  if (size > 0 && text[0] >= '0' && text[0] <= '9') {
    id = 0;
    for (long i = 0; i < size && text[i] >= '0' && text[i] <= '9'; ++i)
      id = id * 10 + static_cast<uid_t>(text[i] - '0');
  }
  return id;
}

/// Whether this user namespace leaves out users. The map of the initial one has a single line: 0 0 4294967295.
bool hides_users() {
  const sys::Descriptor file(sys::openat(AT_FDCWD, "/proc/self/uid_map", O_RDONLY | O_CLOEXEC));
  char text[64];
  const long size = sys::read(file.get(), text, sizeof text - 1);  // EBADF if it did not open
  if (size < 0) return false;
  text[size] = '\0';
  const char* last = text;  // the number of ids that the first line maps
  for (const char* at = text; *at && *at != '\n'; ++at)
    if (*at == ' ') last = at + 1;
  return !begins_with(last, "4294967295");
}

bool kernel_takes_us_for_the_owner(const char* path, const struct stat& found) {
  const struct timespec times[2] = {found.st_atim, {0, UTIME_OMIT}};
  return sys::utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW) == 0;
}

}  // namespace

Owner owner_of(const char* path, const struct stat& found) {
  if (found.st_uid == 0) return Owner::root;
  const bool reads_as_ours = found.st_uid == file_user(ids());
  if (found.st_uid != overflow_id()) return reads_as_ours ? Owner::ours : Owner::strangers;
  if (reads_as_ours && kernel_takes_us_for_the_owner(path, found)) return Owner::ours;
  return hides_users() ? Owner::hidden : Owner::strangers;
}

bool acts_as_root() { return file_user(ids()) == 0; }

void Trust::keep(Owner owner) {
  if (owner == Owner::root) return kept_.store(for_all, std::memory_order_relaxed);
  const Ids now = ids();
  const uid_t user = now.effective;
  if (!now.are(user) || has_setuid_capability()) return drop();
  // A child or a thread that has given up root's rights may share this memory with others that have not.
  const bool was_started_as_user = getauxval(AT_UID) == user && getauxval(AT_EUID) == user;
  kept_.store(was_started_as_user ? for_all : first_user + user, std::memory_order_relaxed);
}

bool Trust::holds_for(std::uint64_t kept) { return ids().are(static_cast<uid_t>(kept - first_user)); }

}  // namespace devshm
