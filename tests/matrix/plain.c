// SPDX-License-Identifier: MIT
//
// A program that needs libc alone, as most do: with glibc before 2.34 it has not loaded libpthread and librt.
#include <stdio.h>

int main(void) {
  puts("ok plain");
  return 0;
}
