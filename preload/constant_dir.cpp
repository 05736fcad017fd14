// SPDX-License-Identifier: MIT
#include "constant_dir.h"

#include <alloca.h>
#include <errno.h>
#include <time.h>

#include <atomic>
#include <cstdint>

#include "ownership.h"
#include "report.h"
#include "settings.h"
#include "sys.h"
#include "text.h"

namespace devshm {
namespace {

constexpr char link_head[] = "/tmp/";
constexpr char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
constexpr unsigned letter_count = sizeof letters - 1;

/// The names that are tried first: a dot and two letters.
constexpr unsigned hidden_names = letter_count * letter_count;
/// Then three bytes of any kind but control characters, spaces and slashes.
constexpr unsigned byte_count = 0xff - 0x20 - 2;
constexpr unsigned other_names = byte_count * byte_count * byte_count;
/// The first tries of those follow an order that is the same for all processes of a user, so that they share a link.
/// The later ones are random: to block them, somebody would have to take most of the ten million names.
constexpr unsigned known_tries = 4096, chance_tries = 64;

/// The number of the link in use, plus one; 0: none yet.
constinit std::atomic<unsigned> chosen{0};
/// Whether it can still be used.
constinit Trust usable;

using LinkName = char[constant_length + 1];

char nth_byte(unsigned number) {
  unsigned byte = 0x21 + number % byte_count;
  if (byte >= '/') ++byte;
  if (byte >= 0x7f) ++byte;
  return static_cast<char>(byte);
}

void name_link(unsigned number, LinkName& out) {
  char* end = put(out, link_head);
  if (number < hidden_names) {
    *end++ = '.';
    *end++ = letters[number / letter_count];
    *end++ = letters[number % letter_count];
  } else {
    number -= hidden_names;
    for (unsigned i = 0; i < 3; ++i, number /= byte_count) *end++ = nth_byte(number);
  }
  *end = '\0';
}

/// The number to try first. It depends on the directory and the user, so that two of them seldom meet.
unsigned first_choice(const Settings& set) {
  std::uint32_t hash = 2166136261u ^ sys::geteuid();
  for (std::size_t i = 0; i < set.dir_length; ++i) hash = (hash ^ static_cast<unsigned char>(set.dir[i])) * 16777619u;
  return hash;
}

/// The owner of a name that is taken.
enum class Taken : unsigned char { no, by_us, by_others };

void use(unsigned number, Owner owner) {
  usable.keep(owner);
  chosen.store(number + 1, std::memory_order_relaxed);
}

/// Looks at a name. If it is a link to our directory that root or we own, it is in use from then on.
Taken look_at(unsigned number, const LinkName& link, const Settings& set) {
  struct stat found;
  const int result = sys::fstatat(AT_FDCWD, link, &found, AT_SYMLINK_NOFOLLOW);
  if (result != 0) return result == -ENOENT ? Taken::no : Taken::by_others;
  if (!S_ISLNK(found.st_mode) || found.st_size != static_cast<off_t>(set.dir_length)) return Taken::by_others;
  const Owner owner = owner_of(link, found);
  if (owner != Owner::root && owner != Owner::ours) return Taken::by_others;
  char* text = static_cast<char*>(alloca(set.dir_length + 1));
  const long length = sys::readlink(link, text, set.dir_length + 1);
  if (length != static_cast<long>(set.dir_length) || !begins_with(text, set.dir, set.dir_length))
    return Taken::by_others;
  use(number, owner);
  return Taken::by_us;
}

/// 0 once the link is there and in use, EEXIST if the name is taken by something else.
int make_link(unsigned number, const LinkName& link, const Settings& set) {
  const Taken before = look_at(number, link, set);
  if (before != Taken::no) return before == Taken::by_us ? 0 : EEXIST;
  const int result = sys::symlink(set.dir, link);
  if (result == 0) use(number, acts_as_root() ? Owner::root : Owner::ours);
  if (result != -EEXIST) return -result;
  return look_at(number, link, set) == Taken::by_us ? 0 : EEXIST;  // another thread or process of ours may have made it
}

std::uint32_t next_hash(std::uint32_t hash, std::uint32_t more) { return (hash ^ more) * 16777619u; }

/// A number that others can't predict.
unsigned chance(unsigned round) {
  struct timespec now {};
  sys::clock_gettime(CLOCK_MONOTONIC, &now);
  const auto time = static_cast<std::uint64_t>(now.tv_nsec) * 0x9e3779b97f4a7c15u;
  return next_hash(static_cast<std::uint32_t>(time >> 32), static_cast<std::uint32_t>(sys::gettid()) + round);
}

unsigned nth_choice(unsigned first, unsigned i) {
  if (i < hidden_names) return (first + i) % hidden_names;
  return hidden_names + (i < hidden_names + known_tries ? first + i : chance(i)) % other_names;
}

/// Tries names until one is free or ours.
int find_link(const Settings& set, LinkName& out) {
  const unsigned first = first_choice(set);
  int error = EEXIST;
  for (unsigned i = 0; i < hidden_names + known_tries + chance_tries && error == EEXIST; ++i) {
    const unsigned number = nth_choice(first, i);
    name_link(number, out);
    if (!same(out, "/tmp/shm")) error = make_link(number, out, set);
  }
  if (error == EEXIST) error = EACCES;  // to a program EEXIST would mean that its object exists
  if (error)
    say_once(Topic::constant,
             {"can't make a short link in /tmp to DEVSHM_DIR=", set.dir, " (errno ", error,
              "), which sem_open and shm_open need for a directory longer than 8 bytes; choose a shorter one"});
  return error;
}

/// The directory's own eight bytes.
void pad(const Settings& set, char (&out)[constant_length]) {
  for (std::size_t i = 0; i < constant_length; ++i) out[i] = i < set.dir_length ? set.dir[i] : '/';
}

}  // namespace

bool is_constant_dir(const char* text) {
  const Settings& set = settings();
  LinkName name;
  if (set.dir_length <= constant_length) {
    char padded[constant_length];
    pad(set, padded);
    return begins_with(text, padded, constant_length);
  }
  const unsigned known = chosen.load(std::memory_order_relaxed);
  if (!known) return false;
  name_link(known - 1, name);
  return begins_with(text, name, constant_length);
}

bool constant_dir_holds() { return settings().dir_length <= constant_length || usable.holds(); }

int constant_dir(char (&out)[constant_length]) {
  const Settings& set = settings();
  if (set.dir_length <= constant_length) {
    pad(set, out);
    return 0;
  }
  LinkName name;
  const unsigned known = chosen.load(std::memory_order_relaxed);
  if (known) name_link(known - 1, name);
  if (!known || (!usable.holds() && look_at(known - 1, name, set) != Taken::by_us))
    if (const int error = find_link(set, name)) return error;
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
  usable.drop();
  // Under the same name if possible: some processes have it already.
  return make_link(known - 1, name, settings()) == 0 || find_link(settings(), name) == 0;
}

}  // namespace devshm
