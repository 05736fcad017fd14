// SPDX-License-Identifier: MIT
#include "../../preload/memory_size.h"

#include <gtest/gtest.h>
#include <sys/sysinfo.h>

#include <cerrno>
#include <filesystem>
#include <string>

#include "../../preload/cgroup.h"
#include "support.h"

using devshm::Amount;
using devshm::Bytes;
using devshm::CgroupMemory;
using devshm::no_limit;

namespace {

constexpr Bytes mib = 1 << 20;

TEST(Amount, ReadsWhatATmpfsReads) {
  const std::pair<const char*, Bytes> texts[] = {
      {"0", 0},          {"1", 1},          {"64k", 64 << 10},       {"64K", 64 << 10},
      {"64m", 64 * mib}, {"64M", 64 * mib}, {"2G", 2048 * mib},      {"2g", 2048 * mib},
      {"1T", mib * mib}, {"007", 7},        {"8388608T", 1ull << 63}};
  for (const auto& [text, bytes] : texts) {
    Amount amount{1, 1};
    EXPECT_TRUE(devshm::parse_amount(text, amount)) << text;
    EXPECT_EQ(amount.bytes, bytes) << text;
    EXPECT_EQ(amount.percent, 0u) << text;
  }
  Amount amount;
  EXPECT_TRUE(devshm::parse_amount("25%", amount));
  EXPECT_EQ(amount.percent, 25u);
}

TEST(Amount, RefusesOtherTexts) {
  for (const char* text : {"", "M", "%", "-1", "+1", " 1", "1 ", "1 M", "1MB", "1MiB", "1.5G", "0x10", "1E", "1%%",
                           "1001%", "8388609T", "18446744073709551616", "99999999999999999999999"}) {
    Amount amount{7, 7};
    EXPECT_FALSE(devshm::parse_amount(text, amount)) << text;
    EXPECT_EQ(amount.bytes, 7u) << text;
  }
}

/// A tree of control groups in a directory, with the tables that describe it.
class Groups {
 public:
  void group(const std::string& path, const std::string& limit, const std::string& usage, const std::string& stat) {
    const std::string dir = scratch / "tree" + path;
    std::filesystem::create_directories(dir);
    const bool first = version == 1;
    if (!limit.empty()) support::write_file(dir + (first ? "/memory.limit_in_bytes" : "/memory.max"), limit + "\n");
    if (!usage.empty()) support::write_file(dir + (first ? "/memory.usage_in_bytes" : "/memory.current"), usage + "\n");
    if (!stat.empty()) support::write_file(dir + "/memory.stat", stat);
  }
  CgroupMemory read(const std::string& own, const std::string& root = "/") const {
    const std::string point = scratch / "tree";
    if (version == 1) {
      support::write_file(scratch / "groups", "9:name=systemd:/x\n4:cpu,memory:" + own + "\n3:memoryless:/y\n0::/z\n");
      support::write_file(scratch / "mounts",
                          "31 23 0:28 / /other rw,relatime - tmpfs tmpfs rw,mode=755\n"
                          "34 31 0:31 / /cpuset rw - cgroup cgroup rw,cpuset\n"
                          "35 31 0:32 " +
                              root + " " + point +
                              " rw,relatime shared:9 master:1 - cgroup cgroup rw,cpu,memory\n"
                              "41 31 0:38 / /unified rw,relatime - cgroup2 cgroup2 rw\n");
    } else {
      support::write_file(scratch / "groups", "0::" + own + "\n");
      support::write_file(scratch / "mounts", std::string(9000, 'x') + "\n22 1 0:5 " + root + " " + point +
                                                  " rw,nosuid - cgroup2 cgroup rw,nsdelegate\n");
    }
    errno = 1234;
    const CgroupMemory found = devshm::read_cgroup_memory((scratch / "groups").c_str(), (scratch / "mounts").c_str());
    EXPECT_EQ(errno, 1234);
    return found;
  }
  explicit Groups(int of) : version(of) {}

