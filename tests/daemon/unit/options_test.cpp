// SPDX-License-Identifier: MIT
#include "../../../daemon/options.h"

#include <gtest/gtest.h>

#include <sstream>

#include "../../../daemon/size.h"

namespace devshmd {
namespace {

Parsed parse(const std::string& line) {
  std::istringstream words(line);
  std::vector<std::string> arguments;
  for (std::string word; words >> word;) arguments.push_back(word);
  return parse_options(arguments);
}
Options good(const std::string& line) {
  const Parsed parsed = parse(line);
  EXPECT_EQ(parsed.error, "") << line;
  return parsed.options;
}

TEST(Options, ModesAndMountPoint) {
  EXPECT_EQ(good("").mode, Mode::serve);
  EXPECT_EQ(good("").mount_point, "/dev/shm");
  EXPECT_EQ(good("hidden").mode, Mode::hidden);
  EXPECT_EQ(good("/mnt").mount_point, "/mnt");
  EXPECT_EQ(good("/mnt").mode, Mode::serve);
  EXPECT_EQ(good("full /mnt").mount_point, "/mnt");
  EXPECT_EQ(good("--exec serve /mnt").mode, Mode::serve);
  EXPECT_EQ(good("serve hidden").mount_point, "hidden") << "only the first word is a mode";
  EXPECT_EQ(good("-- --odd").mount_point, "--odd");
}

TEST(Options, Values) {
  const Options options = good(
      "serve --size 64M --inodes=10 --record - --also /a --also=/b --allow-other --exec --ready-fd 7 --no-passthrough");
  EXPECT_EQ(options.size, "64M");
  EXPECT_EQ(options.inodes, 10u);
  EXPECT_EQ(options.record, "-");
  EXPECT_EQ(options.also, (std::vector<std::string>{"/a", "/b"}));
  EXPECT_TRUE(options.allow_other && options.exec && !options.passthrough && !options.daemonize);
  EXPECT_EQ(options.ready_fd, 7);
}

TEST(Options, Commands) {
  EXPECT_EQ(good("umount").command, Command::umount);
  EXPECT_EQ(good("umount /mnt").mount_point, "/mnt");
  EXPECT_EQ(good("report file").report_file, "file");
  EXPECT_EQ(good("--status /mnt").command, Command::status);
  EXPECT_TRUE(good("--status --json /mnt").json);
  EXPECT_EQ(good("top").command, Command::top);
  EXPECT_EQ(good("top --once /mnt").mount_point, "/mnt");
  EXPECT_EQ(good("top --interval 5").interval, 5u);
  EXPECT_EQ(good("--help --nonsense").command, Command::help);
  EXPECT_EQ(good("--version").command, Command::version);
}

TEST(Options, RefusalsNameWhatIsWrong) {
  const std::pair<const char*, const char*> table[] = {
      {"--nonsense", "unknown option --nonsense"},
      {"-x", "unknown option -x"},
      {"--nonsense=1", "unknown option --nonsense;"},
      {"--size", "--size needs a value"},
      {"--size=", "--size needs a value"},
      {"--size big", "--size big"},
      {"--size 101%", "--size 101%"},
      {"--inodes many", "--inodes many"},
      {"--ready-fd x", "--ready-fd x"},
      {"--ready-fd -1", "--ready-fd -1"},
      {"--exec=yes", "--exec takes no value"},
      {"--exec --exec", "--exec is given twice"},
      {"serve /a /b", "one word too many: /b"},
      {"report", "report needs a FILE"},
      {"report a b", "one word too many: b"},
      {"umount a b", "one word too many: b"},
      // can't be combined
      {"hidden --size 1M", "--size can't be combined with hidden"},
      {"full --inodes 3", "--inodes can't be combined with full"},
      {"denied --exec", "--exec can't be combined with denied"},
      {"readonly --no-passthrough", "--no-passthrough can't be combined with readonly"},
      {"hidden --no-dirty-limit", "--no-dirty-limit can't be combined with hidden"},
      {"--daemonize --record -", "--record - can't be combined with --daemonize"},
      {"umount --exec", "--exec can't be combined with umount"},
      {"report f --record g", "--record can't be combined with report"},
      {"--json", "--json belongs to --status"},
      {"top --json", "--json belongs to --status"},
      {"serve --once", "--once belongs to top"},
      {"top --interval 0", "--interval 0: not 1 to 3600 seconds"},
      {"top --exec", "--exec can't be combined with top"},
      {"top /a /b", "one word too many: /b"},
      {"--status --daemonize", "--daemonize can't be combined with --status"},
  };
  for (const auto& [line, expected] : table)
    EXPECT_EQ(parse(line).error.rfind(expected, 0), 0u) << line << ": " << parse(line).error;
}

TEST(Size, IsReadAsPeopleWriteIt) {
  EXPECT_EQ(parse_size("0"), 0u);
  EXPECT_EQ(parse_size("65536"), 65536u);
  EXPECT_EQ(parse_size("64k"), 65536u);
  EXPECT_EQ(parse_size("64M"), 64u << 20);
  EXPECT_EQ(parse_size("2G"), 2ull << 30);
  EXPECT_EQ(parse_size("1T"), 1ull << 40);
  EXPECT_EQ(parse_size("50%", 1000), 500u);
  for (const char* text : {"", "k", "-1", "1.5G", "64MB", "64 M", "1%", "99999999999999999999", "17000000T", "1b"})
    EXPECT_EQ(parse_size(text), std::nullopt) << text;
}

TEST(Size, IsShownShort) {
  EXPECT_EQ(show_size(0), "0 bytes");
  EXPECT_EQ(show_size(64ull << 20), "64 MiB");
  EXPECT_EQ(show_size(1536), "1.5 KiB");
}

}  // namespace
}  // namespace devshmd
