// SPDX-License-Identifier: MIT
//
// Mounts below /dev/shm, in a mount namespace of the test's own.
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/mount.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

#include "backing.h"

namespace {

using std::string;

/// What is mounted on a place below the backing directory: "source type"; empty: nothing.
string mounted_on(const string& name) {
  std::ifstream mounts("/proc/self/mounts");
  string line, found;
  while (std::getline(mounts, line)) {
    std::istringstream words(line);
    string source, target, type;
    words >> source >> target >> type;
    if (target == backing() + name) found = source + " " + type;
  }
  return found;
}

/// A function that the libc may not have.
template <class Function>
Function* find(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_DEFAULT, name));
}

class MountTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    is_private_ = unshare(CLONE_NEWNS) == 0 && mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
  }
  void SetUp() override {
    if (!is_private_) GTEST_SKIP() << "takes the right to mount";
    remove_backing();
    mkdir("/dev/shm/a", 0755);
    mkdir("/dev/shm/b", 0755);
  }
  void TearDown() override {
    if (!is_private_) return;
    for (const char* place : {"/a", "/b"}) umount2((backing() + place).c_str(), MNT_DETACH);
    remove_backing();
  }
  static bool exists(const string& path) { return access((backing() + path).c_str(), F_OK) == 0; }

  static void TearDownTestSuite() { unlink(log_file().c_str()); }
  static string log_file() { return getenv("DEVSHM_LOG"); }
  static bool is_logged(const string& text) {
    std::ifstream log(log_file());
    return string(std::istreambuf_iterator<char>(log), {}).find(text) != string::npos;
  }

  static inline bool is_private_ = false;
};

TEST_F(MountTest, TargetIsMappedAndALabelIsNot) {
  ASSERT_EQ(mount("/dev/shm/label", "/dev/shm/a", "tmpfs", 0, nullptr), 0) << strerror(errno);
  EXPECT_EQ(mounted_on("/a"), "/dev/shm/label tmpfs");
  ASSERT_EQ(umount("/dev/shm/a"), 0) << strerror(errno);
  EXPECT_EQ(mounted_on("/a"), "");
  ASSERT_EQ(mount("shm", "/dev/shm/a/", "tmpfs", 0, nullptr), 0);
  EXPECT_EQ(mounted_on("/a"), "shm tmpfs");
  ASSERT_EQ(umount2("/dev/shm/a", MNT_DETACH), 0) << strerror(errno);
  EXPECT_EQ(mounted_on("/a"), "");
}

TEST_F(MountTest, SourceOfABindIsAPath) {
  close(creat("/dev/shm/a/file", 0600));
  ASSERT_EQ(mount("/dev/shm/a", "/dev/shm/b", nullptr, MS_BIND, nullptr), 0) << strerror(errno);
  EXPECT_TRUE(exists("/b/file"));
  ASSERT_EQ(mount("/dev/shm/a", "/dev/shm/b", nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr), 0);
  EXPECT_EQ(open("/dev/shm/b/new", O_CREAT | O_WRONLY, 0600), -1);
  EXPECT_EQ(errno, EROFS);
}

TEST_F(MountTest, BindByARelativeName) {
  close(creat("/dev/shm/a/file", 0600));
  ASSERT_EQ(chdir("/dev"), 0);
  EXPECT_EQ(mount("shm/a", "shm/b", nullptr, MS_BIND, nullptr), 0) << strerror(errno);
  ASSERT_EQ(chdir("/"), 0);
  EXPECT_TRUE(exists("/b/file"));
}

TEST_F(MountTest, MoveTakesTwoPaths) {
  ASSERT_EQ(mount("tmpfs", "/dev/shm/a", "tmpfs", 0, nullptr), 0);
  ASSERT_EQ(mount("/dev/shm/a", "/dev/shm/b", nullptr, MS_MOVE, nullptr), 0) << strerror(errno);
  EXPECT_EQ(mounted_on("/b"), "tmpfs tmpfs");
}

