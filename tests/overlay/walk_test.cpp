// SPDX-License-Identifier: MIT
//
// Walks: ftw, nftw and fts give the names that begin as the program's own path does.
#include <fts.h>
#include <ftw.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csetjmp>
#include <cstring>
#include <thread>

#include "tree.h"

namespace {

Names sorted(Names names) {
  std::sort(names.begin(), names.end());
  return names;
}

const Names whole_tree = {"/dev/shm",       "/dev/shm/a.x", "/dev/shm/b.x",  "/dev/shm/d",
                          "/dev/shm/d/c.x", "/dev/shm/d/e", "/dev/shm/d/e/f"};

// --- ftw and nftw ---

Names seen;
Names bases;

int note(const char* name, const struct stat*, int) {
  seen.push_back(name);
  return 0;
}

int note_more(const char* name, const struct stat*, int, struct FTW* position) {
  seen.push_back(name);
  bases.push_back(name + position->base);
  return 0;
}

Names nftw_names(const char* path, int flags) {
  seen.clear();
  bases.clear();
  if (nftw(path, note_more, 8, flags) != 0) return {"errno " + std::to_string(errno)};
  for (size_t i = 0; i < seen.size(); ++i) {
    const std::string& name = seen[i];
    EXPECT_EQ(bases[i], name.substr(name.rfind('/') + 1)) << name;
  }
  return sorted(seen);
}

TEST_F(WalkTest, FtwShowsTheProgramsNames) {
  seen.clear();
  ASSERT_EQ(ftw("/dev/shm", note, 8), 0);
  EXPECT_EQ(sorted(seen), whole_tree);
  EXPECT_EQ(nftw_names("/dev/shm", FTW_PHYS), whole_tree);
  EXPECT_EQ(nftw_names("/dev/shm", FTW_DEPTH), whole_tree);
  EXPECT_EQ(nftw_names("/dev/shm/", FTW_PHYS), whole_tree);
  EXPECT_EQ(nftw_names("/dev/shm", FTW_CHDIR), whole_tree);
  EXPECT_EQ(nftw_names("/dev//shm/d", 0),
            (Names{"/dev//shm/d", "/dev//shm/d/c.x", "/dev//shm/d/e", "/dev//shm/d/e/f"}));
  ASSERT_EQ(chdir("/dev"), 0);
  EXPECT_EQ(nftw_names("shm/d/e", 0), (Names{"shm/d/e", "shm/d/e/f"}));
  EXPECT_EQ(nftw_names("/dev/shm/none", 0), Names{"errno " + std::to_string(ENOENT)});
}

TEST_F(WalkTest, CallbacksFindTheDirectoryTheyAreIn) {
  const auto check = [](const char* name, const struct stat*, int, struct FTW* position) {
    if (position->level == 0) return 0;  // what is above /dev/shm is not the overlay's
    return access(name + position->base, F_OK) == 0 && access(name, F_OK) == 0 ? 0 : 1;
  };
  EXPECT_EQ(nftw("/dev/shm", check, 8, FTW_CHDIR), 0);
}

int runs;

TEST_F(WalkTest, CallbacksEndTheWalkWithWhatTheyReturn) {
  const auto stop = [](const char*, const struct stat*, int, struct FTW*) {
    ++runs;
    errno = ENOENT;
    return -1;
  };
  ASSERT_EQ(symlink("/dev/shm/d", "/dev/shm/link"), 0);
  runs = 0;
  EXPECT_EQ(nftw("/dev/shm/link", stop, 8, FTW_PHYS), -1);
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(nftw(
                "/dev/shm", [](const char*, const struct stat*, int, struct FTW*) { return 7; }, 8, 0),
            7);
}

TEST_F(WalkTest, WalksMayBeNestedAndLeft) {
  static Names inner;
  static jmp_buf out;
  const auto nested = [](const char* name, const struct stat*, int, struct FTW*) {
    if (strcmp(name, "/dev/shm/d/e") == 0) {
      const auto note_inner = [](const char* found, const struct stat*, int) {
        inner.push_back(found);
        return 0;
      };
      ftw("/dev/shm/d/e", note_inner, 4);
    }
    seen.push_back(name);
    return 0;
  };
  seen.clear();
  inner.clear();
  ASSERT_EQ(nftw("/dev/shm", nested, 8, 0), 0);
  EXPECT_EQ(sorted(seen), whole_tree);
  EXPECT_EQ(inner, (Names{"/dev/shm/d/e", "/dev/shm/d/e/f"}));
  for (int i = 0; i < 300; ++i)  // more than devshm can keep in mind
    if (setjmp(out) == 0)
      nftw(
          "/dev/shm", [](const char*, const struct stat*, int, struct FTW*) -> int { longjmp(out, 1); }, 8, 0);
  EXPECT_EQ(nftw_names("/dev/shm", 0), whole_tree);
}

TEST_F(WalkTest, EachThreadWalksForItself) {
  static thread_local int found;
  static std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 64; ++i)
    threads.emplace_back([] {
      for (int round = 0; round < 20; ++round) {
        found = 0;
        const auto count = [](const char* name, const struct stat*, int, struct FTW*) {
          ++found;
          if (strncmp(name, "/dev/shm", 8) != 0) ++wrong;
          return 0;
        };
        nftw("/dev/shm", count, 4, 0);
        if (found != static_cast<int>(whole_tree.size())) ++wrong;
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

// --- fts ---

int by_name(const FTSENT** a, const FTSENT** b) { return strcmp((*a)->fts_name, (*b)->fts_name); }

Names fts_names(Names paths, int options, int (*order)(const FTSENT**, const FTSENT**) = nullptr) {
  std::vector<char*> arguments;
  for (std::string& path : paths) arguments.push_back(path.data());
  arguments.push_back(nullptr);
  FTS* fts = fts_open(arguments.data(), options, order);
  if (!fts) return {"errno " + std::to_string(errno)};
  for (std::string& path : paths) path.assign(path.size(), '#');  // they are the program's own again
  Names names;
  while (FTSENT* entry = fts_read(fts)) {
    const std::string path = entry->fts_path;
    EXPECT_EQ(entry->fts_pathlen, path.size());
    EXPECT_EQ(std::string(entry->fts_name), path.substr(path.rfind('/') + 1));
    EXPECT_EQ(entry->fts_namelen, strlen(entry->fts_name));
    EXPECT_EQ(access(entry->fts_accpath, F_OK), 0) << entry->fts_accpath;
    if (entry->fts_level > FTS_ROOTLEVEL) {
      const FTSENT* parent = entry->fts_parent;
      EXPECT_EQ(std::string(parent->fts_path, parent->fts_pathlen), path.substr(0, path.rfind('/')));
    }
    if (entry->fts_info == FTS_D) {
      fts_set(fts, entry, entry->fts_number++ == 0 && path.size() % 2 ? FTS_AGAIN : FTS_NOINSTR);
      if (entry->fts_number > 1) continue;
    }
    if (entry->fts_info != FTS_DP) names.push_back(path);
  }
  EXPECT_EQ(errno, 0);
  EXPECT_EQ(fts_close(fts), 0);
  return names;
}

TEST_F(WalkTest, FtsShowsTheProgramsNames) {
  for (const int options : {FTS_PHYSICAL, FTS_PHYSICAL | FTS_NOCHDIR, FTS_LOGICAL, FTS_PHYSICAL | FTS_NOSTAT}) {
    EXPECT_EQ(sorted(fts_names({"/dev/shm"}, options)), whole_tree) << options;
    EXPECT_EQ(fts_names({"/dev/shm"}, options, by_name), whole_tree) << options;
    EXPECT_EQ(fts_names({"/dev//shm/d"}, options, by_name),
              (Names{"/dev//shm/d", "/dev//shm/d/c.x", "/dev//shm/d/e", "/dev//shm/d/e/f"}));
  }
  ASSERT_EQ(chdir("/dev"), 0);
  EXPECT_EQ(fts_names({"shm/d/e"}, FTS_PHYSICAL | FTS_NOCHDIR), (Names{"shm/d/e", "shm/d/e/f"}));
}

TEST_F(WalkTest, FtsTakesSeveralRoots) {
  const std::string own = scratch::backing() + "/d/e";
  EXPECT_EQ(fts_names({"/dev/shm/b.x", own, "/dev/shm/a.x"}, FTS_PHYSICAL),
            (Names{"/dev/shm/b.x", own, own + "/f", "/dev/shm/a.x"}));
  EXPECT_EQ(fts_names({"/dev/shm/b.x", "/dev/null", "/dev/shm/a.x", "/dev/zero"}, FTS_PHYSICAL, by_name),
            (Names{"/dev/null", "/dev/shm/a.x", "/dev/shm/b.x", "/dev/zero"}));
}

TEST_F(WalkTest, FtsFollowsLinksInItsPaths) {
  ASSERT_EQ(symlink("/dev/shm/d", "/dev/shm/link"), 0);
  for (const int options : {FTS_PHYSICAL, FTS_PHYSICAL | FTS_NOCHDIR, FTS_LOGICAL})
    EXPECT_EQ(fts_names({"/dev/shm/link/e"}, options), (Names{"/dev/shm/link/e", "/dev/shm/link/e/f"})) << options;
  char link[] = "/dev/shm/link";
  char* const paths[] = {link, nullptr};
  FTS* fts = fts_open(paths, FTS_PHYSICAL, nullptr);
  ASSERT_NE(fts, nullptr);
  EXPECT_EQ(fts_read(fts)->fts_info, FTS_SL) << "the link itself";
  EXPECT_EQ(fts_close(fts), 0);
}

TEST_F(WalkTest, FtsChildren) {
  char root[] = "/dev/shm", other[] = "/dev/null";
  char* paths[] = {root, other, nullptr};
  for (const int options : {FTS_PHYSICAL, FTS_PHYSICAL | FTS_NOCHDIR}) {
    FTS* fts = fts_open(paths, options, by_name);
    ASSERT_NE(fts, nullptr);
    FTSENT* roots = fts_children(fts, 0);
    ASSERT_NE(roots, nullptr);
    EXPECT_STREQ(roots->fts_name, "/dev/null");
    EXPECT_STREQ(roots->fts_link->fts_name, "/dev/shm");
    EXPECT_STREQ(fts_read(fts)->fts_path, "/dev/null");
    FTSENT* top = fts_read(fts);
    Names children;
    for (FTSENT* child = fts_children(fts, 0); child; child = child->fts_link) {
      children.push_back(child->fts_name);
      EXPECT_EQ(std::string(child->fts_path).substr(0, 8), "/dev/shm");
      EXPECT_EQ(child->fts_pathlen, 9 + child->fts_namelen);
    }
    EXPECT_EQ(children, (Names{"a.x", "b.x", "d"}));
    EXPECT_EQ(std::string(top->fts_path).substr(0, 8), "/dev/shm");
    EXPECT_EQ(top->fts_pathlen, 8);
    FTSENT* next = fts_read(fts);
    EXPECT_STREQ(next->fts_path, "/dev/shm/a.x");
    EXPECT_EQ(fts_close(fts), 0);
  }
}

TEST_F(WalkTest, FtsGrowsWithTheTree) {
  std::string deep = "/dev/shm/deep";
  for (int i = 0; i < 14; ++i) {
    ASSERT_EQ(mkdir(deep.c_str(), 0700), 0);
    deep += "/" + std::string(200, 'n');
  }
  write_file("/dev/shm/deep/zz");
  EXPECT_EQ(fts_names({"/dev/shm/deep"}, FTS_PHYSICAL).size(), 15u);
  EXPECT_EQ(fts_names({"/dev/shm/deep"}, FTS_PHYSICAL | FTS_NOCHDIR).size(), 15u);
}

TEST_F(WalkTest, ManyFtsAtOnce) {
  char root[] = "/dev/shm";
  char* paths[] = {root, nullptr};
  std::vector<FTS*> open;
  for (int i = 0; i < 1000; ++i) open.push_back(fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, nullptr));
  for (FTS* fts : open) ASSERT_NE(fts, nullptr);
  for (FTS* fts : open) EXPECT_STREQ(fts_read(fts)->fts_path, "/dev/shm");
  for (FTS* fts : open) EXPECT_EQ(fts_close(fts), 0);
}

}  // namespace
