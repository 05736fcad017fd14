// SPDX-License-Identifier: MIT
//
// C++'s streams and std::filesystem on /dev/shm, a line each: what they gave.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <system_error>
#include <vector>

namespace fs = std::filesystem;

template <class Result>
void say(const char* step, const Result& result, const std::error_code& error = {}) {
  std::cout << step << ": ";
  if (error)
    std::cout << error.message() << std::endl;
  else
    std::cout << result << std::endl;
}

template <class Iterator>
void list(const char* step, const fs::path& dir) {
  std::vector<std::string> names;
  std::error_code error;
  for (auto entry = Iterator(dir, error); !error && entry != Iterator(); entry.increment(error))
    names.push_back(entry->path().string() + (entry->is_directory() ? "/" : entry->is_symlink() ? "@" : ""));
  std::sort(names.begin(), names.end());
  say(step, names.size(), error);
  for (const std::string& name : names) say("  ", name);
}

void streams() {
  std::string line;
  std::ifstream in("/dev/shm/a");
  say("ifstream", bool(std::getline(in, line)));
  say("what was read", line);
  std::ofstream out("/dev/shm/new");
  say("ofstream", bool(out << "written\n" << std::flush));
  say("appended", bool(std::ofstream("/dev/shm/b", std::ios::app) << "more\n"));
  std::fstream both("/dev/shm/new");
  say("fstream", bool(std::getline(both, line)) && line == "written");
  say("ifstream of nothing", bool(std::ifstream("/dev/shm/nope")));
  say("filebuf", std::filebuf().open("/dev/shm/dir/g", std::ios::in) != nullptr);
}

void questions() {
  std::error_code error;
  for (const char* name : {"", "/a", "/link", "/absolute", "/dangling", "/nope", "/dir", "/fifo", "foo"}) {
    const fs::path path = std::string("/dev/shm") + name;
    const fs::file_status status = fs::status(path, error), itself = fs::symlink_status(path, error);
    std::cout << path << ": " << int(status.type()) << " " << int(itself.type()) << " " << int(status.permissions())
              << std::endl;
  }
  const auto size = fs::file_size("/dev/shm/a", error);
  say("file_size", size, error);
  const auto links = fs::hard_link_count("/dev/shm/hard1", error);
  say("hard_link_count", links, error);
  const bool same = fs::equivalent("/dev/shm/hard1", "/dev/shm/hard2", error);
  say("equivalent", same, error);
  const bool empty = fs::is_empty("/dev/shm/emptydir", error);
  say("is_empty", empty, error);
  const fs::path target = fs::read_symlink("/dev/shm/absolute", error);
  say("read_symlink", target, error);
  const fs::path canonical = fs::canonical("/dev/shm/linkdir/../link", error);
  say("canonical", canonical, error);
  const fs::path weakly = fs::weakly_canonical("/dev/shm/linkdir/new/x", error);
  say("weakly_canonical", weakly, error);
  const fs::path relative = fs::relative("/dev/shm/linkdir/sub", "/dev/shm", error);
  say("relative", relative, error);
  const fs::space_info space = fs::space("/dev/shm", error);
  say("space", space.capacity > 0, error);
  const auto time = fs::last_write_time("/dev/shm/a", error);
  say("last_write_time", time == fs::last_write_time("/dev/shm/b", error), error);
  fs::current_path("/dev/shm/linkdir/sub", error);
  const fs::path here = fs::current_path(error);
  say("current_path", here, error);
  say("absolute", fs::absolute("x", error), error);
  say("exists", fs::exists("h", error), error);
  fs::current_path("/tmp/out", error);
}

void changes() {
  std::error_code error;
  const bool made = fs::create_directories("/dev/shm/x/y/z", error);
  say("create_directories", made, error);
  const bool copied = fs::copy_file("/dev/shm/a", "/dev/shm/x/a", error);
  say("copy_file", copied, error);
  const bool again = fs::copy_file("/dev/shm/a", "/dev/shm/x/a", error);
  say("copy_file again", again, error);
  fs::copy("/dev/shm/dir", "/dev/shm/copy", fs::copy_options::recursive | fs::copy_options::copy_symlinks, error);
  say("copy", "", error);
  fs::copy("/tmp/out/d", "/dev/shm/from-outside", fs::copy_options::recursive, error);
  say("copy from outside", "", error);
  fs::create_symlink("/dev/shm/a", "/dev/shm/x/link", error);
  say("create_symlink", "", error);
  fs::create_directory_symlink("dir", "/dev/shm/x/linkdir", error);
  say("create_directory_symlink", "", error);
  fs::copy_symlink("/dev/shm/absolute", "/dev/shm/x/absolute", error);
  say("copy_symlink", "", error);
  fs::create_hard_link("/dev/shm/a", "/dev/shm/x/hard", error);
  say("create_hard_link", "", error);
  fs::rename("/dev/shm/b", "/dev/shm/x/b", error);
  say("rename", "", error);
  fs::rename("/dev/shm/x/b", "/tmp/out/b", error);
  say("rename across the boundary", "", error);
  fs::permissions("/dev/shm/a", fs::perms::owner_read, error);
  say("permissions", "", error);
  fs::resize_file("/dev/shm/hard1", 100, error);
  say("resize_file", "", error);
  fs::last_write_time("/dev/shm/x/a", fs::last_write_time("/dev/shm/script"), error);
  say("last_write_time", "", error);
  const auto removed = fs::remove_all("/dev/shm/dir", error);
  say("remove_all", removed, error);
  const bool one = fs::remove("/dev/shm/emptydir", error);
  say("remove", one, error);
  const bool top = fs::remove("/dev/shm", error);
  say("remove /dev/shm", top, error);
}

int main() {
  streams();
  questions();
  list<fs::directory_iterator>("directory_iterator", "/dev/shm");
  list<fs::recursive_directory_iterator>("recursive_directory_iterator", "/dev/shm");
  list<fs::directory_iterator>("directory_iterator of nothing", "/dev/shm/nope");
  changes();
  try {
    say("canonical of nothing", fs::canonical("/dev/shm/nope"));
  } catch (const fs::filesystem_error& thrown) {
    say("an exception says", thrown.what());
  }
}
