// SPDX-License-Identifier: MIT
//
// A library of nothing.
extern "C" {
extern const int devshm_bench_empty;
const int devshm_bench_empty = 1;
}
