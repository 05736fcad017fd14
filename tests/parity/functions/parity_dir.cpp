// SPDX-License-Identifier: MIT
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>

#include "parity.h"
#include "raw.h"

using parity::number;

namespace {

/// The names in a directory, sorted. A list of /dev has "shm" only where there is a real one (a known limit): left out.
template <class Dirent>
std::string names_of(Dirent** list, int count) {
  std::string names;
  for (int i = 0; i < count; ++i) {
    if (strcmp(list[i]->d_name, "shm") != 0) names += std::string(" ") + list[i]->d_name;
    free(list[i]);
  }
  free(list);
  return names;
}

template <class Dirent>
auto shown_list(Dirent**& list) {
  return [&list](int count) {
    const bool listed = count >= 0;
    return listed
               ? "list" + std::string(errno == parity::errno_before ? "" : " (errno touched)") + names_of(list, count)
               : number(count);
  };
}

std::string listing(DIR* dir) {
  if (!dir) return parity::pointer(dir);
  std::string shown = parity::pointer(dir) + " " + parity::location_of(dirfd(dir));
  std::set<std::string> names;
  while (const dirent* entry = readdir(dir))
    if (strcmp(entry->d_name, "shm") != 0) names.insert(entry->d_name);
  for (const std::string& name : names) shown += " " + name;
  closedir(dir);
  return shown;
}

/// Where the process is afterwards: the kernel's word for it, past the library.
std::string arrival(int result) {
  std::string shown = number(result);
  const int cwd = static_cast<int>(parity::raw(SYS_openat, AT_FDCWD, ".", O_PATH));
  shown += " in " + parity::location_of(cwd);
  parity::raw(SYS_close, cwd);
  return shown;
}

/// chroot, in a child: nothing leads back.
std::string imprisoned(const char* path) {
  int answer[2];
  if (pipe(answer) != 0) return "no pipe";
  const pid_t child = fork();
  if (child == 0) {
    errno = parity::errno_before;
    std::string shown = number(chroot(path));
    parity::raw(SYS_chdir, "/");
    shown += parity::raw(SYS_faccessat, AT_FDCWD, "/f", 0) == 0 ? ", has f" : ", no f";
    parity::raw(SYS_write, answer[1], shown.data(), static_cast<long>(shown.size()));
    _exit(0);
  }
  char text[128];
  close(answer[1]);
  const ssize_t size = read(answer[0], text, sizeof text);
  close(answer[0]);
  waitpid(child, nullptr, 0);
  return size > 0 ? std::string(text, static_cast<std::size_t>(size)) : "died";
}

int only_f(const dirent* entry) { return strchr(entry->d_name, 'f') != nullptr; }

}  // namespace

FAMILY(dir) {
  EACH_PATH(number, mkdir, path, 0750);
  EACH_PATH(number, mkdir, path, 07777);
  EACH_AT(number, mkdirat, dir, path, 0700);
  EACH_PATH(number, rmdir, path);
  EACH_PATH(arrival, chdir, path);
  parity::each_path("chroot", "path", imprisoned);
  EACH_PATH(listing, opendir, path);

  dirent** list = nullptr;
  dirent64** list64 = nullptr;
  const auto show = shown_list(list);
  const auto show64 = shown_list(list64);
  EACH_PATH(show, scandir, path, &list, nullptr, alphasort);
  EACH_PATH(show, scandir, path, &list, only_f, alphasort);
  EACH_PATH(show64, scandir64, path, &list64, nullptr, alphasort64);
  EACH_AT(show, scandirat, dir, path, &list, nullptr, alphasort);
  EACH_AT(show64, scandirat64, dir, path, &list64, nullptr, alphasort64);
}
