// SPDX-License-Identifier: MIT
//
// Judges a path among a call's arguments by the path rule, and rewrites it in memory that the caller provides.
//
// Async-signal-safe and thread-safe; errno stays as it was.
#pragma once

#include <fcntl.h>

#include <cstddef>

#include "../function_ref.h"
#include "../overlay_link.h"
#include "../path_rule.h"
#include "../settings.h"
#include "function.h"

namespace [[gnu::visibility("hidden")]] devshm {

/// What a rewritten path begins with, in place of the program's own beginning.
struct Prefix {
  const char* text;
  std::size_t length;
};

/// The prefix for a path that is inside (the backing directory) or through (/dev).
inline Prefix prefix_for(const Verdict& verdict, const Settings& set) {
  if (verdict.kind == Verdict::inside) return {set.dir, set.dir_length};
  return {"/dev", 4};
}

class JudgedPath {
 public:
  /// Judges a path, and returns whether it is rewritten. `base` is the descriptor that a relative one starts at, or
  /// AT_FDCWD. `matches`: what may_match() has returned for it. Before it is called, the object has no value.
  bool judge(const char* text, int base, Role role, bool matches);

  bool is_rewritten() const { return verdict_.kind != Verdict::outside; }
  /// Whether it leads below /dev/shm, or is /dev/shm; whether it names /dev/shm itself.
  bool is_inside() const { return verdict_.kind == Verdict::inside; }
  bool is_overlay_root() const;
  /// Whether the text alone does not decide where it leads, because it starts in the working directory or at a
  /// descriptor.
  bool starts_elsewhere() const { return !is_inside() && text_ && *text_ != '/'; }

  /// Makes sure that the path can be rewritten, and adds the bytes that it needs to `size`. Returns 0, or the errno
  /// value that the call is to fail with.
  int prepare(const Settings& set, std::size_t& size);

  /// Writes the rewritten path to `memory`, and advances that. Returns the path to call with: the caller's own if it is
  /// not rewritten.
  const char* place(char*& memory);
  /// The path to call with, after place().
  const char* placed() const { return is_rewritten() ? placed_ : text_; }
  char* memory() const { return placed_; }

  const char* text() const { return text_; }
  int base() const { return base_; }
  Role role() const { return role_; }

  /// After a call that has failed with ENOENT: looks for a symbolic link that led the kernel to the wrong place.
  /// Returns the bytes that follow() needs; 0 if there is none. `last_too`: the last component may be that link.
  std::size_t find_link(bool last_too);
  /// Follows that link. Uses `memory`, which must stay valid, and advances it. Returns true if the path has changed.
  bool follow(char*& memory);
  /// The bytes that place() needs.
  std::size_t placed_size() const { return is_rewritten() ? prefix_.length + rest_length_ + 1 : 0; }

  /// For a pattern, after the call: copies what the call has filled in to the caller's own, if it was rewritten.
  void write_back() const;

  /// Writes a line to the user's log, if the path is rewritten.
  void log(const char* function) const;

 private:
  const char* text_;
  int base_;
  Role role_;
  Verdict verdict_;
  std::size_t text_length_;
  // Set by prepare().
  Prefix prefix_;
  std::size_t rest_length_;
  std::size_t own_tail_;  // the length of the path's unchanged end
  // Set by place() and by find_link().
  char* placed_;
  OverlayLink link_;
};

/// Whether a path would be rewritten.
bool is_rewritten(const char* path, Role role = Role::named);

/// A path as the kernel should see it.
struct KernelPath {
  const char* text;
  bool is_rewritten;
  bool is_inside;
};

/// Which links with_kernel_path() follows, of those that lead the kernel to the wrong place.
enum class Links : unsigned char { none, before_last, all };

/// Calls `use` with a path rewritten, as for a call that names it; the text is valid during the call. Returns 0, or the
/// errno value of a path that can't be rewritten: then `use` is not called.
int with_kernel_path(const char* path, FunctionRef<void(const KernelPath&)> use, Links followed = Links::all);

/// For a call that has just failed with ENOENT: whether the backing directory or the short link to it (constant_dir.h)
/// was missing and has been created again, so that the call should be retried.
bool overlay_was_remade();

}  // namespace devshm
