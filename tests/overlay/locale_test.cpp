// SPDX-License-Identifier: MIT
//
// Message catalogues and login records below /dev/shm.
#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <libintl.h>
#include <locale.h>
#include <nl_types.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utmp.h>
#include <utmpx.h>

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

#include "backing.h"

namespace {

using std::string;

class LocaleTest : public testing::Test {
 protected:
  void SetUp() override { remove_backing(); }
  void TearDown() override { remove_backing(); }
};

/// The smallest catalogue that gettext reads: one message.
string mo_file(const string& original, const string& translated) {
  const std::uint32_t head = 28, strings = head + 16;
  const auto original_length = static_cast<std::uint32_t>(original.size());
  const std::uint32_t words[] = {0x950412de,
                                 0,
                                 1,
                                 head,
                                 head + 8,
                                 0,
                                 0,
                                 original_length,
                                 strings,
                                 static_cast<std::uint32_t>(translated.size()),
                                 strings + original_length + 1};
  return string(reinterpret_cast<const char*>(words), sizeof words) + original + '\0' + translated + '\0';
}

TEST_F(LocaleTest, BindtextdomainGivesBackTheProgramsDirectory) {
  EXPECT_STREQ(bindtextdomain("one", "/dev/shm/locale"), "/dev/shm/locale");
  EXPECT_STREQ(bindtextdomain("one", nullptr), "/dev/shm/locale");
  EXPECT_STREQ(bindtextdomain("two", "/dev/shm"), "/dev/shm");
  EXPECT_STREQ(bindtextdomain("two", nullptr), "/dev/shm");
  EXPECT_EQ(bindtextdomain("one", nullptr), bindtextdomain("one", nullptr)) << "one text, kept";
  EXPECT_STREQ(bindtextdomain("three", "/usr/share/locale"), "/usr/share/locale");
  EXPECT_EQ(bindtextdomain("unbound", nullptr) == nullptr || *bindtextdomain("unbound", nullptr), true);
}

TEST_F(LocaleTest, GettextFindsItsCatalogueThere) {
  if (!setlocale(LC_ALL, "C.UTF-8")) GTEST_SKIP() << "no locale to translate from";
  std::filesystem::create_directories(backing() + "/locale/xx/LC_MESSAGES");
  std::ofstream(backing() + "/locale/xx/LC_MESSAGES/devshm.mo") << mo_file("hello", "moin");
  setenv("LANGUAGE", "xx", 1);
  ASSERT_STREQ(bindtextdomain("devshm", (backing() + "/none").c_str()), "/dev/shm/none");
  ASSERT_STREQ(dgettext("devshm", "hello"), "hello");
  ASSERT_STREQ(bindtextdomain("devshm", "/dev/shm/locale"), "/dev/shm/locale");
  EXPECT_STREQ(dgettext("devshm", "hello"), "moin");
}

TEST_F(LocaleTest, CatopenTakesAPath) {
  errno = 0;
  EXPECT_EQ(catopen("/dev/shm/none.cat", 0), reinterpret_cast<nl_catd>(-1));
  EXPECT_EQ(errno, ENOENT);
  const string too_long = "/dev/shm/" + string(5000, 'n');
  EXPECT_EQ(catopen(too_long.c_str(), 0), reinterpret_cast<nl_catd>(-1));
  EXPECT_EQ(errno, ENAMETOOLONG);
  std::filesystem::create_directories(backing());
  std::ofstream(backing() + "/messages") << "$set 1\n1 moin\n";
  const string make = "gencat " + backing() + "/messages.cat " + backing() + "/messages 2>&1";
  if (system(make.c_str()) != 0) GTEST_SKIP() << "no gencat";
  const nl_catd catalogue = catopen("/dev/shm/messages.cat", 0);
  ASSERT_NE(catalogue, reinterpret_cast<nl_catd>(-1)) << strerror(errno);
  EXPECT_STREQ(catgets(catalogue, 1, 1, "hello"), "moin");
  catclose(catalogue);
}

TEST_F(LocaleTest, LoginRecordsGoThere) {
  std::filesystem::create_directories(backing());
  for (const char* name : {"utmp", "wtmp", "wtmpx"}) std::ofstream(backing() + "/" + name);
  utmpx entry{};
  entry.ut_type = USER_PROCESS;
  strcpy(entry.ut_id, "ds");
  strcpy(entry.ut_user, "somebody");

  ASSERT_EQ(utmpname("/dev/shm/utmp"), 0) << strerror(errno);
  setutxent();
  EXPECT_NE(pututxline(&entry), nullptr) << strerror(errno);
  endutxent();
  EXPECT_EQ(std::filesystem::file_size(backing() + "/utmp"), sizeof entry);
  ASSERT_EQ(utmpxname("/dev/shm/wtmp"), 0);
  EXPECT_NE(pututxline(&entry), nullptr);
  endutxent();
  EXPECT_EQ(std::filesystem::file_size(backing() + "/wtmp"), sizeof entry);

  updwtmp("/dev/shm/wtmp", reinterpret_cast<const utmp*>(&entry));
  EXPECT_EQ(std::filesystem::file_size(backing() + "/wtmp"), 2 * sizeof entry);
  updwtmpx("/dev/shm/wtmpx", &entry);
  EXPECT_EQ(std::filesystem::file_size(backing() + "/wtmpx"), sizeof entry);
}

}  // namespace
