// SPDX-License-Identifier: MIT
#include "../../preload/unix_address.h"

#include <gtest/gtest.h>

#include <cstring>
#include <ostream>
#include <string>

#include "../../preload/shown_name.h"

namespace devshm {
namespace {

using std::string;

/// The bytes of an address: its family, then `bytes`, NULs and all.
string address(const string& bytes, sa_family_t family = AF_UNIX) {
  return string(reinterpret_cast<const char*>(&family), sizeof family) + bytes;
}

string name_in(const string& bytes, socklen_t limit = sizeof(sockaddr_un)) {
  const UnixName name = unix_name(bytes.data(), static_cast<socklen_t>(bytes.size()), limit);
  return {name.text ? name.text : "", name.length};
}

const string nul(1, '\0');
const string full(108, 'x');

TEST(UnixName, EndsAtTheFirstNulOrWithTheAddress) {
  EXPECT_EQ(name_in(address("/dev/shm/a")), "/dev/shm/a");
  EXPECT_EQ(name_in(address("/dev/shm/a" + nul)), "/dev/shm/a");
  EXPECT_EQ(name_in(address("/dev/shm/a" + nul + "b")), "/dev/shm/a");
  EXPECT_EQ(name_in(address("a")), "a");
  EXPECT_EQ(name_in(address(full)), full);
  EXPECT_EQ(name_in(address(full + nul), longest_unix_address), full);
}

TEST(UnixName, IsEmptyForWhatIsNoFile) {
  EXPECT_EQ(name_in(address(nul + "/dev/shm/a")), "") << "abstract";
  EXPECT_EQ(name_in(address("")), "") << "no longer than the family";
  EXPECT_EQ(name_in("\x01"), "") << "shorter than the family";
  EXPECT_EQ(name_in(""), "");
  EXPECT_EQ(name_in(address("/dev/shm/a", AF_INET)), "");
  EXPECT_EQ(name_in(address(full + "x")), "") << "longer than any";
  EXPECT_EQ(unix_name(nullptr, 20, sizeof(sockaddr_un)).length, 0u);
}

TEST(UnixName, ReadsNothingBehindTheLength) {
  // Under a sanitizer a byte too far ends the test.
  for (std::size_t size = 0; size <= 12; ++size) {
    const string bytes = address("/dev/shm/a").substr(0, size);
    char* exact = static_cast<char*>(malloc(size ? size : 1));
    memcpy(exact, bytes.data(), size);
    EXPECT_EQ(unix_name(exact, static_cast<socklen_t>(size), sizeof(sockaddr_un)).length, size > 2 ? size - 2 : 0);
    free(exact);
  }
}

TEST(UnixName, MayMatchOnlyWithTheLetters) {
  for (const char* text : {"/dev/shm", "shm", "hm", "a/b/hm/c"}) EXPECT_TRUE(may_match({text, strlen(text)})) << text;
  for (const char* text : {"", "h", "m", "/tmp/x", "mh", "h/m"}) EXPECT_FALSE(may_match({text, strlen(text)})) << text;
  EXPECT_FALSE(may_match({"/dev/shm", 7})) << "the last letter is not part of it";
}

struct Made {
  const char* what;
  string head, rest;
  string bytes;  ///< empty: does not fit
};

TEST(MakeUnixAddress, IsExact) {
  const Made table[] = {
      {"short", "/tmp/shm", "/a", address("/tmp/shm/a" + nul)},
      {"the directory itself", "/tmp/shm", "", address("/tmp/shm" + nul)},
      {"the last with an end", "/tmp/shm", string(99, 'a'), address("/tmp/shm" + string(99, 'a') + nul)},
      {"the last without", "/tmp/shm", string(100, 'a'), address("/tmp/shm" + string(100, 'a'))},
      {"too long", "/tmp/shm", string(101, 'a'), ""},
      {"a long head", string(108, 'h'), "", address(string(108, 'h'))},
      {"too long a head", string(109, 'h'), "", ""},
  };
  for (const Made& row : table) {
    sockaddr_un out;
    memset(&out, 0x5a, sizeof out);
    const socklen_t length = make_unix_address(out, row.head.data(), row.head.size(), row.rest.data(), row.rest.size());
    EXPECT_EQ(string(reinterpret_cast<char*>(&out), length), row.bytes) << row.what;
  }
}

/// The names that the backing directory goes by: its own, and eight bytes that lead there as well.
struct BackingNames {
  string dir, shortcut;

