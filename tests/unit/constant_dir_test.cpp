// SPDX-License-Identifier: MIT
//
// All of this happens in a scratch directory that takes the place of /tmp in a private mount namespace.
#include "../../preload/constant_dir.h"

#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "support.h"

using devshm::constant_dir;
using devshm::constant_dir_holds;
using devshm::constant_dir_was_remade;
using devshm::constant_length;
using support::in_child;
using support::in_silent_child;
using support::names_in;

namespace {

constexpr char long_dir[] = "/tmp/a-longer-directory";

std::string constant() {
  char text[constant_length + 1] = "########";
  char(&out)[constant_length] = reinterpret_cast<char(&)[constant_length]>(text);
  errno = 1234;
  EXPECT_EQ(constant_dir(out), 0);
  EXPECT_EQ(errno, 1234);
  return text;
}

std::string link_text(const std::string& link) {
  std::error_code error;
  return std::filesystem::read_symlink(link, error).string();
}

TEST(ConstantDir, PadsAShortDirectoryWithSlashes) {
  const std::pair<const char*, const char*> cases[] = {
      {"/tmp/shm", "/tmp/shm"}, {"/tmp/shm///", "/tmp/shm"}, {"/tmp/s", "/tmp/s//"}, {"/x", "/x//////"}};
  for (const auto& [dir, text] : cases)
    in_silent_child({{"DEVSHM_DIR", dir}}, [text = text] {
      EXPECT_EQ(constant(), text);
      EXPECT_FALSE(constant_dir_was_remade());  // there is nothing that could be
    });
}

class LinkInTmp : public testing::Test {
 protected:
  void SetUp() override {
    NEEDS(support::lacks_private_mounts());
    chmod(scratch_.path().c_str(), 01777);
  }

  /// Runs `work` with the scratch directory for /tmp. What it leaves there is found in the scratch directory.
  std::string in_private_tmp(const char* dir, const std::function<void()>& work) {
    return in_child({{"DEVSHM_DIR", dir}}, [&] {
      ASSERT_TRUE(support::enter_private_mounts());
      ASSERT_TRUE(support::bind_over_tmp(scratch_.path()));
      work();
    });
  }

  /// The name in /tmp of the link that a process makes or takes.
  std::string chosen_link(
      const std::function<void()>& prepare = [] {}, const char* dir = long_dir) {
    const std::string note = scratch_ / "note";
    EXPECT_EQ(in_private_tmp(dir,
                             [&] {
                               support::write_file("/tmp/note");
                               chmod("/tmp/note", 0666);
                               prepare();
                               const std::string name = constant();
                               EXPECT_EQ(name.size(), constant_length);
                               EXPECT_EQ(name.substr(0, 6), "/tmp/.");
                               EXPECT_EQ(link_text(name), dir);
                               support::write_file("/tmp/note", name);
                             }),
              "");
    FILE* file = std::fopen(note.c_str(), "r");
    char text[64] = "";
    if (!file || !std::fgets(text, sizeof text, file)) ADD_FAILURE() << "the child chose no link";
    if (file) std::fclose(file);
    std::filesystem::remove(note);
    return std::filesystem::path(text).filename();
  }

