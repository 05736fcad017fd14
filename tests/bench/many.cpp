// SPDX-License-Identifier: MIT
//
// One of 200 libraries, with a function of its own.
#define NAME_OF(number) devshm_bench_many_##number
#define FUNCTION(number) NAME_OF(number)
extern "C" int FUNCTION(NUMBER)();
extern "C" int FUNCTION(NUMBER)() { return NUMBER; }
