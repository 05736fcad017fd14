// SPDX-License-Identifier: MIT
//
// Makes a call whose paths may have to be rewritten.
//
// All functions that we wrap take their arguments in general registers, whatever the types, so a call is a handful of
// words, and the same code serves all functions.
//
// A system call is a call of the function syscall() with the number before its other words.
//
// errno and cancellation are those of the function that is called. Nothing here allocates or takes a lock.
#pragma once

#include <fcntl.h>

#include <span>

#include "function.h"
#include "path.h"

namespace [[gnu::visibility("hidden")]] devshm {

/// The words of a call: no function has more. Those that a function does not have may hold any value.
using Words = long[7];

/// Any function, called with words. Some are variadic, and on x86_64 a register tells those how many arguments are in
/// vector registers (none); so all are called as variadic ones.
using WordFunction = long (*)(long, ...);

/// Calls a function with the words as they are.
inline long invoke(WordFunction function, const Words& w) { return function(w[0], w[1], w[2], w[3], w[4], w[5], w[6]); }

class Call {
 public:
  /// `real`: the function to call. `paths`: which of the words are paths; usually as the function says.
  Call(const Function& function, void* real, const Paths& paths, Words& words)
      : function_(function), real_(reinterpret_cast<WordFunction>(real)), paths_(paths), words_(words) {}

  /// Judges the paths and calls the real function, with those in the overlay rewritten. Returns its result as a word.
  /// The words are changed.
  long make();

  /// The same for a call that the caller has looked at with may_match(): its only path matches, or one of two.
  long make_matching();

  /// Calls the real function with the words as they are.
  long invoke() const { return devshm::invoke(real_, words_); }

  /// Whether `result` means that the function has failed.
  bool has_failed(long result) const;

  /// Whether the call does something even if it fails: freopen closes the stream, and posix_spawn performs file
  /// actions.
  bool happens_once() const;

  /// Whether `result` means that the function has failed with ENOENT, or may have, or that it was not called.
  bool found_nothing(long result) const;

  /// Reports a failure in the function's own way. Returns what the function would return.
  long fail(int error) const;

 private:
  const char* text_of(const PathArg& path) const { return reinterpret_cast<const char*>(words_[path.position - 1]); }
  bool judge(const PathArg& path, JudgedPath& judged) const;
  int link_flags() const;
  bool crosses_boundary(const JudgedPath& from, const JudgedPath& to) const;
  void place(std::span<JudgedPath> paths, char* memory);
  void log(std::span<const JudgedPath> paths) const;
  bool leads_nowhere() const;
  long attempt(const Settings& set);
  long invoke_inside(const Settings& set);
  long try_again(std::span<JudgedPath> paths, char* memory, long result);
  long follow_links(std::span<JudgedPath> paths, long result);
  long finish(std::span<const JudgedPath> paths, long result) const;
  const Function& function_;
  const WordFunction real_;
  const Paths paths_;
  Words& words_;
};

}  // namespace devshm
