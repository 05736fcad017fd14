// SPDX-License-Identifier: MIT
//
// The cases: the ways in which a path can be given to a function.
#include <linux/limits.h>

#include "parity.h"

namespace parity {
namespace {

Place named(const std::string& text) { return {"\"" + text + "\"", text}; }
Place from(const std::string& cwd, const std::string& text) {
  Place place = named(text);
  place.cwd = cwd;
  place.label += " in " + cwd;
  return place;
}
Place at(const std::string& dir, const std::string& text) {
  Place place = named(text);
  place.dir = dir;
  return place;
}
Place null_path() { return {"NULL", "", "/", "", Place::null}; }

/// A path of exactly `length` bytes that leads to /dev/shm/f, by way of many a "./".
Place padded(std::size_t length) {
  const std::string head = "/dev/shm/", tail = "f";
  std::string padding;
  while (head.size() + padding.size() + tail.size() + 2 <= length) padding += "./";
  if (head.size() + padding.size() + tail.size() < length) padding += "/";
  return {std::to_string(length) + " bytes to /dev/shm/f", head + padding + tail};
}

Place long_component(std::size_t length) {
  return {"/dev/shm/ and a name of " + std::to_string(length) + " bytes", "/dev/shm/" + std::string(length, 'n')};
}

std::vector<Place> absolute_places() {
  std::vector<Place> places;
  for (const char* path :
       {// ways to write it
        "/dev/shm", "/dev/shm/", "/dev/shm/.", "/dev/shm/f", "/dev//shm//f", "//dev/shm/f", "/dev/./shm/./f",
        "/dev/../dev/shm/f", "/dev/shm/../shm/f", "/dev/shm/dir/../f",
        // what can be there
        "/dev/shm/f/", "/dev/shm/f/x", "/dev/shm/dir", "/dev/shm/dir/", "/dev/shm/dir/g", "/dev/shm/empty",
        "/dev/shm/empty/.", "/dev/shm/missing", "/dev/shm/missing/", "/dev/shm/missing/x", "/dev/shm/missing/../f",
        // links
        "/dev/shm/link", "/dev/shm/link/", "/dev/shm/linkdir", "/dev/shm/linkdir/", "/dev/shm/linkdir/g",
        "/dev/shm/dangling", "/dev/shm/out", "/dev/shm/outdir/o", "/dev/shm/absolute", "/dev/shm/climbing",
        "/tmp/parity/into/f", "/tmp/parity/dev-link/shm/f",
        // outside, though it looks alike
        "/dev/shmfoo", "/dev/shm.bak/x", "/dev/shm/../shmfoo", "/dev/shm/../shm.bak/x", "/dev/shmmissing",
        "/tmp/parity/shm/f", "/tmp/parity/dev/shm/f", "/tmp/parity/o"})
    places.push_back(named(path));
  places.push_back(null_path());
  places.push_back(named(""));
  for (const std::size_t length : {std::size_t{PATH_MAX - 1}, std::size_t{PATH_MAX}, std::size_t{1} << 20})
    places.push_back(padded(length));
  for (const std::size_t length : {NAME_MAX, NAME_MAX + 1}) places.push_back(long_component(length));
  return places;
}

std::vector<Place> relative_places() {
  return {
      from("/dev", "shm"),           from("/dev", "shm/"),
      from("/dev", "shm/f"),         from("/dev", "./shm//f"),
      from("/dev", "../dev/shm/f"),  from("/dev", "shm/../shmfoo"),
      from("/dev", "shmfoo"),        from("/dev", "shm/missing"),
      from("/", "dev/shm"),          from("/", "dev/shm/f"),
      from("/", "dev//shm/missing"), from("/", "dev/shmfoo"),
      from("/dev/shm", "f"),         from("/dev/shm", "missing"),
      from("/dev/shm", "."),         from("/dev/shm", ".."),
      from("/dev/shm", "../shm/f"),  from("/dev/shm", "../shmfoo"),
      from("/dev/shm/dir", "g"),     from("/dev/shm/dir", "../f"),
      from("/tmp/parity", "shm/f"),  from("/tmp/parity", "dev/shm/f"),
  };
}

std::vector<Place> dirfd_places() {
  std::vector<Place> places = {
      at("/", "dev/shm"),
      at("/", "dev/shm/f"),
      at("/", "dev/shm/missing"),
      at("/", "dev/shmfoo"),
      at("/", "/dev/shm/f"),
      at("/dev", "shm"),
      at("/dev", "shm/"),
      at("/dev", "shm/f"),
      at("/dev", "shm/missing"),
      at("/dev", "shm/../shmfoo"),
      at("/dev", "shmfoo"),
      at("/dev/shm", "f"),
      at("/dev/shm", "missing"),
      at("/dev/shm", "."),
      at("/dev/shm", ""),
      at("/dev/shm", "dir/../f"),
      at("/dev/shm", ".."),
      at("/dev/shm", "../shm/f"),
      at("/dev/shm", "../shmfoo"),
      at("/dev/shm/f", ""),
      at("/dev/shm/f", "f"),
      at("/tmp/parity", "shm/f"),
      at("/tmp/parity", "dev/shm/f"),
      at("/tmp/parity", "/dev/shm/f"),
      at("-1", "/dev/shm/f"),
      at("-1", "shm/f"),
      at("-1", ""),
  };
  places.push_back(null_path());
  places.back().dir = "/dev/shm";
  places.push_back(null_path());
  places.back().dir = "-1";
  return places;
}

std::vector<Place> joined(std::vector<Place> first, const std::vector<Place>& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

}  // namespace

const std::vector<Place>& plain_places() {
  static const std::vector<Place> places = joined(absolute_places(), relative_places());
  return places;
}

const std::vector<Place>& at_places() {
  static const std::vector<Place> places = joined(plain_places(), dirfd_places());
  return places;
}

const std::vector<Pair>& plain_pairs() {
  static const std::vector<Pair> pairs = [] {
    std::vector<Place> sources = {null_path(), named(""), padded(PATH_MAX)};
    for (const char* path : {"/dev/shm/f", "/dev//shm/./f", "/dev/shm/f/", "/dev/shm/dir", "/dev/shm/dir/",
                             "/dev/shm/link", "/dev/shm/out", "/dev/shm/missing", "/dev/shm", "/dev/shm/",
                             "/tmp/parity/o", "/tmp/parity/shm", "/dev/shmfoo", "/dev/shm/../shmfoo"})
      sources.push_back(named(path));
    std::vector<Place> targets = {null_path(), named(""), padded(PATH_MAX), long_component(NAME_MAX + 1)};
    for (const char* path : {"/dev/shm/new", "/dev/shm/new/", "/dev/shm/f", "/dev/shm/dir/g", "/dev/shm/empty",
                             "/dev/shm/missing/new", "/dev/shm/link", "/dev/shm/linkdir/new", "/dev/shm",
                             "/tmp/parity/new", "/tmp/parity/o", "/dev/shmnew", "/dev/shm/../shmnew"})
      targets.push_back(named(path));
    std::vector<Pair> all;
    for (const Place& source : sources)
      for (const Place& target : targets) all.push_back({source, target});
    const auto relative = [&](const char* cwd, const char* source, const char* target) {
      all.push_back({from(cwd, source), from(cwd, target)});
    };
    relative("/dev", "shm/f", "shm/new");
    relative("/dev", "shm/f", "shmnew");
    relative("/dev", "shmfoo", "shm/new");
    relative("/dev", "shm", "shmnew");
    relative("/", "dev/shm/f", "dev/shm/new");
    relative("/dev/shm", "f", "new");
    relative("/dev/shm", "f", "../shm/new");
    relative("/dev/shm/dir", "g", "../new");
    relative("/tmp/parity", "shm/f", "dev/shm/new");
    return all;
  }();
  return pairs;
}

const std::vector<Pair>& at_pairs() {
  static const std::vector<Pair> pairs = [] {
    std::vector<Pair> all = plain_pairs();
    const std::vector<Place> sources = {at("/dev/shm", "f"),  at("/dev", "shm/f"), at("/", "dev/shm/f"),
                                        at("/dev", "shmfoo"), at("/dev", "shm"),   at("/tmp/parity", "shm/f"),
                                        at("-1", "shm/f"),    at("/dev/shm/f", "")};
    const std::vector<Place> targets = {at("/dev/shm", "new"), at("/dev", "shm/new"), at("/", "dev/shm/new"),
                                        at("/dev", "shmnew"),  at("/dev", "shm"),     at("/tmp/parity", "shm/new"),
                                        at("-1", "shm/new")};
    for (const Place& source : sources)
      for (const Place& target : targets) all.push_back({source, target});
    // One by a descriptor and one by its whole name; names that don't say which side they are on, but by letters.
    all.push_back({at("/dev/shm", "f"), named("/dev/shmnew")});
    all.push_back({at("/dev/shm", "f"), named("/dev/shm/new")});
    all.push_back({named("/dev/shmfoo"), at("/dev/shm", "new")});
    all.push_back({at("/dev/shm", "f"), at("/tmp/parity", "new")});
    all.push_back({at("/dev/shm/dir", "g"), at("/dev/shm", "new")});
    return all;
  }();
  return pairs;
}

}  // namespace parity
