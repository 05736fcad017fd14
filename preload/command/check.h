// SPDX-License-Identifier: MIT
//
// Declares the parts of `devshm check`, in the order of its table. Each examines one thing in this process and reports
// it.
#pragma once

#include <limits.h>

#include <cstddef>

#include "../settings.h"
#include "check_report.h"

namespace devshm {

/// The libdevshm.so that this process has loaded; null texts if there is none.
struct LoadedLibrary {
  const char* path = nullptr;
  const char* version = nullptr;  ///< "devshm 0.1.0"
};
LoadedLibrary find_library();

// check_machine.cpp
/// Reports whether the library is loaded and acts here, and returns the same.
bool check_library(CheckReport& report, const LoadedLibrary& library);
/// Reports what /dev/shm is without devshm.
void check_real_one(CheckReport& report, bool active);
/// Reports why the library acts, if that depends on the real /dev/shm.
void check_occasion(CheckReport& report);
void check_libc(CheckReport& report);
void check_constant(CheckReport& report);

// check_services.cpp
void check_semaphore(CheckReport& report);
void check_shared_memory(CheckReport& report);
void check_paths(CheckReport& report);
/// Acts as the second process in the two checks of services: `what` is what the first process asked for.
[[noreturn]] void act_as_peer(const char* what);
inline constexpr char peer_variable[] = "DEVSHM_CHECK_PEER";

// check_objects.cpp
void check_objects(CheckReport& report);

// check_directory.cpp
void check_directory(CheckReport& report);

/// Remembers what exists before the check uses the directory, and removes at the end what the check has created: the
/// directory, its parents, a short link to it. What another process has begun to use stays.
class Leftovers {
 public:
  Leftovers();
  ~Leftovers();
  Leftovers(const Leftovers&) = delete;
  /// Whether first use would make a change that can't be undone: root takes over a directory of another user.
  bool would_take_over() const { return would_take_over_; }

 private:
  static constexpr std::size_t most_links = 256;
  void remove_root() const;
  const Settings& set_;           // as they were: devshm may stand aside later
  std::size_t missing_from_ = 0;  // how much of the directory's path existed; 0: all
  bool would_take_over_ = false;
  char links_[most_links][4];  // the names of three letters that existed in /tmp
  std::size_t link_count_ = 0;
  bool had_root_;  // of the memory store
};

}  // namespace devshm