  std::size_t prefix_of(const string& name) const {
    for (const string& known : {shortcut, dir})
      if (!known.empty() && lies_in(name.data(), name.size(), known.data(), known.size())) return known.size();
    return 0;
  }
};

struct Shown {
  const char* what;
  BackingNames names;
  string told;
  string shown;  ///< empty: as it was told
};

const BackingNames equal{"/tmp/shm", "/tmp/shm"};
const BackingNames shorter{"/t/shm", "/t/shm//"};
const BackingNames longer{"/var/tmp/devshm", "/tmp/.aQ"};
const BackingNames without{"/var/tmp/devshm", ""};

TEST(ShowUnixAddress, IsExact) {
  const string long_rest(100, 'a');
  const Shown table[] = {
      {"plain", equal, address("/tmp/shm/a" + nul), address("/dev/shm/a" + nul)},
      {"the directory", equal, address("/tmp/shm" + nul), address("/dev/shm" + nul)},
      {"no end told", equal, address("/tmp/shm/a"), address("/dev/shm/a")},
      {"all 108 bytes", equal, address("/tmp/shm" + string(100, '/') + nul),
       address("/dev/shm" + string(100, '/') + nul)},
      {"another directory", equal, address("/tmp/shmx/a" + nul), ""},
      {"relative", equal, address("tmp/shm/a" + nul), ""},
      {"abstract", equal, address(nul + "/tmp/shm/a"), ""},
      {"unnamed", equal, address(""), ""},
      {"another family", equal, address("/tmp/shm/a" + nul, AF_INET), ""},
      {"grows", shorter, address("/t/shm/a" + nul), address("/dev/shm/a" + nul)},
      {"padded", shorter, address("/t/shm///a" + nul), address("/dev/shm/a" + nul)},
      {"a slash more", shorter, address("/t/shm//a" + nul), address("/dev/shm//a" + nul)},
      {"grows to 108", shorter, address("/t/shm/" + string(99, 'a') + nul),
       address("/dev/shm/" + string(99, 'a') + nul)},
      {"grows too long", shorter, address("/t/shm/" + long_rest + nul), ""},
      {"shrinks", longer, address("/var/tmp/devshm/a" + nul), address("/dev/shm/a" + nul)},
      {"by the link", longer, address("/tmp/.aQ/a" + nul), address("/dev/shm/a" + nul)},
      {"another link", longer, address("/tmp/.bQ/a" + nul), ""},
      {"no link known", without, address("/tmp/.aQ/a" + nul), ""},
  };
  for (const Shown& row : table) {
    UnixAddressBuffer out;
    memset(out, 0x5a, sizeof out);
    memcpy(out, row.told.data(), row.told.size());
    const auto told_length = static_cast<socklen_t>(row.told.size());
    const UnixName name = unix_name(out, told_length, longest_unix_address);
    const std::size_t prefix = row.names.prefix_of({name.text ? name.text : "", name.length});
    const socklen_t length = prefix ? show_unix_address(out, told_length, prefix) : 0;
    EXPECT_EQ(string(out, length), row.shown) << row.what;
    const std::size_t shown = unix_name(out, length, longest_unix_address).length;
    if (shown) {
      EXPECT_EQ(out[unix_head + shown], '\0') << row.what;
    }
  }
}

TEST(LiesIn, StopsAtTheComponent) {
  const auto prefix = [](const BackingNames& names, const string& text) { return names.prefix_of(text); };
  EXPECT_EQ(prefix(equal, "/tmp/shm"), 8u);
  EXPECT_EQ(prefix(equal, "/tmp/shm/x"), 8u);
  EXPECT_EQ(prefix(equal, "/tmp/sh"), 0u);
  EXPECT_EQ(prefix(equal, "/tmp/shmx"), 0u);
  EXPECT_EQ(prefix(equal, ""), 0u);
  EXPECT_EQ(prefix(longer, "/var/tmp/devshm/x"), 15u);
  EXPECT_EQ(prefix(longer, "/tmp/.aQ/x"), 8u);
  EXPECT_EQ(prefix(shorter, "/t/shm//"), 8u);
  EXPECT_EQ(prefix(shorter, "/t/shm//x"), 6u);
}

}  // namespace
}  // namespace devshm
