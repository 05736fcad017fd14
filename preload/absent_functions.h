// SPDX-License-Identifier: MIT
//
// Functions that we export and that this process's libc is too old to have. Programs look for them, by a weak reference
// (Rust's standard library) or by dlsym (OpenJDK, ctypes), and take one that is found for libc's. So they are hidden:
// in our table of versions (DT_VERSYM) each becomes a symbol of an old version, which no such search accepts.
//
// It has to happen before the program's references are bound, and after our own. glibc binds the program's last, and
// calls a resolver of ours when it binds our reference to an indirect function (STT_GNU_IFUNC); see absent_functions.S.
//
// What this does not reach calls the wrapper, which works by stand_ins.h as far as it can: libraries that the program
// needs are bound before us; musl knows no indirect functions, nor does glibc before 2.19 on aarch64; under LD_AUDIT
// glibc before 2.29 binds in another way.
#pragma once

namespace [[gnu::visibility("hidden")]] devshm {

/// The functions of glibc that are newer than 2.17, as far as we export them: by the version that brought them, the
/// newest first. Each name has its end; a group ends with an empty name, and the last one with two.
extern const char newer_functions[];

}  // namespace devshm

extern "C" {

/// The resolver: hides what this process's libc lacks and returns a function that nobody calls. Called by glibc's
/// loader once, in the middle of relocating us: our own references to libc are bound, and nothing of the program's has
/// run.
///
/// Costs one look-up in libc, and one in our own table, for each name that it lacks, and one more: it ends with the
/// first group that libc has the first name of, since a libc that has a version has all that came before it.
[[gnu::visibility("hidden")]] void* devshm_hide_absent();
}
