// SPDX-License-Identifier: MIT
//
// A library with symbols of all kinds, for loaded_objects_test.cpp. Built with either kind of hash table.

extern "C" {

int probe_foreign() { return 1; }  // as libattr has setxattr: under a version of its own

int probe_changed_1() { return 1; }  // as libc has realpath: another function for programs from before the change
int probe_changed_2() { return 2; }
__asm__(".symver probe_changed_1, probe_changed@GLIBC_PROBE_1.0");
__asm__(".symver probe_changed_2, probe_changed@@GLIBC_PROBE_2.0");

int probe_old_1() { return 1; }  // only for programs from before the change
int probe_old_2() { return 2; }
__asm__(".symver probe_old_1, probe_old@GLIBC_PROBE_1.0");
__asm__(".symver probe_old_2, probe_old@GLIBC_PROBE_2.0");

int probe_both_foreign() { return 1; }
int probe_both_own() { return 2; }
__asm__(".symver probe_both_foreign, probe_both@@PROBE_1.0");
__asm__(".symver probe_both_own, probe_both@GLIBC_PROBE_1.0");

int probe_data = 1;

static int chosen() { return 2; }
int (*probe_choose())() { return chosen; }
int probe_indirect() __attribute__((ifunc("probe_choose")));

__attribute__((weak)) int probe_weak() { return 1; }

__attribute__((weak)) int probe_missing();
int probe_calls_missing() { return probe_missing ? probe_missing() : 0; }
}
