// SPDX-License-Identifier: MIT
//
// The kinds of values that settings have. A parser is a class with
//
//   Value                          what Settings keeps
//   standard(text, values)         the value of the default, at compile time
//   parse(text, values, out)       reads a text into `out`; an objection, and `out` untouched, if it can't be used.
//                                  `text` is the settings' own copy, which stays: a value may point into it, and the
//                                  parser may normalise it in place. It is not empty.
//
// Pure code: async-signal-safe, thread-safe, errno untouched.
#pragma once

#include <cstddef>

#include "amount.h"
#include "real_dev_shm.h"

namespace [[gnu::visibility("hidden")]] devshm {

/// What is wrong with a value: "must be one of ", "always|missing". Nothing is wrong if `what` is null.
struct Objection {
  const char* what = nullptr;
  const char* detail = nullptr;
  explicit operator bool() const { return what; }
};

/// The backing directory: an absolute path, which loses its trailing slashes.
struct Directory {
  using Value = const char*;
  static constexpr Value standard(const char* text, const char*) { return text; }
  static Objection parse(char* text, const char* values, Value& out);
};

/// "0" is false, anything else is true.
struct Flag {
  using Value = bool;
  static constexpr Value standard(const char* text, const char*) { return text[0] != '0' || text[1]; }
  static Objection parse(char* text, const char* values, Value& out) {
    out = standard(text, values);
    return {};
  }
};

/// "stderr", or the absolute path of a file; null for none.
struct LogTarget {
  using Value = const char*;
  static constexpr Value standard(const char*, const char*) { return nullptr; }
  static Objection parse(char* text, const char* values, Value& out);
};

/// Which of the words in "one|two|three" the text is, counted from 0; -1: none.
constexpr int index_of_word(const char* text, const char* words) {
  for (int index = 0;; ++index) {
    const char* letter = text;
    while (*letter && *letter == *words) ++letter, ++words;
    if (!*letter && (*words == '|' || !*words)) return index;
    while (*words && *words != '|') ++words;
    if (!*words++) return -1;
  }
}

/// One of the words in `values`: the enumeration has a value for each, in the same order.
template <class Enumeration>
struct Choice {
  using Value = Enumeration;
  static constexpr Value standard(const char* text, const char* values) {
    return static_cast<Value>(index_of_word(text, values));
  }
  static Objection parse(char* text, const char* values, Value& out) {
    const int index = index_of_word(text, values);
    if (index < 0) return {"must be one of ", values};
    out = static_cast<Value>(index);
    return {};
  }
};

/// When devshm acts: the first words of DEVSHM_WHEN in settings.def, in their order.
enum class When : unsigned char { always, missing, small };

/// A word of When; a size may follow "small", as in "small:256M".
struct Occasion {
  struct Value {
    When when;
    Amount least = least_size_by_default;  ///< with `small`: the least size of a real /dev/shm
  };
  static constexpr Value standard(const char* text, const char* values) {
    return {static_cast<When>(index_of_word(text, values))};
  }
  static Objection parse(char* text, const char* values, Value& out);
};

/// An amount of memory (amount.h); none by default.
struct Size {
  using Value = Amount;
  static constexpr Value standard(const char*, const char*) { return {}; }
  static Objection parse(char* text, const char* values, Value& out);
};

}  // namespace devshm
