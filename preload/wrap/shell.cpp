// SPDX-License-Identifier: MIT
//
// Wraps system and popen. The shell gets `environ`, which is completed only if it has lost the overlay (clearenv,
// unsetenv("LD_PRELOAD"), another array). The text of the command is never examined.
//
//   system  is done here, with the completed environment. Lending an `environ` to libc's own function while the
//           command runs would be worse: changes that other threads make to the environment would be lost.
//   popen   can't be done here, because pclose knows only libc's own streams. So libc is lent an `environ` for the
//           moment in which it starts the shell.
#include <stdio.h>
#include <stdlib.h>

#include "../child_environment.h"
#include "environment_memory.h"
#include "lent_environ.h"
#include "run_shell.h"
#include "wrapper.h"

extern "C" FILE* _IO_popen(const char*, const char*);

namespace devshm {

namespace {

template <class Next>
FILE* open_command(Next next, const char* command, const char* mode) {
  if (ChildEnvironment(own_environ()).is_complete()) return next(command, mode);
  const LentEnviron lent;
  return next(command, mode);
}

}  // namespace

EXPORT int system(const char* command) {
  const ChildEnvironment child(own_environ());
  if (child.is_complete() || !command) return NEXT(system)(command);
  return with_environment(child, [&](char** complete) { return run_shell(command, complete); });
}

EXPORT FILE* popen(const char* command, const char* mode) { return open_command(NEXT(popen), command, mode); }

// An exported alias in glibc.
EXPORT FILE* _IO_popen(const char* command, const char* mode) { return open_command(NEXT(_IO_popen), command, mode); }

}  // namespace devshm
