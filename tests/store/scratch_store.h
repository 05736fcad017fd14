// SPDX-License-Identifier: MIT
//
// A backing directory of its own for a test, and the keepers of its store. Nothing of it is left at the end.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "../../preload/store/create_object.h"
#include "../../preload/store/open_object.h"

// What every test of the store speaks of.
using devshm::store::Created;
using devshm::store::Found;
using devshm::store::Opened;
using devshm::store::Why;

inline constexpr int exclusively = O_RDWR | O_CREAT | O_EXCL;

/// The library under test, which is the keeper's program.
const char* keeper_program();

class ScratchStore {
 public:
  explicit ScratchStore(const char* idle_seconds = "600");
  ~ScratchStore();
  ScratchStore(const ScratchStore&) = delete;

  std::string path(const std::string& name) const { return dir_ + "/" + name; }
  const std::string& dir() const { return dir_; }
  const std::string& root() const { return root_; }
  devshm::store::Place place() const { return {dir_.c_str(), program_.c_str(), idle_seconds_}; }
  void use_program(const std::string& program) { program_ = program; }

  devshm::store::Created create(const std::string& name, int flags, mode_t mode = 0600) const;
  /// An object, where a file would be right as well: if no keeper answers in time, as the machine is busy with other
  /// things, the store makes a file, and for a while no object. It is removed then, and created again.
  devshm::store::Created create_patiently(const std::string& name, mode_t mode = 0600) const;
  /// With a text in it.
  int create_patiently_with(const std::string& name, const std::string& text, mode_t mode = 0600) const;
  int create_with(const std::string& name, const std::string& text, mode_t mode = 0600) const;
  devshm::store::Opened open(const std::string& name, int flags = O_RDWR) const {
    return devshm::store::open_object(path(name).c_str(), flags);
  }
  /// What an object or file says; "-" if it can't be opened.
  std::string text_of(const std::string& name) const;

  /// Keeper and twin, by what their command lines say.
  std::vector<pid_t> keepers() const { return keepers_of(root_); }
  /// And waits until they have ended, and let go of the store's lock.
  void kill_keepers() const { kill_keepers_of(root_); }
  static std::vector<pid_t> keepers_of(const std::string& root);
  static void kill_keepers_of(const std::string& root);
  /// How many generations' links there are.
  int generations() const;
  /// Waits until the keeper has seen what has become of names.
  bool keeper_has_read_events() const { return ask_for_refill(root_) == 0; }
  /// What the keeper answers, however long that takes.
  static int ask_for_refill(const std::string& root);
  /// Waits until the keeper has nothing more to do: it holds that many objects, and its pool is full.
  bool comes_to_rest_with(int objects) const { return comes_to_rest_with(root_, objects); }
  static bool comes_to_rest_with(const std::string& root, int objects);
  /// How many objects the keeper holds, those in its pool and one that it is just making included.
  int held_objects() const { return objects_of(root_); }
  static int objects_of(const std::string& root);

 private:
  std::string scratch_, dir_, root_, program_;
  const char* idle_seconds_;
};

std::string text_from(int fd);
bool is_memory(int fd);
void pause_briefly();
/// Of a clock that nobody sets.
long milliseconds_now();

/// Only what never comes true is waited for so long.
inline constexpr long longest_wait_milliseconds = 120000;

/// Waits until something is so, for a bounded time. False if it never was.
template <class Condition>
bool comes_true(const Condition& condition) {
  for (const long end = milliseconds_now() + longest_wait_milliseconds;;) {
    if (condition()) return true;
    if (milliseconds_now() > end) return false;
    pause_briefly();
  }
}
