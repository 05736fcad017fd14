// SPDX-License-Identifier: MIT
//
// Functions that read directories, walk through them, or are about the working directory.
#include <dirent.h>
#include <fts.h>
#include <ftw.h>
#include <glob.h>
#include <sys/stat.h>
#include <wordexp.h>

#include "calls.h"

namespace ordinary {

namespace {

int visit(const char*, const struct stat*, int) { return 0; }
int visit64(const char*, const struct stat64*, int) { return 0; }
int visit_more64(const char*, const struct stat64*, int, struct FTW*) { return 0; }
int visit_more(const char*, const struct stat*, int, struct FTW*) { return 0; }

}  // namespace

void directories(const Way& way) {
  const std::string here = way.dir.empty() ? "." : way.dir, new_text = way.dir + "newdir",
                    missing_text = way.dir + "no", file_text = way.dir + "file";
  const char *dir = here.c_str(), *fresh = new_text.c_str(), *missing = missing_text.c_str();
  const char* file = file_text.c_str();
  char buffer[PATH_MAX];
  CALL(mkdir, fresh, 0700);
  CALL(rmdir, fresh);
  CALL(mkdirat, AT_FDCWD, fresh, 0700);
  CALL(rmdir, fresh);
  CALLS(opendir, {
    if (DIR* open_dir = opendir(dir)) closedir(open_dir);
  });
  if (DIR* open_dir = opendir(dir)) {
    CALLS(readdir, readdir(open_dir));
    CALLS(readdir64, readdir64(open_dir));
    dirent read_entry, *read_result;
    dirent64 read_entry64, *read_result64;
    CALLS(readdir_r, readdir_r(open_dir, &read_entry, &read_result));
    CALLS(readdir64_r, readdir64_r(open_dir, &read_entry64, &read_result64));
    char entries[512];
    CALLS(getdents64, getdents64(dirfd(open_dir), entries, sizeof entries));
    off_t begin;
    off64_t begin64;
    CALLS(getdirentries, getdirentries(dirfd(open_dir), entries, sizeof entries, &begin));
    CALLS(getdirentries64, getdirentries64(dirfd(open_dir), entries, sizeof entries, &begin64));
    closedir(open_dir);
  }
  struct dirent** names = nullptr;
  struct dirent64** names64 = nullptr;
  const auto none = [](const struct dirent*) { return 0; };
  const auto none64 = [](const struct dirent64*) { return 0; };
  CALLS(scandir, scandir(dir, &names, none, alphasort), free(names));
  CALLS(scandir64, scandir64(dir, &names64, none64, alphasort64), free(names64));
  CALLS(scandirat, scandirat(AT_FDCWD, dir, &names, none, alphasort), free(names));
  CALLS(scandirat64, scandirat64(AT_FDCWD, dir, &names64, none64, alphasort64), free(names64));
  CALL(chroot, missing);
  const std::string all = way.dir + "*";
  glob_t found{};
  glob64_t found64{};
  CALLS(glob, glob(all.c_str(), 0, nullptr, &found), globfree(&found));
  CALLS(glob64, glob64(all.c_str(), 0, nullptr, &found64), globfree64(&found64));
  wordexp_t words{};
  CALLS(wordexp, {
    if (wordexp(all.c_str(), &words, WRDE_NOCMD) == 0) wordfree(&words);
  });
  CALL(ftw, dir, visit, 4);
  CALL(ftw, file, visit, 4);
  CALL(nftw, dir, visit_more, 4, FTW_PHYS);
  CALL(nftw, file, visit_more, 4, FTW_PHYS);
  CALL(ftw64, dir, visit64, 4);
  CALL(nftw64, dir, visit_more64, 4, FTW_PHYS);
  char* roots[] = {const_cast<char*>(dir), nullptr};
  CALLS(fts_open, {
    if (FTS* walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, nullptr)) {
      mark("fts_children " + way.name);
      fts_children(walk, 0);
      mark("fts_read " + way.name);
      while (fts_read(walk)) continue;
      mark("fts_close " + way.name);
      fts_close(walk);
    }
  });
  CALLS(fts64_open, {
    if (FTS64* walk = fts64_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, nullptr)) {
      mark("fts64_children " + way.name);
      fts64_children(walk, 0);
      mark("fts64_read " + way.name);
      while (fts64_read(walk)) continue;
      mark("fts64_close " + way.name);
      fts64_close(walk);
    }
  });
  CALL(chdir, dir);
  CALL(getcwd, buffer, sizeof buffer);
  CALL(__getcwd_chk, buffer, sizeof buffer, sizeof buffer);
  mark("getcwd " + way.name + ", too small");
  static_cast<void>(getcwd(buffer, 2));
  mark("__getcwd_chk " + way.name + ", too small");
  static_cast<void>(__getcwd_chk(buffer, 2, sizeof buffer));
  CALL(getwd, buffer);
  CALL(__getwd_chk, buffer, sizeof buffer);
  CALLS(get_current_dir_name, free(get_current_dir_name()));
  CALL(realpath, ".", buffer);
}

}  // namespace ordinary
