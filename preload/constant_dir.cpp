// SPDX-License-Identifier: MIT
#include "constant_dir.h"

#include <alloca.h>
#include <errno.h>

#include <atomic>
#include <cstdint>

#include "report.h"
#include "settings.h"
#include "sys.h"

namespace devshm {
namespace {

constexpr char link_head[] = "/tmp/.";
constexpr char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
constexpr unsigned letter_count = sizeof letters - 1;

/// The number of the link in use, plus one; 0: none yet.
constinit std::atomic<unsigned> chosen{0};

using LinkName = char[constant_length + 1];

void name_link(unsigned number, LinkName& out) {
  __builtin_memcpy(out, link_head, sizeof link_head - 1);
  out[6] = letters[number / letter_count % letter_count];
  out[7] = letters[number % letter_count];
  out[8] = '\0';
}

/// Where to begin: spread by directory and user, so that two of them seldom meet.
unsigned first_choice(const Settings& set) {
  std::uint32_t hash = 2166136261u ^ sys::geteuid();
  for (std::size_t i = 0; i < set.dir_length; ++i) hash = (hash ^ static_cast<unsigned char>(set.dir[i])) * 16777619u;
  return hash % (letter_count * letter_count);
}

/// Is there a link of this name that leads to our directory, and that only root or we could have made?
bool is_ours(const char* link, const Settings& set) {
  struct stat found;
  if (sys::fstatat(AT_FDCWD, link, &found, AT_SYMLINK_NOFOLLOW) != 0) return false;
  if (!S_ISLNK(found.st_mode) || (found.st_uid != 0 && found.st_uid != sys::geteuid())) return false;
  char* text = static_cast<char*>(alloca(set.dir_length + 1));
  const long length = sys::readlink(link, text, set.dir_length + 1);
  return length == static_cast<long>(set.dir_length) && begins_with(text, set.dir, set.dir_length);
}

/// 0 once the link is there, EEXIST if the name is taken by something else.
int make_link(const char* link, const Settings& set) {
  if (is_ours(link, set)) return 0;
  const int result = sys::symlink(set.dir, link);
  if (result == -EEXIST && is_ours(link, set)) return 0;  // another thread or process of ours was faster
  return -result;
}

int find_link(const Settings& set, LinkName& out) {
  const unsigned first = first_choice(set);
  int error = EEXIST;
  for (unsigned i = 0; i < 64 && error == EEXIST; ++i) {
    const unsigned number = (first + i) % (letter_count * letter_count);
    name_link(number, out);
    error = make_link(out, set);
    if (error == 0) chosen.store(number + 1, std::memory_order_relaxed);
  }
  if (error)
    say_once(Topic::constant,
             {"can't make a short link in /tmp to DEVSHM_DIR=", set.dir, " (errno ", error,
              "), which sem_open and shm_open need for a directory longer than 8 bytes; choose a shorter one"});
  return error;
}

}  // namespace

int constant_dir(char (&out)[constant_length]) {
  const Settings& set = settings();
  if (set.dir_length <= constant_length) {
    for (std::size_t i = 0; i < constant_length; ++i) out[i] = i < set.dir_length ? set.dir[i] : '/';
    return 0;
  }
  LinkName name;
  const unsigned known = chosen.load(std::memory_order_relaxed);
  if (known)
    name_link(known - 1, name);
  else if (const int error = find_link(set, name))
    return error;
  __builtin_memcpy(out, name, constant_length);
  return 0;
}

bool constant_dir_was_remade() {
  const unsigned known = chosen.load(std::memory_order_relaxed);
  if (!known) return false;
  LinkName name;
  name_link(known - 1, name);
  struct stat found;
  if (sys::fstatat(AT_FDCWD, name, &found, AT_SYMLINK_NOFOLLOW) != -ENOENT) return false;
  return make_link(name, settings()) == 0;
}

}  // namespace devshm