 private:
  support::ScratchDir scratch;
  int version;
};

const std::string of_version_2 = "anon 1\ninactive_file 1048576\n";
const std::string of_version_1 = "inactive_file 5\nhierarchical_memory_limit 7\ntotal_inactive_file 1048576\n";

TEST(Cgroup, Version2InItsOwnNamespace) {
  Groups groups(2);
  groups.group("", "104857600", "31457280", of_version_2);
  const CgroupMemory found = groups.read("/");
  EXPECT_EQ(found.limit, 100 * mib);
  EXPECT_EQ(found.available, 71 * mib);
}

TEST(Cgroup, Version2TakesTheOutermostLimitAndWhatAllLeave) {
  Groups groups(2);
  groups.group("", "", "", "");
  groups.group("/pod", "max", "41943040", "");
  groups.group("/pod/container", "104857600", "31457280", of_version_2);
  groups.group("/pod/container/own", "52428800", "10485760", of_version_2);
  const CgroupMemory found = groups.read("/pod/container/own");
  EXPECT_EQ(found.limit, 100 * mib);
  EXPECT_EQ(found.available, 41 * mib);
  // Another process of the container, in another group, has the same limit.
  EXPECT_EQ(groups.read("/pod/container").limit, found.limit);
  EXPECT_EQ(groups.read("/pod").limit, no_limit);
}

TEST(Cgroup, Version1BesideTheOthers) {
  Groups groups(1);
  groups.group("", "9223372036854771712", "1", "");
  groups.group("/docker/7", "104857600", "31457280", of_version_1);
  const CgroupMemory found = groups.read("/docker/7");
  EXPECT_EQ(found.limit, 100 * mib);
  EXPECT_EQ(found.available, 71 * mib);
}

// The host's table of groups, and a mount of the container's own alone.
TEST(Cgroup, AMountThatShowsTheContainerAlone) {
  for (const int version : {1, 2}) {
    Groups groups(version);
    groups.group("", "104857600", "0", "");
    groups.group("/own", "52428800", "0", "");
    EXPECT_EQ(groups.read("/docker/7", "/docker/7").available, 100 * mib);
    EXPECT_EQ(groups.read("/docker/7/own", "/docker/7").available, 50 * mib);
    EXPECT_EQ(groups.read("/docker/77", "/docker/7").available, 100 * mib);
    EXPECT_EQ(groups.read("/../other").available, 100 * mib);
  }
}

TEST(Cgroup, AGroupWithALongName) {
  Groups groups(2);
  const std::string name = "/" + std::string(200, 'n');
  groups.group(name, "104857600", "0", "");
  EXPECT_EQ(groups.read(name).limit, 100 * mib);
}

TEST(Cgroup, MoreUsedThanAllowed) {
  Groups groups(2);
  groups.group("", "1048576", "31457280", "");
  EXPECT_EQ(groups.read("/").available, 0u);
}

TEST(Cgroup, NoneToBeSeen) {
  for (const char* table : {"/dev/null", "/nonexistent", "/proc/self/status"}) {
    const CgroupMemory found = devshm::read_cgroup_memory(table, table);
    EXPECT_EQ(found.limit, no_limit);
    EXPECT_EQ(found.available, no_limit);
  }
}

TEST(Memory, OfThisMachine) {
  struct sysinfo info {};
  ASSERT_EQ(sysinfo(&info), 0);
  const Bytes machine = static_cast<Bytes>(info.totalram) * info.mem_unit;
  EXPECT_EQ(devshm::machine_memory(), machine);  // both in KiB
  EXPECT_LE(devshm::total_memory(), machine);
  EXPECT_GT(devshm::available_memory(), 0u);
  EXPECT_LE(devshm::available_memory(), machine);
  EXPECT_EQ(devshm::bytes_of({5, 0}), 5u);
  EXPECT_EQ(devshm::bytes_of({0, 50}), devshm::total_memory() / 100 * 50);
}

}  // namespace
