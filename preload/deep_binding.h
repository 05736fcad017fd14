// SPDX-License-Identifier: MIT
//
// An object that is loaded with RTLD_DEEPBIND (every PHP extension, most Julia libraries) binds first to itself and to
// what it needs, libc included, so its calls bypass the wrappers. Therefore they are redirected once such an object is
// loaded: each reference that is bound to a function of libc that we export is bound to the wrapper instead.
//
// The object keeps the isolation that the program asked for: all other references stay, even one to an `open` of its
// own. Calls and copies that its constructors made before are not reached.
#pragma once

namespace [[gnu::visibility("hidden")]] devshm {

/// Redirects the calls of the object with this handle, and of all objects that it needs, directly or not. `handle` is
/// what glibc's dlopen has returned for an object (not null, not the program's), and stays open meanwhile.
///
/// A slot that is not bound yet is left alone, so the object should be opened with RTLD_NOW. Pages that are read-only
/// after relocation are made writable meanwhile.
///
/// Thread-safe: objects are changed under the loader's lock, which dl_iterate_phdr holds. No lock of our own is taken,
/// because constructors could wait for it. Not async-signal-safe; neither is dlopen. Leaves errno alone.
void redirect_calls(void* handle);

}  // namespace devshm
