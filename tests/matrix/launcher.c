// SPDX-License-Identifier: MIT
//
// A program of another architecture, for a kernel that can't run it: this one is of this machine's own, needs no
// library, and starts the emulator with the real one, MATRIX_PROGRAM. So a program that starts itself again (Python's
// multiprocessing, devshm check) can do so by its name.
#include <stdlib.h>
#include <unistd.h>

int main(int count, char** arguments) {
  char** command = calloc((size_t)count + 4, sizeof *command);
  if (!command) return 127;
  command[0] = "/matrix/qemu";
  command[1] = "-0";  // what the program sees as its own name, and starts again
  command[2] = arguments[0];
  command[3] = getenv("MATRIX_PROGRAM");
  for (int i = 1; i < count; ++i) command[i + 3] = arguments[i];
  execv(command[0], command);
  return 127;
}
