// SPDX-License-Identifier: MIT
//
// Paths that come back: readlink-resolve. Whatever the library does inside, the program sees /dev/shm.
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "declared.h"
#include "parity.h"
#include "raw.h"

using parity::number;
using parity::owned_text;
using parity::text;

namespace {

constexpr char unwritten = '~';
char buffer[PATH_MAX + 1];

/// Shows what was put in the buffer, which readlink does not terminate.
std::string put(ssize_t length) {
  std::string shown = number(length);
  if (length >= 0) shown += " \"" + std::string(buffer, static_cast<std::size_t>(length)) + '"';
  if (length >= 0 && buffer[length] != unwritten) shown += ", written past its end";
  memset(buffer, unwritten, sizeof buffer);
  return shown;
}

/// Links of /proc, which name what is open.
void links_of_proc() {
  const std::string& shm = parity::real_shm();
  for (const std::string& name : {std::string(""), std::string("/f"), std::string("/dir/g"), std::string("/deleted")}) {
    const long fd =
        parity::raw(SYS_openat, AT_FDCWD, (shm + name).c_str(), name == "/deleted" ? O_CREAT | O_RDWR : O_RDONLY, 0600);
    if (name == "/deleted") parity::raw(SYS_unlinkat, AT_FDCWD, (shm + name).c_str(), 0);
    const std::string link = "/proc/self/fd/" + std::to_string(fd);
    const std::string of = "the /proc/self/fd of /dev/shm" + name;
    for (const std::size_t size : {sizeof buffer - 1, std::size_t{9}, std::size_t{4}})
      parity::once("readlink", of + ", " + std::to_string(size),
                   [&] { return put(readlink(link.c_str(), buffer, size)); });
    parity::once("readlinkat", of, [&] { return put(readlinkat(AT_FDCWD, link.c_str(), buffer, PATH_MAX)); });
    parity::once("__readlink_chk", of, [&] { return put(__readlink_chk(link.c_str(), buffer, PATH_MAX, PATH_MAX)); });
    parity::once("__readlinkat_chk", of,
                 [&] { return put(__readlinkat_chk(AT_FDCWD, link.c_str(), buffer, PATH_MAX, PATH_MAX)); });
    parity::once("realpath", of, [&] { return owned_text(realpath(link.c_str(), nullptr)); });
    parity::once("canonicalize_file_name", of, [&] { return owned_text(canonicalize_file_name(link.c_str())); });
    parity::raw(SYS_close, fd);
  }
}

/// The working directory, from each place that it can be.
void working_directory() {
  const std::string& shm = parity::real_shm();
  const std::vector<std::pair<const char*, std::string>> places = {{"/dev/shm", shm},
                                                                   {"/dev/shm/dir", shm + "/dir"},
                                                                   {"/dev", "/dev"},
                                                                   {"/tmp/parity/shm", "/tmp/parity/shm"},
                                                                   {"a deleted one", shm + "/deleted"}};
  for (const auto& [name, path] : places) {
    if (path.ends_with("/deleted")) parity::raw(SYS_mkdirat, AT_FDCWD, path.c_str(), 0700);
    const auto in = [&, name = name, path = path](const char* function, const std::string& arguments,
                                                  const parity::Call& call) {
      parity::once(function, arguments + " in " + name, [&] {
        if (path.ends_with("/deleted")) parity::raw(SYS_mkdirat, AT_FDCWD, path.c_str(), 0700);
        parity::raw(SYS_chdir, path.c_str());
        if (path.ends_with("/deleted")) parity::raw(SYS_unlinkat, AT_FDCWD, path.c_str(), AT_REMOVEDIR);
        return call();
      });
    };
    in("getcwd", "NULL, 0", [] { return owned_text(getcwd(nullptr, 0)); });
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{1}, std::size_t{8}, std::size_t{9}, std::size_t{13}, std::size_t{PATH_MAX}}) {
      in("getcwd", "buffer, " + std::to_string(size), [&] { return text(getcwd(buffer, size)); });
      in("getcwd", "NULL, " + std::to_string(size), [&] { return owned_text(getcwd(nullptr, size)); });
    }
    in("__getcwd_chk", "buffer", [] { return text(__getcwd_chk(buffer, PATH_MAX, PATH_MAX)); });
    in("getwd", "buffer", [] { return text(getwd(buffer)); });
    in("__getwd_chk", "buffer", [] { return text(__getwd_chk(buffer, PATH_MAX)); });
    for (const char* pwd : {"/dev/shm", "/dev//shm", "/dev/shm/dir", "/tmp/parity/into", "/missing", ""}) {
      setenv("PWD", pwd, 1);
      in("get_current_dir_name", std::string("PWD=") + pwd, [] { return owned_text(get_current_dir_name()); });
    }
    unsetenv("PWD");
    in("get_current_dir_name", "no PWD", [] { return owned_text(get_current_dir_name()); });
    in("readlink", "\"/proc/self/cwd\"", [] { return put(readlink("/proc/self/cwd", buffer, PATH_MAX)); });
    in("realpath", "\".\"", [] { return owned_text(realpath(".", nullptr)); });
  }
}

}  // namespace

FAMILY(readlink) {
  memset(buffer, unwritten, sizeof buffer);
  EACH_PATH(put, readlink, path, buffer, PATH_MAX);
  EACH_PATH(put, readlink, path, buffer, 4);
  EACH_PATH(number, readlink, path, buffer, 0);
  EACH_AT(put, readlinkat, dir, path, buffer, PATH_MAX);
  EACH_PATH(put, __readlink_chk, path, buffer, 100, PATH_MAX);
  EACH_AT(put, __readlinkat_chk, dir, path, buffer, 100, PATH_MAX);
  EACH_PATH(owned_text, realpath, path, nullptr);
  EACH_PATH(text, realpath, path, buffer);
  EACH_PATH(text, __realpath_chk, path, buffer, PATH_MAX);
  EACH_PATH(owned_text, canonicalize_file_name, path);
  memset(buffer, unwritten, sizeof buffer);
  links_of_proc();
  working_directory();
}
