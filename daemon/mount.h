// SPDX-License-Identifier: MIT
// Mounts: making ours, finding it, and taking it away, also when its daemon is dead.
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

/// What /proc/self/mountinfo lists, in its order: of several on one point the last is on top.
std::vector<MountEntry> parse_mountinfo(std::string_view text);
std::vector<MountEntry> mounts();
/// The one on top at `point`, or one without a device.
MountEntry mount_at(const std::string& point);

inline constexpr const char* mount_type = "fuse.devshm";
inline constexpr const char* mount_source = "devshm";

/// An absolute path without symbolic links; works where the last component can't be looked at (a dead or a hidden
/// mount).
std::string absolute(const std::string& path);

/// Does a mount lie there whose daemon has gone?
bool is_dead(const std::string& path);
/// Detaches what is mounted at `path` now; 0 or an errno value.
int detach(const std::string& path);
/// Detaches the file system of `device` from every place in this namespace where it is on top; false if some is not.
bool detach_device(const std::string& device);
/// Detaches dead mounts at `path`, as many as there are; says so. 0 or an errno value.
int replace_dead(const std::string& path);

struct MountWish {
  bool allow_other, kernel_checks_permissions, exec;
};
/// 0 or an errno value; `fuse_fd` is a fresh /dev/fuse.
int mount_fuse(int fuse_fd, const std::string& point, const MountWish& wish);
int bind_mount(const std::string& from, const std::string& to);
/// Lets the kernel keep unwritten contents without a special limit for FUSE. An empty text, or what went wrong.
std::string lift_dirty_limit(const std::string& device);

}  // namespace devshmd
