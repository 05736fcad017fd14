// SPDX-License-Identifier: MIT
//
// Mounts below /dev/shm, in a mount namespace of their own. Not on /dev/shm itself: only natively is it one already.
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "keeper.h"
#include "parity.h"
#include "raw.h"

using parity::number;

namespace {

/// The ways to say /dev/shm itself, and what no path is.
bool is_shm_itself(const parity::Place& place) {
  std::string text = place.text;
  while (text.ends_with('/') || text.ends_with("/.")) text.pop_back();
  const bool by_directory = place.cwd == "/dev/shm" || place.dir == "/dev/shm";
  return text == "/dev/shm" || text == "shm" || text == "dev/shm" ||
         (by_directory && (text == "." || text.empty() || place.text == ".."));
}

std::vector<parity::Place> without_shm_itself(const std::vector<parity::Place>& places) {
  std::vector<parity::Place> all;
  std::copy_if(places.begin(), places.end(), std::back_inserter(all),
               [](const parity::Place& place) { return !is_shm_itself(place); });
  return all;
}

/// Where something is mounted, the last one first.
std::vector<std::string> mount_points() {
  std::vector<std::string> points;
  std::ifstream mounts("/proc/self/mountinfo");
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream words(line);
    std::string number, parent, device, root, point;
    words >> number >> parent >> device >> root >> point;
    points.insert(points.begin(), point);
  }
  return points;
}

std::size_t mounts_at_first;

/// Takes away what has been mounted, and says where it was.
std::string unmounted() {
  const std::string& shm = parity::real_shm();
  const std::vector<std::string> points = mount_points();
  std::string shown;
  for (std::size_t i = 0; i + mounts_at_first < points.size(); ++i) {
    parity::raw(SYS_umount2, points[i].c_str(), MNT_DETACH);
    const bool inside = points[i].starts_with(shm + "/");
    shown += " on " + (inside ? "/dev/shm" + points[i].substr(shm.size()) : points[i]);
  }
  return shown;
}

std::string mounted(long result) { return number(result) + unmounted(); }

std::string opened(long result) { return parity::fd(static_cast<int>(result)); }

/// A mount to move or to take away, on an empty directory.
void mount_on(const std::string& place) {
  parity::raw(SYS_mount, "none", place.c_str(), "tmpfs", 0L, 0L);
  errno = parity::errno_before;
}

}  // namespace

FAMILY(mount) {
  if (unshare(CLONE_NEWNS) != 0 || parity::raw(SYS_mount, "none", "/", 0L, MS_REC | MS_PRIVATE, 0L) != 0)
    return parity::once("mount", "in a namespace of its own", [] { return number(-1); });
  parity::keeper::follow();
  mounts_at_first = mount_points().size();
  const std::vector<parity::Place> places = without_shm_itself(parity::plain_places());
  const std::vector<parity::Place> at_places = without_shm_itself(parity::at_places());

  EACH_PATH_OF(places, mounted, mount, "/dev/shm/label", path, "tmpfs", MS_NOSUID, "size=64k");
  EACH_PATH_OF(places, mounted, mount, "/tmp/parity/o", path, nullptr, MS_BIND, nullptr);
  EACH_PATH_OF(places, mounted, mount, path, "/tmp/parity/o", nullptr, MS_BIND, nullptr);
  EACH_PATH_OF(places, mounted, mount, path, "/tmp/parity/shm", nullptr, MS_BIND, nullptr);
  EACH_PATH_OF(places, mounted, mount, path, "/dev/shm/empty", nullptr, MS_MOVE, nullptr);
  EACH_PATH_OF(places, mounted, mount, nullptr, path, nullptr, MS_REMOUNT | MS_BIND, nullptr);
  EACH_PATH_OF(places, mounted, syscall, SYS_mount, "/tmp/parity/o", path, nullptr, MS_BIND, nullptr);
  EACH_PATH_OF(places, mounted, syscall, SYS_mount, path, "/tmp/parity/o", nullptr, MS_BIND, nullptr);

  const auto taking_away = [&](const char* function, const char* arguments, auto call) {
    parity::each_path_of(places, function, arguments, [=](const char* path) {
      mount_on(parity::real_shm() + "/dir");
      const long result = call(path);
      return number(result) + (result == 0 ? "" : ", still") + unmounted();
    });
  };
  taking_away("umount", "path", [](const char* path) { return umount(path); });
  taking_away("umount2", "path, 0", [](const char* path) { return umount2(path, 0); });
  taking_away("umount2", "path, UMOUNT_NOFOLLOW | MNT_EXPIRE",
              [](const char* path) { return umount2(path, UMOUNT_NOFOLLOW | MNT_EXPIRE); });
  taking_away("syscall", "SYS_umount2, path, MNT_DETACH",
              [](const char* path) { return syscall(SYS_umount2, path, MNT_DETACH); });

  const auto at = [&](const char* function, const char* arguments, auto call) {
    for (const bool is_mounted : {false, true})
      parity::each_at_of(at_places, function, (arguments + std::string(is_mounted ? ", a mount on dir" : "")).c_str(),
                         [=](int dir, const char* path) {
                           if (is_mounted) mount_on(parity::real_shm() + "/dir");
                           const std::string shown = call(dir, path);
                           return shown + unmounted();
                         });
  };
  mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_RDONLY;
  at("open_tree", "dir, path, OPEN_TREE_CLOEXEC",
     [](int dir, const char* path) { return opened(open_tree(dir, path, OPEN_TREE_CLOEXEC)); });
  at("fspick", "dir, path, 0", [](int dir, const char* path) {
    const int fd = fspick(dir, path, 0);
    const std::string shown = fd < 0 ? number(fd) : "picked";
    if (fd >= 0) close(fd);
    return shown;
  });
  at("mount_setattr", "dir, path, 0, read-only",
     [&](int dir, const char* path) { return number(mount_setattr(dir, path, 0, &attributes, sizeof attributes)); });
  at("move_mount", "\"/dev/shm/dir\", dir, path",
     [](int dir, const char* path) { return number(move_mount(AT_FDCWD, "/dev/shm/dir", dir, path, 0)); });
  at("move_mount", "dir, path, \"/dev/shm/empty\"",
     [](int dir, const char* path) { return number(move_mount(dir, path, AT_FDCWD, "/dev/shm/empty", 0)); });
  at("syscall", "SYS_open_tree, dir, path, OPEN_TREE_CLOEXEC",
     [](int dir, const char* path) { return opened(syscall(SYS_open_tree, dir, path, OPEN_TREE_CLOEXEC)); });
  at("syscall", "SYS_mount_setattr, dir, path, 0, read-only", [&](int dir, const char* path) {
    return number(syscall(SYS_mount_setattr, dir, path, 0, &attributes, sizeof attributes));
  });
  at("syscall", "SYS_move_mount, \"/dev/shm/dir\", dir, path",
     [](int dir, const char* path) { return number(syscall(SYS_move_mount, AT_FDCWD, "/dev/shm/dir", dir, path, 0)); });
}
