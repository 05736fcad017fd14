// SPDX-License-Identifier: MIT
//
// A path among a wrapper's arguments: what the wrapper says of it, and what becomes of it.
//
// Async-signal-safe and thread-safe; errno stays as it was.
#pragma once

#include <fcntl.h>

#include <cstddef>

#include "../overlay_link.h"
#include "../path_rule.h"

namespace [[gnu::visibility("hidden")]] devshm {

enum class Role : unsigned char {
  named,     ///< of something that is looked at, made or changed
  removed,   ///< of something that is removed: /dev/shm itself is a mount point, so EBUSY
  moved,     ///< one of the two of a rename: EXDEV across the boundary of the overlay; /dev/shm itself is EBUSY
  linked,    ///< one of the two of a hard link: EXDEV likewise
  unlinked,  ///< removed if the flags behind it say that it is a directory, else named
  sought,    ///< of a file that is searched for if its name has no slash (execvp, dlopen): then it is no path
  pattern,   ///< a template of the mkstemp family: what the call makes of it is written back behind its own prefix
};

/// Where a relative path starts: in the working directory, or at the descriptor that is the argument before it (the
/// ...At kinds: nearly all of libc's functions) or behind it.
enum class Base : unsigned char { none, before, behind };

/// A path that is an argument.
template <Role role_, Base base_, class Text>
struct PathOf {
  static constexpr Role role = role_;
  static constexpr Base base = base_;
  explicit PathOf(Text path) : text(path) {}
  Text text;
};

using Path = PathOf<Role::named, Base::none, const char*>;
using PathAt = PathOf<Role::named, Base::before, const char*>;
using SoughtPath = PathOf<Role::sought, Base::none, const char*>;
using PatternPath = PathOf<Role::pattern, Base::none, char*>;

/// A path that is being judged, then put in memory that the caller took for it.
class JudgedPath {
 public:
  explicit JudgedPath(const char* text = nullptr, int base = AT_FDCWD, Role role = Role::named);

  /// Judges the path; adds the bytes it needs, if it is rewritten, to `room`. Returns 0 or the errno value that the
  /// call is to fail with.
  int judge(std::size_t& room);

  /// Whether the path leads into the overlay; whether it names /dev/shm itself. After judge().
  bool is_inside() const { return verdict_.kind == Verdict::inside; }
  bool is_overlay_root() const;
  bool is_rewritten() const { return verdict_.kind != Verdict::outside; }

  /// The path to call with. A rewritten one is put at `memory`, which moves on.
  const char* place(char*& memory);
  char* placed() const { return placed_; }

  /// After a call that has failed with ENOENT: looks for a symbolic link that has led the kernel astray. Returns the
  /// bytes that follow() needs; 0 if there is none. The last component is left alone where the call has two paths: none
  /// of those follows it. (Of the others none that does not follow it fails so on a link that is there.)
  std::size_t find_link(bool last_too);
  /// Follows that link. Uses `memory`, which moves on and has to last. True if there is reason to call again.
  bool follow(char*& memory);
  /// The bytes that place() needs.
  std::size_t placed_size() const { return is_rewritten() ? head_length_ + rest_length_ + 1 : 0; }

  /// After the call: writes a pattern back.
  void settle() const;

  /// A line in the user's log, if the path was rewritten.
  void log(const char* function) const;

 private:
  const char* text_;
  int base_;
  Role role_;
  Verdict verdict_{Verdict::outside, nullptr};
  const char* head_ = nullptr;  // what comes before the verdict's rest
  std::size_t head_length_ = 0;
  std::size_t rest_length_ = 0;
  std::size_t own_tail_ = 0;  // how much of the path's end is still as the caller gave it
  OverlayLink link_{0, 0};
  char* placed_ = nullptr;
};

}  // namespace devshm
