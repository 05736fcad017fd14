// SPDX-License-Identifier: MIT
//
// Patterns and walks over trees: walk-glob. The order of a directory is the file system's own, so lists are sorted.
#include <fts.h>
#include <ftw.h>
#include <glob.h>
#include <string.h>
#include <wordexp.h>

#include <set>

#include "parity.h"

using parity::number;

namespace {

std::string joined(const std::multiset<std::string>& names) {
  std::string all;
  for (const std::string& name : names) all += " " + name;
  return all;
}

template <class Glob>
std::string matches(int result, const Glob& found) {
  std::string shown = number(result);
  for (std::size_t i = 0; result == 0 && i < found.gl_pathc; ++i) shown += std::string(" ") + found.gl_pathv[i];
  return shown;
}

std::vector<parity::Place> patterns() {
  std::vector<parity::Place> all;
  const auto add = [&](const std::string& pattern, const char* cwd) {
    all.push_back({'"' + pattern + "\" in " + cwd, pattern, cwd});
  };
  for (const char* pattern :
       {"/dev/shm/*",        "/dev//shm/*",      "/dev/shm/f*",           "/dev/shm/*/g",      "/dev/shm/dir/*",
        "/dev/./shm/[a-f]*", "/dev/shm/{f,dir}", "/dev/shm/{f,missing}*", "/dev/{shm,null}/f", "/dev/shm",
        "/dev/shm/",         "/dev/shm/f",       "/dev/shm/missing",      "/dev/shm/zz*",      "/dev/sh*/f",
        "/dev/sh[m]/dir/g",  "/dev/shm*",        "/dev/shmfo?",           "/dev/shm.bak/*",    "/dev/shm/../shm.bak/*",
        "/dev/shm/dangl*",   "/dev/shm/*/",      "/tmp/parity/shm/*",     "\\/dev\\/shm/f*",   ""})
    add(pattern, "/");
  add("shm/*", "/dev");
  add("shm/f*", "/tmp/parity");
  add("dev/shm/*", "/");
  add("*", "/dev/shm");
  add("../f*", "/dev/shm/dir");
  return all;
}

void patterns_of_all_kinds() {
  for (const int flags : {0, GLOB_MARK, GLOB_NOCHECK, GLOB_ONLYDIR, GLOB_NOMAGIC | GLOB_BRACE, GLOB_NOESCAPE,
                          GLOB_ERR | GLOB_TILDE, GLOB_PERIOD}) {
    const std::string arguments = "path, " + std::to_string(flags);
    parity::each_path_of(patterns(), "glob", arguments.c_str(), [&](const char* path) {
      glob_t found{};
      const int result = glob(path, flags, nullptr, &found);
      const std::string shown = matches(result, found);
      globfree(&found);
      return shown;
    });
    parity::each_path_of(patterns(), "glob64", arguments.c_str(), [&](const char* path) {
      glob64_t found{};
      const int result = glob64(path, flags, nullptr, &found);
      const std::string shown = matches(result, found);
      globfree64(&found);
      return shown;
    });
  }
  parity::once("glob", "two patterns, GLOB_APPEND and GLOB_DOOFFS", [] {
    glob_t found{};
    found.gl_offs = 2;
    std::string shown = number(glob("/dev/shm/f*", GLOB_DOOFFS, nullptr, &found));
    shown += number(glob("/dev/shm/d*", GLOB_DOOFFS | GLOB_APPEND, nullptr, &found));
    for (std::size_t i = 0; i < found.gl_pathc + 2; ++i)
      shown += std::string(" ") + (found.gl_pathv[i] ? found.gl_pathv[i] : "NULL");
    globfree(&found);
    return shown;
  });
  parity::each_path_of(patterns(), "wordexp", "path, 0", [](const char* path) {
    wordexp_t found{};
    const int result = wordexp(path, &found, 0);
    std::string shown = number(result);
    for (std::size_t i = 0; result == 0 && i < found.we_wordc; ++i) shown += std::string(" ") + found.we_wordv[i];
    if (result == 0) wordfree(&found);
    return shown;
  });
}

std::multiset<std::string> visited;

template <class Stat>
int visit(const char* path, const Stat*, int type) {
  visited.insert(path + (":" + std::to_string(type)));
  return 0;
}
template <class Stat>
int visit_with_place(const char* path, const Stat*, int type, FTW* place) {
  visited.insert(path + (":" + std::to_string(type)) + ":" + std::to_string(place->level) + ":" + (path + place->base));
  return 0;
}
std::string visits(int result) {
  std::string shown = number(result) + joined(visited);
  visited.clear();
  return shown;
}

/// The functions of one generation: fts, or fts64 with its own structures.
#define WALK_BY(fts, Tree, Entry)                                                                                \
  void walk_by_##fts() {                                                                                         \
    for (const int options : {FTS_PHYSICAL, FTS_PHYSICAL | FTS_NOCHDIR, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_XDEV, \
                              FTS_PHYSICAL | FTS_SEEDOT})                                                        \
      walk_with<Tree, Entry>(options, #fts, fts##_open, fts##_read, fts##_children, fts##_close);                \
  }

template <class Tree, class Entry, class Open, class Read, class Children, class Close>
void walk_with(int options, const std::string& prefix, Open open, Read read, Children children, Close close) {
  const auto each = [&](const char* function, const auto& call) {
    const std::string arguments = "path, " + std::to_string(options);
    parity::each_path((prefix + function).c_str(), arguments.c_str(), [&](const char* path) {
      char* roots[] = {const_cast<char*>(path), nullptr};
      Tree* tree = open(roots, options, nullptr);
      return tree ? call(tree) : parity::pointer(tree);
    });
  };
  each("_open", [&](Tree* tree) {
    const Entry* first = read(tree);
    const std::string shown = first ? "begins with " + std::to_string(first->fts_info) : "empty";
    close(tree);
    return shown;
  });
  each("_read", [&](Tree* tree) {
    std::multiset<std::string> names;
    while (const Entry* entry = read(tree))
      names.insert(std::string(entry->fts_path) + ":" + std::to_string(entry->fts_info) + ":" + entry->fts_accpath);
    close(tree);
    return "walked" + joined(names);
  });
  each("_children", [&](Tree* tree) {
    std::multiset<std::string> names;
    for (int round = 0; round < 2; ++round) {
      for (const Entry* entry = children(tree, 0); entry; entry = entry->fts_link) {
        const std::string shown = entry->fts_name + (":" + std::to_string(entry->fts_info));
        // Of the roots, which come first, there is no path yet.
        names.insert(round == 0 ? shown : shown + " of " + entry->fts_path);
      }
      read(tree);
    }
    close(tree);
    return "children" + joined(names);
  });
  each("_close", [&](Tree* tree) {
    const Entry* first = read(tree);
    const std::string shown =
        first ? "at " + std::string(first->fts_path) + ":" + std::to_string(first->fts_info) : "nothing";
    errno = parity::errno_before;
    return shown + ", closed " + number(close(tree));
  });
}

WALK_BY(fts, FTS, FTSENT)
WALK_BY(fts64, FTS64, FTSENT64)

/// For the walks that follow links: some of ours lead to /dev, and from there through all of /proc.
std::vector<parity::Place> places_without_links_out() {
  std::vector<parity::Place> all;
  for (const parity::Place& place : parity::plain_places()) {
    const bool whole = place.label.find("dir") == std::string::npos && place.label.find("/f") == std::string::npos &&
                       place.label.find("missing") == std::string::npos &&
                       place.label.find("shmfoo") == std::string::npos;
    if (!whole && place.label.find("outdir") == std::string::npos) all.push_back(place);
  }
  return all;
}

}  // namespace

FAMILY(walk) {
  patterns_of_all_kinds();
  const std::vector<parity::Place> contained = places_without_links_out();
  EACH_PATH_OF(contained, visits, ftw, path, visit<struct stat>, 8);
  EACH_PATH_OF(contained, visits, ftw64, path, visit<struct stat64>, 8);
  EACH_PATH(visits, nftw, path, visit_with_place<struct stat>, 8, FTW_PHYS);
  EACH_PATH(visits, nftw, path, visit_with_place<struct stat>, 8, FTW_PHYS | FTW_MOUNT | FTW_DEPTH);
  EACH_PATH(visits, nftw, path, visit_with_place<struct stat>, 8, FTW_PHYS | FTW_CHDIR);
  EACH_PATH(visits, nftw64, path, visit_with_place<struct stat64>, 8, FTW_PHYS);

  walk_by_fts();
  walk_by_fts64();
}
