// SPDX-License-Identifier: MIT
//
// Hides the functions that this library exports and that this process's libc is too old to have. Programs look for such
// functions by a weak reference (Rust's standard library) or by dlsym (OpenJDK, ctypes), and assume that one they find
// is libc's. To hide one, its entry in our version table (DT_VERSYM) gets an old version, which no such lookup accepts.
//
// This must happen before the program's references are bound, and after our own are. glibc binds the program's last.
// While it binds ours it calls a resolver, because one of them is to an indirect function (STT_GNU_IFUNC); see
// absent_functions.S.
//
// Some callers still reach the wrapper, which then uses stand_ins.h as far as it can: libraries that the program needs
// are bound before us; musl supports no indirect functions, nor does glibc before 2.19 on aarch64; under LD_AUDIT glibc
// before 2.29 binds in another way.
#pragma once

namespace [[gnu::visibility("hidden")]] devshm {

/// The functions that we export and that glibc has only since a version after 2.17, grouped by that version, the newest
/// first. A NUL ends each name, an empty name ends a group, and two of them end the list.
extern const char newer_functions[];

}  // namespace devshm

extern "C" {

/// The resolver: hides what this process's libc lacks, and returns a function that is never called. glibc's loader
/// calls it once, while it relocates this library: our references to libc are bound by then, and no code of the program
/// has run.
///
/// It costs one lookup in libc and one in our own table for each name that libc lacks, and one more: it stops at the
/// first group whose first name libc has, because a libc of one version has the functions of all earlier ones.
[[gnu::visibility("hidden")]] void* devshm_hide_absent();
}
