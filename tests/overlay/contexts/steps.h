// SPDX-License-Identifier: MIT
//
// One use of /dev/shm for each function that a program can be caught in: what the contexts run.
#pragma once

struct Step {
  const char* family;  // of tests/artifact/functions.tsv
  const char* function;
  /// libc's own function allocates, takes locks or wants a large stack: nobody may call it in a signal handler, after
  /// vfork or inside malloc, with or without devshm.
  bool heavy;
  /// 0, or the errno of what went wrong. Leaves /dev/shm as it was.
  int (*take)();
};

extern const Step steps[];
extern const int step_count;

/// What the steps need in /dev/shm. `program` is copied there, to be executed, and `library`, to be loaded.
bool prepare(const char* program, const char* library);
