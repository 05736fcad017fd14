// SPDX-License-Identifier: MIT
// The daemon's system calls, as the unit tests link them: the real ones, until one is told to fail.
#pragma once

#include <string>

namespace failing_sys {

/// The next call of `name` answers -error; `later`: not the next one, but the one after so many. Zero: none does.
void fail(const std::string& name, int error, int later = 0);
void heal();

/// For as long as it lives.
struct Failing {
  explicit Failing(const std::string& name, int error, int later = 0) { fail(name, error, later); }
  ~Failing() { heal(); }
  Failing(const Failing&) = delete;
  Failing& operator=(const Failing&) = delete;
};

/// Descriptors, and backing ids, that were made and not closed yet.
int open_descriptors();
int open_backings();

}  // namespace failing_sys
