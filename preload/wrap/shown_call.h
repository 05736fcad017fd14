// SPDX-License-Identifier: MIT
//
// Makes a call of shown_calls.h, given as words, so that an object of the memory store looks like a regular file.
//
// errno is the function's own. Async-signal-safe and thread-safe, like the function that is called.
#pragma once

#include "call.h"
#include "shown_calls.h"

namespace [[gnu::visibility("hidden")]] devshm {

class ShownCallInWords {
 public:
  /// `shift`: how many words come before the first argument: 1 for a system call, whose number is there, else 0.
  ShownCallInWords(const ShownCall& call, WordFunction real, Words& words, unsigned shift)
      : call_(call), real_(real), words_(words), shift_(shift) {}

  /// Makes the call. Returns its result as a word. The words are changed.
  long make();

 private:
  long& word(unsigned position) const { return words_[position - 1 + shift_]; }
  template <class T>
  T* pointer(unsigned position) const {
    return reinterpret_cast<T*>(word(position));
  }
  int directory() const { return call_.directory ? static_cast<int>(word(call_.directory)) : AT_FDCWD; }
  const char* path() const { return call_.path ? pointer<const char>(call_.path) : nullptr; }
  long invoke() const { return devshm::invoke(real_, words_); }

  long invoke_and_follow();
  template <class Status>
  long correct();
  long follow();
  long follow_by_other();
  long link();
  long open();
  long open_behind(long opened, int flags);
  long open_how();
  long make_temporary();
  long open_stream();
  long resolve();
  long resolve_below_object(char* name);
  char* append_name(char* directory, const char* name);
  long correct_entry();
  long correct_entry_in();
  long correct_entries();
  long list();
  long move();
  long remember_mask();

  const ShownCall& call_;
  const WordFunction real_;
  Words& words_;
  const unsigned shift_;
};

}  // namespace devshm
