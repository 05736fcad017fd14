// SPDX-License-Identifier: MIT
//
// A library that stands before libc's start of the program, as profilers and tracers do. It is not libc.

extern "C" int __libc_start_main();
extern "C" int __libc_start_main() { return -1; }
