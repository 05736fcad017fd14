// SPDX-License-Identifier: MIT
//
// Records what the keeper holds. The record is in memory that keeper and twin share. The twin also shares the table of
// descriptors, so it can continue if the keeper is killed at any moment.
//
// An object is identified by the number of an O_PATH descriptor (which does not count as a writer, so that an object
// can be executed). A number is used once in a generation. When the numbers run out, another generation begins: one
// more link to the same /proc/KEEPER/fd. So a number is reused as late as possible, and a pair of generation and number
// never.
#pragma once

#include "../link_token.h"
#include "../names.h"

namespace devshm::store {

inline constexpr unsigned most_objects = 1u << 18;
/// Smaller numbers are for the keeper's own descriptors.
inline constexpr unsigned first_number = 32;

class Objects {
 public:
  /// Allocates the memory for numbers below `limit`. Returns 0, or a negative errno.
  int begin(unsigned limit);

  /// Makes an empty memfd with a name of its own. Returns its number, or 0 if there is no room.
  unsigned make(const Root& root);
  /// From now on it lives as long as the watched link does.
  void set_watch(unsigned number, int watch, LinkToken token);
  void close(unsigned number);

  ObjectName name_of(unsigned number) const;
  /// Whether there is an object of this name.
  bool has(const ObjectName& name) const;
  /// Whether another user that gives this token may be served.
  bool admits(const ObjectName& name, LinkToken token) const { return token && entries_[name.number].token == token; }
  /// 0: none.
  unsigned with_watch(int watch) const;
  unsigned live() const { return record_->live; }

  /// Calls function(number, watch) for each one that is watched.
  template <class Function>
  void for_each(const Function& function) const {
    for (unsigned number = first_number; number < record_->end; ++number)
      if (entries_[number].state == State::live) function(number, entries_[number].watch);
  }

  /// For the twin, after the keeper's death: closes what was half made, and makes all generations lead to this process.
  void take_over(const Root& root);

 private:
  enum class State : std::uint32_t { free, making, live };
  struct Entry {
    State state;
    std::uint32_t generation;  ///< its index in generations_
    std::int32_t watch;
    std::uint32_t watched;  ///< a number; where this index is watch % limit, most likely the watch's
    LinkToken token;
  };
  struct Generation {
    std::uint64_t name;  ///< 0: free
    std::uint64_t objects;
  };
  struct Record {
    std::uint32_t limit;   ///< all numbers are smaller
    std::uint32_t end;     ///< all numbers that were ever used are smaller
    std::uint32_t cursor;  ///< where the search for the next number begins
    std::uint32_t live;
    std::uint32_t current;      ///< the index of the current generation
    std::uint32_t generations;  ///< how many were ever used
  };

  bool begin_generation(const Root& root);
  unsigned next_number(const Root& root);
  void leave_generation(std::uint32_t generation);
  std::uint32_t& likely_number(int watch) const {
    return entries_[static_cast<unsigned>(watch) % record_->limit].watched;
  }
  bool is_watched_by(unsigned number, int watch) const {
    return entries_[number].state == State::live && entries_[number].watch == watch;
  }
  void count();

  Record* record_ = nullptr;
  Entry* entries_ = nullptr;
  Generation* generations_ = nullptr;
  const Root* root_ = nullptr;
};

/// Makes a symbolic link. If there is one, replaces it in one step.
int put_link(const char* text, const char* aside, const char* path);

}  // namespace devshm::store
