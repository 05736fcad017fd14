// SPDX-License-Identifier: MIT
//
// What all wrappers share. A wrapper is one line that says which of its arguments are paths:
//
//   EXPORT int mkdirat(int dir, const char* path, mode_t mode) NOTHROW {
//     return forward(NEXT(mkdirat), dir, Path(path, dir), mode);
//   }
//
// forward() lets a call whose paths can't match straight through, as a tail call, so that libc's function sees the
// caller's own frame and return address. Otherwise it judges each path, takes memory on the stack for those that are
// rewritten, as much as they need, and calls the next definition with them.
//
// errno and cancellation are those of the function that gets called. Nothing here allocates or takes a lock.
#pragma once

#include <alloca.h>
#include <errno.h>

#include "../backing_dir.h"
#include "../next_symbol.h"
#include "path_argument.h"

/// A function that the library exports. Everything else in it is hidden.
#define EXPORT extern "C" __attribute__((visibility("default")))
#define NOTHROW noexcept

/// Another exported name for a wrapper of this file: libc's 64-bit and underscored twins, which on our architectures
/// are the same function there too. The declared name differs so as not to meet the one in libc's headers.
#define ALIAS(name, function)                                        \
  extern "C" __attribute__((visibility("default"), alias(#function), \
                            copy(function))) decltype(::function) devshm_alias_##name __asm__(#name)

namespace devshm {

/// The way of a call with a path that may match. Not inlined: ordinary calls pay nothing for its frame.
template <class Next, class... Judged>
[[gnu::always_inline]] inline typename Next::Result call_judged(Next next, Judged... arguments) {
  using Result = typename Next::Result;
  std::size_t room = 0;
  int error = 0;
  ((error = error ? error : arguments.judge(room)), ...);
  if (error) return fail_with<Result>(error);

  char* const memory = room ? static_cast<char*>(alloca(room)) : nullptr;
  for (bool retry = (arguments.is_inside() || ...);; retry = false) {
    char* at = memory;
    const Result result = next.get()(arguments.place(at)...);
    const bool failed = result == failure<Result>();
    (arguments.log(next.name()), ...);
    if (failed && retry && errno == ENOENT && backing_dir_was_remade()) continue;
    (arguments.settle(failed), ...);
    return result;
  }
}

template <class Next, class... Arguments>
[[gnu::cold, gnu::noinline]] typename Next::Result forward_judged(Next next, Arguments... arguments) {
  return call_judged(next, judged(arguments)...);
}

/// Calls the next definition with every path argument judged, and rewritten where it lies in the overlay.
template <class Next, class... Arguments>
[[gnu::always_inline]] inline typename Next::Result forward(Next next, Arguments... arguments) {
  if (__builtin_expect((is_ordinary(arguments) && ...), 1)) return next.get()(unchanged(arguments)...);
  return forward_judged(next, arguments...);
}

}  // namespace devshm

using devshm::forward;
using devshm::Path;
using devshm::RemovedPath;
using devshm::TemplatePath;
