// SPDX-License-Identifier: MIT
//
// Completes `environ` for a function of libc that starts a program with it. If `environ` has lost the overlay, it
// points to a completed array while a LentEnviron exists. The array's memory is never freed, so a thread that is
// reading the environment meanwhile is not disturbed. Changes that a thread makes in the array (unsetenv, putenv of an
// existing variable) are lost; a new array made from it (setenv) stays.
#pragma once

namespace [[gnu::visibility("hidden")]] devshm {

/// The program's own `environ`. If another thread has a LentEnviron, waits until that is destroyed. Thread-safe.
char** own_environ();

/// Other threads that need one wait until this one is destroyed, so that should be soon. Thread-safe; not
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
