// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cstdio>

#include "parity.h"
#include "raw.h"

using parity::fd;
using parity::text;

namespace {

/// Where a temporary name can be asked for. "tmp-" marks the letters that are random.
std::vector<parity::Place> templates(const std::string& suffix) {
  std::vector<parity::Place> places;
  const auto add = [&](const std::string& name, const char* cwd = "/") {
    places.push_back({"\"" + name + "\"" + (*cwd == '/' && !cwd[1] ? "" : std::string(" in ") + cwd), name, cwd});
  };
  for (const char* head :
       {"/dev/shm/", "/dev//shm//", "//dev/./shm/", "/dev/shm/../shm/", "/dev/shm/dir/", "/dev/shm/linkdir/",
        "/dev/shm/dir/../", "/dev/shm/missing/", "/dev/shm/f/", "/dev/shm/outdir/", "/dev/shm.bak/",
        "/dev/shm/../shm.bak/", "/dev/shm", "/tmp/parity/shm/", "/dev/shm/.", "/dev/shm/../shm"})
    add(head + ("tmp-XXXXXX" + suffix));
  for (const char* wrong :
       {"/dev/shm/tmp-XXXXX", "/dev/shm/tmp-XXXXXXx", "/dev/shm/XXXXX", "/dev/shm", "/dev/shm/", "XXXXXX/shm"})
    add(wrong + suffix);
  add("");
  for (const char* longer : {"XXXXXX", "XX-tmp-XXXXXX"}) add(std::string("/dev/shm/tmp-") + longer + suffix);
  add("shm/tmp-XXXXXX" + suffix, "/dev");
  add("dev/shm/tmp-XXXXXX" + suffix, "/");
  add("tmp-XXXXXX" + suffix, "/dev/shm");
  add("shm/tmp-XXXXXX" + suffix, "/tmp/parity");
  places.push_back({"255 bytes", "/dev/shm/" + std::string(245, 'n') + "tmp-XXXXXX" + suffix});
  places.push_back({"5000 bytes", "/dev/shm/" + std::string(5000, '/') + "tmp-XXXXXX" + suffix});
  return places;
}

/// Calls a function with each template; says what it has returned, and made of the template.
template <class Function>
void each_template(const char* name, const std::string& arguments, const std::string& suffix, Function call) {
  const auto run = [&](const char* path) {
    // A name longer than a page is put where nothing behind it can be read.
    std::string made = path;
    const std::string shown = call(made.data());
    return shown + ", template \"" +
           parity::without_random(made.size() < 200 ? made.c_str() : made.c_str() + made.size() - 30) + "\"";
  };
  parity::each_path_of(templates(suffix), name, arguments.c_str(), run);
}

void set_tmpdir(const char* dir) { dir ? setenv("TMPDIR", dir, 1) : unsetenv("TMPDIR"); }

/// The name without its random letters, the last six; whether the caller's prefix is kept shows.
std::string name_made(char* made) {
  if (!made) return parity::pointer(made);
  const std::string note = errno == parity::errno_before ? "" : " (errno touched)";
  std::string name = made;
  free(made);
  if (name.size() > 6) {
    const bool filled = name.find("XXXXXX") == std::string::npos;
    name.replace(name.size() - 6, 6, filled ? "??????" : "XXXXXX");
  }
  return name + note;
}

void names_by_tempnam() {
  for (const char* tmpdir : {static_cast<const char*>(nullptr), "/dev/shm", "/dev/shm/", "/dev/shm/missing",
                             "/dev/shm/f", "/tmp/parity", "/missing", "", "/dev/shm.bak"})
    for (const char* dir :
         {static_cast<const char*>(nullptr), "/dev/shm", "/dev//shm/", "/dev/shm/dir/", "/dev/shm/linkdir",
          "/dev/shm/f", "/dev/shm/missing", "/tmp/parity", "/dev/shm/../shm.bak", ""})
      for (const char* prefix : {static_cast<const char*>(nullptr), "", "pre", "longer-than-five"}) {
        const auto quoted = [](const char* string) { return string ? '"' + std::string(string) + '"' : "NULL"; };
        set_tmpdir(tmpdir);
        parity::once("tempnam", quoted(dir) + ", " + quoted(prefix) + " with TMPDIR=" + quoted(tmpdir),
                     [&] { return name_made(tempnam(dir, prefix)); });
      }
  set_tmpdir(nullptr);
}

}  // namespace

FAMILY(tempfile) {
  each_template("mkstemp", "path", "", [](char* name) { return fd(mkstemp(name)); });
  each_template("mkstemp64", "path", "", [](char* name) { return fd(mkstemp64(name)); });
  each_template("mkostemp", "path, O_CLOEXEC", "", [](char* name) { return fd(mkostemp(name, O_CLOEXEC)); });
  each_template("mkostemp64", "path, O_APPEND", "", [](char* name) { return fd(mkostemp64(name, O_APPEND)); });
  for (const char* suffix : {"", ".txt", "/x"}) {
    const int length = static_cast<int>(strlen(suffix));
    const std::string more = "path, " + std::to_string(length);
    each_template("mkstemps", more, suffix, [&](char* name) { return fd(mkstemps(name, length)); });
    each_template("mkstemps64", more, suffix, [&](char* name) { return fd(mkstemps64(name, length)); });
    each_template("mkostemps", more + ", O_CLOEXEC", suffix,
                  [&](char* name) { return fd(mkostemps(name, length, O_CLOEXEC)); });
    each_template("mkostemps64", more + ", 0", suffix, [&](char* name) { return fd(mkostemps64(name, length, 0)); });
  }
  for (const int length : {-1, 5, 40, 1 << 30}) {
    const std::string more = "path, " + std::to_string(length);
    each_template("mkstemps", more, ".txt", [&](char* name) { return fd(mkstemps(name, length)); });
  }
  each_template("mkdtemp", "path", "", [](char* name) {
    char* made = mkdtemp(name);
    return made ? std::string(made == name ? "its argument" : "something else") : parity::pointer(made);
  });
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  each_template("mktemp", "path", "", [](char* name) {
    char* made = mktemp(name);
    return std::string(made == name ? "its argument" : "something else") + (*name ? "" : " " + parity::number(-1));
  });
  names_by_tempnam();
#pragma GCC diagnostic pop
  ONCE(fd, mkstemp, nullptr);
  ONCE(fd, mkostemps, nullptr, 0, 0);
  ONCE(text, mkdtemp, nullptr);
}
