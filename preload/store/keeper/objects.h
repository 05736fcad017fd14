// SPDX-License-Identifier: MIT
//
// The keeper's record of what it holds. It lies in memory that keeper and twin share, so that the twin, which also
// shares the table of descriptors, can go on where the keeper was killed, at whatever moment.
//
// An object is an O_PATH descriptor (which counts as no writer, so that an object can be executed) by its number. A
// number is issued once in a generation. When the numbers run out another generation begins: one more link to the same
// /proc/KEEPER/fd. So numbers come again as late as possible, and a pair of generation and number never.
#pragma once

#include "../link_token.h"
#include "../names.h"

namespace devshm::store {

inline constexpr unsigned most_objects = 1u << 18;
/// What lies below is for the keeper's own descriptors.
inline constexpr unsigned first_number = 32;

class Objects {
 public:
  /// Takes the memory for numbers below `limit`. 0, or a negative errno.
  int begin(unsigned limit);

  /// Makes an empty memfd with a name of its own. Returns its number; 0: there is no room.
  unsigned make(const Root& root);
  /// From now on it lives as long as the watched link does.
  void set_watch(unsigned number, int watch, LinkToken token);
  void close(unsigned number);

  ObjectName name_of(unsigned number) const;
  /// Whether there is one by this name.
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

  /// After the keeper's death, in the twin: closes what was half made, and leads all generations to this process.
  void take_over(const Root& root);
  /// Removes the generations' links, at the end.
  void remove_generations(const Root& root) const;

 private:
  enum class State : std::uint32_t { free, making, live };
  struct Entry {
    State state;
    std::uint32_t generation;  ///< where in generations_
    std::int32_t watch;
    std::uint32_t reserved;
    LinkToken token;
  };
  struct Generation {
    std::uint64_t name;  ///< 0: free
    std::uint64_t objects;
  };
  struct Record {
    std::uint32_t limit;   ///< numbers lie below
    std::uint32_t end;     ///< those ever used lie below
    std::uint32_t cursor;  ///< where the search for the next number begins
    std::uint32_t live;
    std::uint32_t current;      ///< generation
    std::uint32_t generations;  ///< those ever used lie below
  };

  bool begin_generation(const Root& root);
  unsigned next_number(const Root& root);
  void leave_generation(std::uint32_t generation);
  void count();

  Record* record_ = nullptr;
  Entry* entries_ = nullptr;
  Generation* generations_ = nullptr;
  const Root* root_ = nullptr;
};

/// Makes a symbolic link, in one step in place of one that may be there.
int put_link(const char* text, const char* aside, const char* path);

}  // namespace devshm::store