TEST_F(MountTest, ErrorsAreTheKernels) {
  EXPECT_EQ(umount("/dev/shm/a"), -1);
  EXPECT_EQ(errno, EINVAL);
  EXPECT_EQ(umount2("/dev/shm/none", 0), -1);
  EXPECT_EQ(errno, ENOENT);
  EXPECT_EQ(mount("tmpfs", "/dev/shm/none", "tmpfs", 0, nullptr), -1);
  EXPECT_EQ(errno, ENOENT);
  EXPECT_EQ(mount("/dev/shm/none", "/dev/shm/a", "ext4", 0, nullptr), -1);
  EXPECT_EQ(errno, ENOENT) << "no such device";
}

TEST_F(MountTest, SourceMayBeADevice) {
  ASSERT_EQ(mknod((backing() + "/device").c_str(), S_IFBLK | 0600, 0), 0);  // of a number that no driver has
  for (const char* path : {"/dev/shm/device", "/dev/shm/none"}) {
    EXPECT_EQ(mount(path, "/dev/shm/a", "ext4", 0, nullptr), -1);
    // Found, and no driver behind it (the node may also lie where devices are forbidden); or not found.
    if (string(path) == "/dev/shm/device") {
      EXPECT_TRUE(errno == ENXIO || errno == EACCES) << strerror(errno);
    } else {
      EXPECT_EQ(errno, ENOENT);
    }
  }
}

TEST_F(MountTest, TheNewCalls) {
  const auto open_tree = find<int(int, const char*, unsigned)>("open_tree");
  const auto move_mount = find<int(int, const char*, int, const char*, unsigned)>("move_mount");
  const auto set_attributes = find<int(int, const char*, unsigned, mount_attr*, size_t)>("mount_setattr");
  const auto fspick = find<int(int, const char*, unsigned)>("fspick");
  if (!dlsym(RTLD_NEXT, "open_tree")) GTEST_SKIP() << "not in this libc";
  close(creat("/dev/shm/a/file", 0600));
  const int dev = open("/dev", O_PATH);
  const int tree = open_tree(dev, "shm/a", OPEN_TREE_CLONE);
  ASSERT_GE(tree, 0) << strerror(errno);
  ASSERT_EQ(move_mount(tree, "", AT_FDCWD, "/dev/shm/b", MOVE_MOUNT_F_EMPTY_PATH), 0) << strerror(errno);
  close(tree);
  EXPECT_TRUE(exists("/b/file"));
  mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_RDONLY;
  ASSERT_EQ(set_attributes(dev, "shm/b", 0, &attributes, sizeof attributes), 0) << strerror(errno);
  EXPECT_EQ(open((backing() + "/b/new").c_str(), O_CREAT | O_WRONLY, 0600), -1);
  EXPECT_EQ(errno, EROFS);
  ASSERT_EQ(mount("tmpfs", "/dev/shm/a", "tmpfs", 0, nullptr), 0);
  const int picked = fspick(AT_FDCWD, "/dev/shm/a", 0);
  EXPECT_GE(picked, 0) << strerror(errno);
  close(picked);
  close(dev);
}

TEST_F(MountTest, FsconfigTakesAPathByCommand) {
  const auto fsopen = find<int(const char*, unsigned)>("fsopen");
  const auto fsconfig = find<int(int, unsigned, const char*, const void*, int)>("fsconfig");
  if (!dlsym(RTLD_NEXT, "fsconfig")) GTEST_SKIP() << "not in this libc";
  const int label = fsopen("tmpfs", 0);
  ASSERT_GE(label, 0) << strerror(errno);
  EXPECT_EQ(fsconfig(label, FSCONFIG_SET_STRING, "source", "/dev/shm/label", 0), 0) << strerror(errno);
  close(label);
  // No file system makes use of a path by this command so far. That it went on by its other name is in the log.
  const int context = fsopen("tmpfs", 0);
  const int dev = open("/dev", O_PATH);
  EXPECT_EQ(fsconfig(context, FSCONFIG_SET_PATH, "none", "/dev/shm/by-path", AT_FDCWD), -1);
  EXPECT_EQ(fsconfig(context, FSCONFIG_SET_PATH_EMPTY, "none", "shm/from-dev", dev), -1);
  EXPECT_TRUE(is_native() || is_logged("fsconfig: /dev/shm/by-path -> " + backing() + "/by-path"));
  EXPECT_TRUE(is_native() || is_logged("fsconfig: shm/from-dev -> " + backing() + "/from-dev"));
  EXPECT_FALSE(is_logged("fsconfig: /dev/shm/label"));
  close(dev);
  close(context);
}

}  // namespace
