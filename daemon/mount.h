// SPDX-License-Identifier: MIT
// Makes, finds and removes devshmd's mounts, even those whose daemon is dead.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace devshmd {

struct MountEntry {
  std::string device;  ///< "0:52": the same for all places where one file system is mounted
  std::string point;
  std::string type;
};

/// The mounts that /proc/self/mountinfo lists, in its order: of several at one point the last is on top.
std::vector<MountEntry> parse_mountinfo(std::string_view text);
std::vector<MountEntry> mounts();
/// The mount on top at `point`; its device is empty if nothing is mounted there.
MountEntry mount_at(const std::string& point);

inline constexpr const char* mount_type = "fuse.devshm";
inline constexpr const char* mount_source = "devshm";

/// Returns an absolute path without symbolic links, also if the last component can't be examined (a dead or a hidden
/// mount).
std::string absolute(const std::string& path);

/// Is there a mount at `path` whose daemon has gone?
bool is_dead(const std::string& path);
/// Detaches the mount on top at `path`. Returns 0 or an errno value.
int detach(const std::string& path);
/// Detaches the file system `device` from every place in this namespace. Returns false if it stays somewhere, because
/// something else is mounted over it.
bool detach_device(const std::string& device);
/// Detaches all dead mounts at `path`, and logs each. Returns 0 or an errno value.
int replace_dead(const std::string& path);

/// Options of a mount.
struct MountWish {
  bool allow_other, kernel_checks_permissions, exec;
};
/// Mounts; `fuse_fd` is a newly opened /dev/fuse. Returns 0 or an errno value.
int mount_fuse(int fuse_fd, const std::string& point, const MountWish& wish);
int bind_mount(const std::string& from, const std::string& to);
/// Lifts the kernel's special limit for unwritten contents of a FUSE file system. Returns an empty text, or what went
/// wrong.
std::string lift_dirty_limit(const std::string& device);

}  // namespace devshmd
