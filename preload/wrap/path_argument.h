// SPDX-License-Identifier: MIT
//
// A path among a wrapper's arguments: judged, then put in memory that the caller took for it.
//
// Async-signal-safe and thread-safe; errno stays as it was.
#pragma once

#include <fcntl.h>

#include <cstddef>
#include <type_traits>

#include "../path_rule.h"

namespace devshm {

/// A path argument as the caller gave it. `base` is the descriptor that a relative path starts at.
struct Path {
  explicit Path(const char* path, int dir = AT_FDCWD) : text(path), base(dir) {}

  /// Whether the path can't match, so that nothing more has to be known of it.
  bool is_ordinary() const { return !may_match(text); }
  const char* unchanged() const { return text; }

  const char* text;
  int base;
};

/// What has become of a path. Each kind of argument names the class that judges it.
class JudgedPath {
 public:
  explicit JudgedPath(const Path& path) : text_(path.text), base_(path.base) {}

  /// Judges the path; adds the bytes it needs, if it is rewritten, to `room`. Returns 0 or the errno value that the
  /// call is to fail with.
  int judge(std::size_t& room);

  bool is_inside() const { return verdict_.kind == Verdict::inside; }
  /// Whether it names /dev/shm itself.
  bool is_overlay_root() const;

  /// The path to call with. A rewritten one is put at `memory`, which moves on.
  const char* place(char*& memory);

  /// A line in the user's log, if the path was rewritten.
  void log(const char* function) const;

  /// Told the result of the call, for what has to be done to it.
  void settle(bool) {}

 protected:
  bool is_rewritten() const { return verdict_.kind != Verdict::outside; }

  const char* text_;
  int base_;
  Verdict verdict_{Verdict::outside, nullptr};
  const char* head_ = nullptr;  // what comes before the verdict's rest
  std::size_t head_length_ = 0;
  std::size_t rest_length_ = 0;
  char* placed_ = nullptr;
};

/// The path of something that is to be removed or renamed. /dev/shm itself is a mount point for the program: EBUSY.
struct RemovedPath : Path {
  using Path::Path;
};

class JudgedRemovedPath : public JudgedPath {
 public:
  using JudgedPath::JudgedPath;
  int judge(std::size_t& room);
};

/// A template of the mkstemp family: what the call makes of it is written back behind the caller's own prefix.
struct TemplatePath : Path {
  explicit TemplatePath(char* path) : Path(path) {}
  char* unchanged() const { return const_cast<char*>(text); }
};

class JudgedTemplatePath : public JudgedPath {
 public:
  using JudgedPath::JudgedPath;
  char* place(char*& memory) { return const_cast<char*>(JudgedPath::place(memory)); }
  void settle(bool failed);
};

/// An argument that is no path.
template <class T>
struct Plain {
  explicit Plain(T argument) : value(argument) {}
  int judge(std::size_t&) { return 0; }
  bool is_inside() const { return false; }
  T place(char*&) const { return value; }
  void log(const char*) const {}
  void settle(bool) {}
  T value;
};

inline JudgedPath judged(const Path& path) { return JudgedPath(path); }
inline JudgedRemovedPath judged(const RemovedPath& path) { return JudgedRemovedPath(path); }
inline JudgedTemplatePath judged(const TemplatePath& path) { return JudgedTemplatePath(path); }
template <class T>
Plain<T> judged(const T& value) {
  return Plain<T>(value);
}

template <class T>
[[gnu::always_inline]] inline bool is_ordinary(const T& argument) {
  if constexpr (std::is_base_of_v<Path, T>)
    return argument.is_ordinary();
  else
    return true;
}

template <class T>
[[gnu::always_inline]] inline auto unchanged(const T& argument) {
  if constexpr (std::is_base_of_v<Path, T>)
    return argument.unchanged();
  else
    return argument;
}

}  // namespace devshm
