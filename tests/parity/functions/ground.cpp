// SPDX-License-Identifier: MIT
#include "ground.h"

#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <vector>

#include "../../../preload/store/create_object.h"
#include "../../store/late_answers.h"
#include "disk.h"
#include "keeper.h"
#include "raw.h"

namespace parity {
namespace {

// What is laid out. A name without a slash in front lies in /dev/shm; a text makes a file, or where a link leads.
struct Thing {
  enum Kind { dir, file, link, fifo } kind;
  std::string name;
  std::string text{};
};
const std::vector<Thing> usual = {
    {Thing::dir, "."},
    {Thing::dir, "/dev"},
    {Thing::dir, "/tmp"},
    {Thing::dir, "/tmp/parity"},
    {Thing::file, "f", "hello"},
    {Thing::dir, "dir"},
    {Thing::file, "dir/g", "inside"},
    {Thing::dir, "empty"},
    {Thing::fifo, "fifo"},
    {Thing::link, "link", "f"},
    {Thing::link, "linkdir", "dir"},
    {Thing::link, "out", "/tmp/parity/o"},
    {Thing::link, "outdir", "/tmp/parity"},
    {Thing::link, "dangling", "nowhere"},
    {Thing::link, "absolute", "/dev/shm/f"},
    {Thing::link, "climbing", "../shmfoo"},
    {Thing::file, "/dev/shmfoo", "foo"},
    {Thing::dir, "/dev/shm.bak"},
    {Thing::file, "/dev/shm.bak/x", "bak"},
    {Thing::file, "/tmp/parity/o", "outside"},
    {Thing::dir, "/tmp/parity/shm"},
    {Thing::file, "/tmp/parity/shm/f", "other"},
    {Thing::dir, "/tmp/parity/dev"},
    {Thing::dir, "/tmp/parity/dev/shm"},
    {Thing::file, "/tmp/parity/dev/shm/f", "other"},
    {Thing::link, "/tmp/parity/into", "/dev/shm"},
    {Thing::link, "/tmp/parity/dev-link", "/dev"},
};
std::vector<Thing> things = usual;

/// Somebody records what reaches /dev/shm: then nothing of our own may get there, and no link that the kernel follows.
bool is_recorded() {
  static const bool recorded = getenv("PARITY_RECORDED");
  return recorded;
}

/// Which file it was, and when: by this to see that nothing has been done to it since.
struct Moment {
  ino_t inode;
  timespec changed;
  timespec looked;
};
struct Seen {
  std::string told;
  Moment when;
};
struct Listing {
  std::vector<std::string> names;
  Moment when;
};
using Snapshot = std::map<std::string, Seen>;
Snapshot last;                             // for what need not be looked at twice
std::map<std::string, Listing> listings;   // the same for directories, by their paths
std::map<std::string, std::string> fresh;  // as it was laid out

[[noreturn]] void give_up(const char* what, const std::string& path, long result) {
  fprintf(stderr, "parity: cannot %s %s: %s\n", what, path.c_str(), strerror(static_cast<int>(-result)));
  exit(2);
}

std::string path_of(const std::string& name) {
  return name == "." ? real_shm() : name[0] == '/' ? name : real_shm() + "/" + name;
}

mode_t mode_of(const Thing& thing) {
  if (thing.kind == Thing::file) return thing.text.starts_with("#!") ? 0755 : 0644;
  if (thing.kind != Thing::dir) return 0600;
  return thing.name == "." || thing.name == "/tmp" ? 01777 : 0755;
}

/// A directory that stays: with its own owner, mode, attributes, and a time of today.
void renew_dir(const std::string& path, mode_t mode) {
  raw(SYS_fchownat, AT_FDCWD, path.c_str(), getuid(), getgid(), 0);
  raw(SYS_fchmodat, AT_FDCWD, path.c_str(), mode);
  raw(SYS_utimensat, AT_FDCWD, path.c_str(), nullptr, 0);
  for (const char* name : {"user.new", "user.known", "trusted.new", "trusted.link"})
    raw(SYS_lremovexattr, path.c_str(), name);
}

/// With PARITY_STORE, the keeper's program, a file in /dev/shm is an object of the memory store.
long create_file(const std::string& path, mode_t mode) {
  static const char* const program = getenv("PARITY_STORE");
  const int flags = O_CREAT | O_EXCL | O_WRONLY;
  if (!program || !path.starts_with(real_shm() + "/")) return raw(SYS_openat, AT_FDCWD, path.c_str(), flags, mode);
  for (LateAnswers late_answers;;) {
    const long begun = LateAnswers::now();
    const auto created = devshm::store::create_object({real_shm().c_str(), program, "60"}, path.c_str(), flags, mode);
    if (created.file == devshm::store::Why::is_memory) return created.fd_or_error;
    late_answers.note(begun);
    if (!late_answers.explain(created)) give_up("make an object of", path, -EIO);
    raw(SYS_close, created.fd_or_error);
    raw(SYS_unlinkat, AT_FDCWD, path.c_str(), 0);
    usleep(100'000);
  }
}

long write_file(const std::string& path, const Thing& thing) {
  const long fd = create_file(path, mode_of(thing));
  if (fd < 0) return fd;
  const long result = raw(SYS_write, fd, thing.text.data(), static_cast<long>(thing.text.size()));
  raw(SYS_close, fd);
  return result;
}

void make(const Thing& thing) {
  const std::string path = path_of(thing.name);
  struct stat there;
  if (thing.kind == Thing::dir && look(path, there) && S_ISDIR(there.st_mode)) return renew_dir(path, mode_of(thing));
  remove_all(path);
  long result = 0;
  switch (thing.kind) {
    case Thing::dir: result = raw(SYS_mkdirat, AT_FDCWD, path.c_str(), mode_of(thing)); break;
    case Thing::file: result = write_file(path, thing); break;
    case Thing::link: {
      const bool leads_there = thing.text == "/dev" || thing.text.starts_with("/dev/shm");
      const char* text = is_recorded() && leads_there ? "nowhere" : thing.text.c_str();
      result = raw(SYS_symlinkat, text, AT_FDCWD, path.c_str());
      break;
    }
    case Thing::fifo: result = raw(SYS_mknodat, AT_FDCWD, path.c_str(), S_IFIFO | mode_of(thing), 0); break;
  }
  if (result < 0) give_up("make", path, result);
}

timespec now() {
  timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  return time;
}

/// A change in the same tick of the kernel's clock as the last look could not be told from none.
bool is_long_before(const timespec& changed, const timespec& looked) {
  return (looked.tv_sec - changed.tv_sec) * 1'000'000'000 + (looked.tv_nsec - changed.tv_nsec) > 100'000'000;
}

bool is_the_same(const struct stat& file, const Moment& then) {
  return then.inode == file.st_ino && is_long_before(file.st_ctim, then.looked) &&
         then.changed.tv_sec == file.st_ctim.tv_sec && then.changed.tv_nsec == file.st_ctim.tv_nsec;
}

/// What is in a directory; nothing, if it is none.
const std::vector<std::string>& names_in(const std::string& dir) {
  Listing& listing = listings[dir];
  struct stat file {};
  const bool there = look(dir, file);
  if (there && is_the_same(file, listing.when)) return listing.names;
  listing = {{}, {file.st_ino, file.st_ctim, now()}};
  if (there) for_each_entry(dir, [&](const std::string& name) { listing.names.push_back(name); });
  return listing.names;
}

/// The neighbours that a path can be mistaken for, /dev/shmfoo and such, in /dev and beside the backing directory; and
/// /dev/shm itself, should somebody make one where there is none.
template <class Visit>
void for_each_neighbour(Visit visit) {
  for (const std::string dir : {"/dev", "/tmp"})
    for (const std::string& name : names_in(dir))
      if (const std::string path = dir + "/" + name;
          name.starts_with("shm") && path != real_shm() && !(is_recorded() && path == "/dev/shm"))
        visit(path);
}

std::string tell(const std::string& path, const struct stat& file) {
  std::string told = describe(file);
  if (S_ISREG(file.st_mode)) told += " " + content_of(path);
  if (S_ISLNK(file.st_mode)) told += " -> " + link_text_of(path);
  // A time long ago is one that a call has set.
  for (const timespec& time : {file.st_atim, file.st_mtim})
    if (time.tv_sec < 1'500'000'000)
      told += " time " + std::to_string(time.tv_sec) + "." + std::to_string(time.tv_nsec);
  return told + attributes_of(path);
}

bool take_one(const std::string& name, Snapshot& out) {
  struct stat file;
  const std::string path = path_of(name);
  if (!look(path, file)) return false;
  const auto known = last.find(name);
  if (known != last.end() && is_the_same(file, known->second.when))
    out.insert(*known);
  else
    out[name] = {tell(path, file), {file.st_ino, file.st_ctim, now()}};
  return S_ISDIR(file.st_mode);
}

void take(const std::string& name, Snapshot& out) {
  if (take_one(name, out))
    for (const std::string& in : names_in(path_of(name))) take(name == "." ? in : name + "/" + in, out);
}

Snapshot take_all() {
  Snapshot all;
  take(".", all);
  take("/tmp/parity", all);
  for_each_neighbour([&](const std::string& path) { take(path, all); });
  // A ".." leads to these, and what is done to them has to be undone.
  for (const char* parent : {"/dev", "/tmp"}) take_one(parent, all);
  last = all;
  return all;
}

void lay_out_things() {
  raw(SYS_umask, 0);
  for (const Thing& thing : things) make(thing);
  umask(022);  // by the function: the memory store remembers what that has set
  fresh.clear();
  for (const auto& [name, seen] : take_all()) fresh[name] = seen.told;
}

}  // namespace

const std::string& real_shm() {
  static const std::string dir = [] {
    const char* given = getenv("PARITY_REAL_SHM");
    // The program removes whatever is there: it has to be told that it may.
    if (!given) give_up("not run by functions_test.py:", "PARITY_REAL_SHM is", -EINVAL);
    return std::string(given);
  }();
  return dir;
}

void lay_out() {
  // The keeper's mask is not this process's.
  if (keeper::is_there()) {
    keeper::ask(keeper::lay_out);
    umask(022);  // by the function: the memory store remembers what that has set
    return;
  }
  things = usual;
  lay_out_things();
}

void lay_out_programs() {
  if (keeper::is_there()) {
    keeper::ask(keeper::lay_out_programs);
    return;
  }
  int status = 10;
  for (Thing& thing : things)
    if (thing.kind == Thing::file) thing.text = "#!/bin/sh\nexit " + std::to_string(++status) + "\n";
  lay_out_things();
}

std::string changes() {
  if (keeper::is_there()) return keeper::ask(keeper::changes);
  const Snapshot found = take_all();
  std::string told;
  const auto is_gone = [&](const std::string& name) { return !found.contains(name); };
  const auto is_as_it_was = [&](const std::string& name) {
    return !is_gone(name) && found.at(name).told == fresh.at(name);
  };
  for (const auto& [name, text] : fresh)
    if (is_gone(name)) told += " | " + without_random(name) + ": gone";
  for (const auto& [name, seen] : found)
    if (!fresh.contains(name)) {
      told += " | " + without_random(name) + ": " + seen.told;
      remove_all(path_of(name));
    } else if (!is_as_it_was(name)) {
      told += " | " + name + ": " + seen.told;
    }
  if (told.empty()) return told;
  raw(SYS_umask, 0);
  for (const Thing& thing : things)
    if (!is_as_it_was(thing.name)) make(thing);
  umask(022);  // by the function: the memory store remembers what that has set
  return told;
}

}  // namespace parity
