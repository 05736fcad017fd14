// SPDX-License-Identifier: MIT
//
// Objects that are loaded with RTLD_DEEPBIND (every extension of PHP, most libraries of Julia) take functions first
// from themselves and from what they need, and libc is among that: their calls pass by the wrappers. So they are
// redirected once such an object is loaded: what it has bound to libc, and we export, is bound to the wrapper instead.
//
// The object keeps the isolation that the program has asked for: what it has bound to anything else stays so, its own
// `open` included. What its constructors have called or copied before is not reached.
#pragma once

namespace [[gnu::visibility("hidden")]] devshm {

/// Redirects the calls of the object with this handle, and of all objects that it needs, directly or not. `handle` is
/// what dlopen of glibc has returned for an object (not null, not that of the program), and stays open meanwhile.
///
/// A slot that is not bound yet is left alone, so the object should be opened with RTLD_NOW. Pages that are read-only
/// after relocation are writable for as long as it takes, and then read-only again.
///
/// Thread-safe: each object is changed under the lock of the loader, which dl_iterate_phdr holds. No lock of our own is
/// taken, which constructors could wait for. Not async-signal-safe; neither is dlopen. Leaves errno alone.
void redirect_calls(void* handle);

}  // namespace devshm