  support::ScratchDir scratch_;
};

TEST_F(LinkInTmp, IsMadeForALongDirectory) {
  const std::string link = chosen_link();
  EXPECT_EQ(link_text(scratch_ / link), long_dir);
  EXPECT_EQ(names_in(scratch_.path()), std::vector<std::string>{link});
}

TEST_F(LinkInTmp, IsTakenByTheNextProcess) {
  const std::string link = chosen_link();
  EXPECT_EQ(chosen_link(), link);
  EXPECT_EQ(names_in(scratch_.path()), std::vector<std::string>{link});
}

TEST_F(LinkInTmp, StaysTheSameInAProcess) {
  EXPECT_EQ(in_private_tmp(long_dir,
                           [] {
                             const std::string first = constant();
                             EXPECT_EQ(constant(), first);
                             unlink(first.c_str());
                             EXPECT_EQ(constant(),
                                       first);  // libc has it already; constant_dir_was_remade() is asked when it fails
                           }),
            "");
}

TEST_F(LinkInTmp, DiffersByDirectory) {
  const std::string first = chosen_link();
  const std::string second = chosen_link([] {}, "/tmp/another-directory");
  EXPECT_NE(first, second);
  EXPECT_EQ(link_text(scratch_ / second), "/tmp/another-directory");
}

TEST_F(LinkInTmp, PassesOverAStrangersLink) {
  NEEDS(support::lacks_other_users());
  const std::string first = chosen_link();
  // It leads to the right place, but its owner can turn it elsewhere at any time.
  ASSERT_EQ(lchown((scratch_ / first).c_str(), 1, 1), 0);
  const std::string second = chosen_link();
  EXPECT_NE(second, first);
  EXPECT_EQ(link_text(scratch_ / first), long_dir);
}

TEST_F(LinkInTmp, TakesRootsLinkButNotTheOtherWayRound) {
  NEEDS(support::lacks_other_users());
  const std::string nobodys = chosen_link(support::become_nobody);
  ASSERT_EQ(lchown((scratch_ / nobodys).c_str(), 0, 0), 0);
  EXPECT_EQ(chosen_link(support::become_nobody), nobodys);
  ASSERT_EQ(lchown((scratch_ / nobodys).c_str(), 1, 1), 0);
  EXPECT_NE(chosen_link(support::become_nobody), nobodys);
}

TEST_F(LinkInTmp, PassesOverWhatIsNoLinkToOurDirectory) {
  const std::string first = chosen_link();
  const std::string at = scratch_ / first;
  const std::function<void()> obstacles[] = {
      [&] { support::write_file(at); },
      [&] { std::filesystem::create_directory(at); },
      [&] { std::filesystem::create_symlink("/tmp/a-longer-director", at); },
      [&] { std::filesystem::create_symlink("/tmp/a-longer-directory2", at); },
      [&] { std::filesystem::create_symlink("nowhere", at); },
  };
  for (const auto& put_obstacle : obstacles) {
    std::filesystem::remove(at);
    put_obstacle();
    EXPECT_NE(chosen_link(), first);
  }
}

// Somebody may have taken all names of the first kind, or any number of those.
TEST_F(LinkInTmp, HasMoreNamesThanSomebodyTakes) {
  EXPECT_EQ(in_private_tmp(long_dir,
                           [] {
                             const std::string letters =
                                 "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
                             for (const char a : letters)
                               for (const char b : letters)
                                 ASSERT_EQ(symlink("x", (std::string("/tmp/.") + a + b).c_str()), 0);
                             for (int i = 0; i < 30; ++i) {
                               in_silent_child({{"DEVSHM_DIR", long_dir}}, [&] {
                                 const std::string name = constant();
                                 EXPECT_EQ(link_text(name), long_dir);
                                 EXPECT_EQ(name.size(), constant_length);
                                 ASSERT_EQ(unlink(name.c_str()), 0);
                                 ASSERT_EQ(symlink("x", name.c_str()), 0);
                               });
                             }
                             const std::string name = constant();
                             EXPECT_EQ(link_text(name), long_dir);
                             EXPECT_EQ(names_in("/tmp").size(), 64 * 64 + 30 + 1u);
                           }),
            "");
}

// A user's link is no good for another one; root's is good for all.
TEST_F(LinkInTmp, IsAnotherOneForAnotherUser) {
  NEEDS(support::lacks_other_users());
  EXPECT_EQ(in_private_tmp(long_dir,
                           [] {
                             ASSERT_EQ(seteuid(1000), 0);
                             const std::string users = constant();
                             EXPECT_TRUE(users == constant());
                             EXPECT_FALSE(constant_dir_holds());  // asked each time, as we can become root
                             ASSERT_EQ(seteuid(0), 0);
                             ASSERT_EQ(seteuid(1001), 0);
                             const std::string others = constant();
                             EXPECT_NE(others, users);
                             ASSERT_EQ(seteuid(0), 0);
                             const std::string roots = constant();
                             EXPECT_NE(roots, users);
                             EXPECT_NE(roots, others);
                             EXPECT_TRUE(constant_dir_holds());
                             ASSERT_EQ(seteuid(1000), 0);
                             EXPECT_EQ(constant(), roots);
                             EXPECT_TRUE(constant_dir_holds());
                           }),
            "");
}

TEST_F(LinkInTmp, GivesUpWhereTmpCantBeWritten) {
  const std::string said = in_private_tmp(long_dir, [] {
    ASSERT_EQ(mount(nullptr, "/tmp", nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY, nullptr), 0);
    char out[constant_length];
    EXPECT_EQ(constant_dir(out), EROFS);
  });
  EXPECT_NE(said.find("(errno 30)"), std::string::npos) << said;
}

TEST_F(LinkInTmp, IsRemade) {
  EXPECT_EQ(in_private_tmp(long_dir,
                           [] {
                             EXPECT_FALSE(constant_dir_was_remade());  // none has been asked for
                             const std::string link = constant();
                             EXPECT_FALSE(constant_dir_was_remade());  // it is not gone
                             for (int i = 0; i < 3; ++i) {
                               ASSERT_EQ(unlink(link.c_str()), 0);
                               errno = 1234;
                               EXPECT_TRUE(constant_dir_was_remade());
                               EXPECT_EQ(errno, 1234);
                               EXPECT_EQ(link_text(link), long_dir);
                               EXPECT_FALSE(constant_dir_was_remade());
                             }
                             ASSERT_EQ(unlink(link.c_str()), 0);
                             support::write_file(link);
                             EXPECT_FALSE(constant_dir_was_remade());  // it is there: whatever it is
                           }),
            "");
}

TEST_F(LinkInTmp, IsOneForManyAtATime) {
  for (int round = 0; round < 10; ++round) {
    EXPECT_EQ(in_private_tmp(long_dir,
                             [] {
                               std::vector<std::string> names(16);
                               std::vector<std::thread> threads;
                               for (std::string& name : names) threads.emplace_back([&name] { name = constant(); });
                               for (std::thread& thread : threads) thread.join();
                               EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), 1u);
                             }),
              "");
    EXPECT_EQ(names_in(scratch_.path()).size(), 1u);
  }
}

}  // namespace
