// SPDX-License-Identifier: MIT
//
// Patterns: glob and wordexp give the names that begin as the program's own pattern does.
#include <glob.h>
#include <unistd.h>
#include <wordexp.h>

#include "tree.h"

namespace {

struct Globbed {
  int result;
  Names names;
};

Globbed glob_names(const std::string& pattern, int flags = 0) {
  glob_t found = {};
  const int result = glob(pattern.c_str(), flags, nullptr, &found);
  Globbed globbed{result, {}};
  if (result == 0) globbed.names.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  globfree(&found);
  return globbed;
}

TEST_F(WalkTest, GlobKeepsTheProgramsSpelling) {
  EXPECT_EQ(glob_names("/dev/shm/*.x").names, (Names{"/dev/shm/a.x", "/dev/shm/b.x"}));
  EXPECT_EQ(glob_names("/dev//shm/*/c.?").names, Names{"/dev//shm/d/c.x"});
  EXPECT_EQ(glob_names("/dev/shm/a.x").names, Names{"/dev/shm/a.x"});
  EXPECT_EQ(glob_names("/dev/shm/d*", GLOB_MARK).names, Names{"/dev/shm/d/"});
  EXPECT_EQ(glob_names("/dev/shm").names, Names{"/dev/shm"});
  EXPECT_EQ(glob_names("/dev/shm/*.none").result, GLOB_NOMATCH);
  EXPECT_EQ(glob_names("/dev/shm/none").result, GLOB_NOMATCH);
  EXPECT_EQ(glob_names("/dev/shm/*.none", GLOB_NOCHECK).names, Names{"/dev/shm/*.none"});
  EXPECT_EQ(glob_names("/dev/shm/none", GLOB_NOMAGIC).names, Names{"/dev/shm/none"});
}

TEST_F(WalkTest, GlobFromElsewhere) {
  ASSERT_EQ(chdir("/dev"), 0);
  EXPECT_EQ(glob_names("shm/*.x").names, (Names{"shm/a.x", "shm/b.x"}));
  ASSERT_EQ(chdir("/dev/shm"), 0);
  EXPECT_EQ(glob_names("*.x").names, (Names{"a.x", "b.x"}));
  EXPECT_EQ(glob_names("{/dev/shm/a,/dev/shm/d/c}.x", GLOB_BRACE).names, (Names{"/dev/shm/a.x", "/dev/shm/d/c.x"}));
  setenv("HOME", "/dev/shm", 1);
  EXPECT_EQ(glob_names("~/*.x", GLOB_TILDE).names, (Names{"/dev/shm/a.x", "/dev/shm/b.x"}));
  const std::string direct = scratch::backing() + "/a.*";
  EXPECT_EQ(glob_names(direct).names, Names{scratch::backing() + "/a.x"});
}

TEST_F(WalkTest, GlobAppendsAndLeavesRoom) {
  glob_t found = {};
  found.gl_offs = 2;
  ASSERT_EQ(glob("/dev/shm/a*", GLOB_DOOFFS, nullptr, &found), 0);
  ASSERT_EQ(glob("/etc/passw[d]", GLOB_DOOFFS | GLOB_APPEND, nullptr, &found), 0);
  ASSERT_EQ(glob("/dev/shm/d/*", GLOB_DOOFFS | GLOB_APPEND, nullptr, &found), 0);
  ASSERT_EQ(found.gl_pathc, 4u);
  EXPECT_EQ(found.gl_pathv[1], nullptr);
  EXPECT_STREQ(found.gl_pathv[2], "/dev/shm/a.x");
  EXPECT_STREQ(found.gl_pathv[3], "/etc/passwd");
  EXPECT_STREQ(found.gl_pathv[4], "/dev/shm/d/c.x");
  EXPECT_STREQ(found.gl_pathv[5], "/dev/shm/d/e");
  globfree(&found);
}

std::string failed_path;

TEST_F(WalkTest, GlobTellsErrorsOfItsOwnNames) {
  const auto remember = [](const char* path, int) {
    failed_path = path;
    return 1;
  };
  glob_t found = {};
  EXPECT_EQ(glob("/dev/shm/none/*", 0, remember, &found), GLOB_ABORTED);
  EXPECT_EQ(failed_path, "/dev/shm/none");
  EXPECT_EQ(found.gl_flags & GLOB_ALTDIRFUNC, 0);
  globfree(&found);
}

// --- wordexp ---

Names words_of(const std::string& text, int flags = 0) {
  wordexp_t words = {};
  const int result = wordexp(text.c_str(), &words, flags);
  if (result != 0) return {"error " + std::to_string(result)};
  Names names(words.we_wordv, words.we_wordv + words.we_wordc);
  wordfree(&words);
  return names;
}

TEST_F(WalkTest, WordsAreExpandedInTheOverlay) {
  EXPECT_EQ(words_of("/dev/shm/*.x"), (Names{"/dev/shm/a.x", "/dev/shm/b.x"}));
  EXPECT_EQ(words_of("one /dev/shm/a* 'x /dev/shm/y'"), (Names{"one", "/dev/shm/a.x", "x /dev/shm/y"}));
  EXPECT_EQ(words_of("\"/dev/shm\"/*/e /dev/shm"), (Names{"/dev/shm/d/e", "/dev/shm"}));
  EXPECT_EQ(words_of("'/dev/shm/*.x' /dev/shm/\\*.x"), (Names{"/dev/shm/*.x", "/dev/shm/*.x"}));
  EXPECT_EQ(words_of("/dev/shmfoo /dev/shm*none key=/dev/shm/*.x"),
            (Names{"/dev/shmfoo", "/dev/shm*none", "key=/dev/shm/*.x"}));
  EXPECT_EQ(words_of("/dev/shm/*.none"), Names{"/dev/shm/*.none"});
  const std::string own = scratch::backing().find(' ') == std::string::npos ? scratch::backing() : "/none";
  EXPECT_EQ(words_of(own + "/none* /dev/shm/a*"), (Names{own + "/none*", "/dev/shm/a.x"}));
  EXPECT_EQ(words_of("/dev/shm/x | y"), Names{"error " + std::to_string(WRDE_BADCHAR)});
  EXPECT_EQ(words_of("$(ls /dev/shm/d) /dev/shm/b*"), (Names{"c.x", "e", "/dev/shm/b.x"}));
  setenv("ONE", "1", 1);
  EXPECT_EQ(words_of("$ONE /dev/shm/b* ${ONE} /dev/shm/b* 'a(' /dev/shm/b*"),
            (Names{"1", "/dev/shm/b.x", "1", "/dev/shm/b.x", "a(", "/dev/shm/b.x"}));
}

// What glob gives: links are names too, and the way goes through them.
TEST_F(WalkTest, WordsGoThroughLinks) {
  ASSERT_EQ(mkdir("/dev/shm/hd", 0755), 0);
  write_file("/dev/shm/hfile");
  write_file("/dev/shm/hd/f");
  ASSERT_EQ(symlink("/dev/shm/hfile", "/dev/shm/hd/s"), 0);
  ASSERT_EQ(symlink("/nonexistent", "/dev/shm/hd/d"), 0);
  ASSERT_EQ(symlink("/dev/shm/hd", "/dev/shm/hl"), 0);
  for (const char* pattern : {"/dev/shm/hd/*", "/dev/shm/*/f", "/dev/shm/hl/*", "/dev/shm/hd/[ds]*", "/dev/shm/no*"}) {
    EXPECT_EQ(words_of(pattern), glob_names(pattern, GLOB_NOCHECK).names) << pattern;
  }
  EXPECT_EQ(words_of("before /dev/shm/hl/* behind"),
            (Names{"before", "/dev/shm/hl/d", "/dev/shm/hl/f", "/dev/shm/hl/s", "behind"}));
  EXPECT_EQ(words_of("'/dev/shm/hl/*'"), Names{"/dev/shm/hl/*"});
}

}  // namespace
