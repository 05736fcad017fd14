// SPDX-License-Identifier: MIT
//
// For a function of libc that starts a program with `environ`: if that has lost the overlay, `environ` points to a
// completed array while this object exists. The array's memory is never freed, so a thread that is reading the
// environment meanwhile is not disturbed. Changes that a thread makes in the array (unsetenv, putenv of an existing
// variable) are lost; a new array made from it (setenv) stays.
#pragma once

namespace [[gnu::visibility("hidden")]] devshm {

/// The program's own `environ`. If another thread has lent one, waits until it has taken that back. Thread-safe.
char** own_environ();

/// Others that want to lend one wait until it is taken back, so do that soon. Thread-safe; not async-signal-safe.
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
