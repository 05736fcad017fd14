// SPDX-License-Identifier: MIT
// Holds the entries of one directory. Each has a cookie for readdir, and cookies only grow. Entries are listed newest
// first, as on a tmpfs: reading on from a cookie returns every entry that was there all the time exactly once, whatever
// is made and removed meanwhile, and comes to an end even if a program makes or renames an entry for each that it
// reads. So nothing has to be remembered for an open directory.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace devshmd {

using Ino = std::uint64_t;

class Directory {
 public:
  explicit Directory(Ino parent) : parent(parent) {}

  struct Entry {
    Ino ino;
    std::uint64_t cookie;
  };
  static constexpr std::uint64_t first_cookie = 3;        ///< 1 and 2 belong to `.` and `..`
  static constexpr std::uint64_t no_cookie = UINT64_MAX;  ///< newer than all entries

  const Entry* find(std::string_view name) const {
    const auto found = by_name_.find(name);
    return found == by_name_.end() ? nullptr : &found->second;
  }

  /// An entry that is in no directory yet. Everything that needs memory has been done.
  class Prepared;
  static Prepared prepare(std::string_view name);

  void add(Prepared entry, Ino ino) noexcept;
  void add(std::string_view name, Ino ino);

  void remove(std::string_view name) {
    const auto found = by_name_.find(name);
    if (found == by_name_.end()) return;
    by_cookie_.erase(found->second.cookie);
    by_name_.erase(found);
  }

  /// Puts another inode under a name that keeps its place.
  void replace(std::string_view name, Ino ino) {
    const auto found = by_name_.find(name);
    if (found != by_name_.end()) found->second.ino = ino;
  }

  std::size_t size() const { return by_name_.size(); }

  /// Calls `take(name, entry)` for the entries that are older than the one of `cookie`, newest first, until it returns
  /// false.
  template <class Take>
  void each_older_than(std::uint64_t cookie, Take&& take) const {
    for (auto at = by_cookie_.lower_bound(cookie); at != by_cookie_.begin();) {
      --at;
      if (!take(at->second->first, at->second->second)) return;
    }
  }

  Ino parent;

 private:
  using ByName = std::map<std::string, Entry, std::less<>>;  // a tree: no client can choose names that collide in it
  using ByCookie = std::map<std::uint64_t, const ByName::value_type*>;
  ByName by_name_;
  ByCookie by_cookie_;
  std::uint64_t next_cookie_ = first_cookie;
};

class Directory::Prepared {
  friend class Directory;
  ByName::node_type by_name;
  ByCookie::node_type by_cookie;
};

inline Directory::Prepared Directory::prepare(std::string_view name) {
  ByName names;
  ByCookie cookies;
  const auto place = names.try_emplace(std::string(name)).first;
  const auto at = cookies.emplace(0, &*place).first;
  Prepared entry;
  entry.by_name = names.extract(place);
  entry.by_cookie = cookies.extract(at);
  return entry;
}

inline void Directory::add(Prepared entry, Ino ino) noexcept {
  if (by_name_.contains(entry.by_name.key())) return;
  entry.by_name.mapped() = {ino, next_cookie_};
  entry.by_cookie.key() = next_cookie_++;
  by_name_.insert(std::move(entry.by_name));
  by_cookie_.insert(std::move(entry.by_cookie));
}

inline void Directory::add(std::string_view name, Ino ino) { add(prepare(name), ino); }

}  // namespace devshmd
