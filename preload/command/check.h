// SPDX-License-Identifier: MIT
//
// The parts of `devshm check`, in the order of its table. Each looks at one thing in this process and reports it.
#pragma once

#include <limits.h>

#include <cstddef>

#include "../settings.h"
#include "check_report.h"

namespace devshm {

/// The libdevshm.so that this process has loaded; null texts: none.
struct LoadedLibrary {
  const char* path = nullptr;
  const char* version = nullptr;  ///< "devshm 0.1.0"
};
LoadedLibrary find_library();

// check_machine.cpp
/// Whether the library is loaded and acts here; returns whether it does.
bool check_library(CheckReport& report, const LoadedLibrary& library);
/// What /dev/shm is without devshm.
void check_real_one(CheckReport& report);
void check_libc(CheckReport& report);
void check_constant(CheckReport& report);

// check_services.cpp
void check_semaphore(CheckReport& report);
void check_shared_memory(CheckReport& report);
void check_paths(CheckReport& report);
/// The other process of the two checks of services: `what` is what the first process has asked for.
[[noreturn]] void act_as_peer(const char* what);
inline constexpr char peer_variable[] = "DEVSHM_CHECK_PEER";

// check_directory.cpp
void check_directory(CheckReport& report);

/// What first use would leave behind on this machine: the directory, its parents, a short link to it. The check takes
/// that away again at its end, in so far as nobody else has begun to use it.
class Leftovers {
 public:
  Leftovers();
  ~Leftovers();
  Leftovers(const Leftovers&) = delete;
  /// Whether first use would change what can't be changed back: root takes over a directory of another user.
  bool would_take_over() const { return would_take_over_; }

 private:
  static constexpr std::size_t most_links = 256;
  const Settings& set_;           // as they were: devshm may stand aside later
  std::size_t missing_from_ = 0;  // how much of the directory's path was there; 0: all
  bool would_take_over_ = false;
  char links_[most_links][4];  // the names of three letters that were in /tmp
  std::size_t link_count_ = 0;
};

}  // namespace devshm
