// SPDX-License-Identifier: MIT
//
// For a function of libc's that starts a program with `environ`: where that has lost the overlay, `environ` points to a
// completed array as long as this object lives. The array lies in memory that is never given back, so a thread that is
// reading the environment meanwhile goes on undisturbed; what one writes to the array in place (unsetenv, putenv of a
// variable that is there) is lost, and a new array made from it (setenv) stays.
#pragma once

namespace [[gnu::visibility("hidden")]] devshm {

/// The program's own `environ`: where another thread has lent one, once it has taken it back. Thread-safe.
char** own_environ();

/// Others that want to lend one wait until it is taken back, so that should be soon. Thread-safe; not
/// async-signal-safe.
class LentEnviron {
 public:
  LentEnviron();
  LentEnviron(const LentEnviron&) = delete;
  ~LentEnviron();

 private:
  char** own_;
  char** lent_;
};

}  // namespace devshm
