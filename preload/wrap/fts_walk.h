// SPDX-License-Identifier: MIT
//
// Switches the names in libc's entries during one walk of fts through the overlay.
#pragma once

#include <fts.h>
#include <string.h>

#include <cstddef>

#include "../text.h"

namespace [[gnu::visibility("hidden")]] devshm {

/// One of the paths that a walk was opened with. Both texts have the same end.
struct FtsRoot {
  const char* shown;
  const char* real;  // at least as long; null: it is not in the overlay
  bool is(const char* path) const { return real && same(real, path); }
  int growth() const { return static_cast<int>(strlen(shown)) - static_cast<int>(strlen(real)); }
};

/// The state of one FTS. It is in one block from malloc with its roots and their texts, apart from a path buffer. Like
/// an FTS itself it is used by one thread at a time, and never in a signal handler.
class FtsWalk {
 public:
  /// Returns null with errno 0 if none of the paths is in the overlay, or with another errno for fts_open to fail with.
  static FtsWalk* make(char* const* paths);
  void end();

  /// Calls fts_open with the real paths. Returns null with its errno.
  FTS* open(int options, int (*order)(const FTSENT**, const FTSENT**));

  /// Puts the shown names into what libc returns to the program: an entry with its ancestors, a list of children, the
  /// roots before the walk has begun. If there is no memory, the real ones stay.
  void show(FTSENT* entry);
  void show_children(FTSENT* list);
  void show_roots(FTSENT* list);
  /// Restores the real ones, for libc to continue with.
  void hide();

 private:
  bool fill_buffer();
  void show_names(FTSENT* entry);
  void show_kind(FTSENT* entry, const char* path) const;
  void hide_names(FTSENT* entry);

  FTS* fts_;
  const FtsRoot* current_;  // the one that the walk is in; null: not in the overlay
  char* buffer_;
  std::size_t buffer_size_;
  FTSENT* shown_;           // the entry that is shown, with its ancestors
  FTSENT* shown_children_;  // the list of children that is shown
  FTSENT* shown_roots_;     // the list of roots that is shown before the walk has begun
  const FTSENT* root_;      // the root that the walk has reached
  FtsRoot* roots_;          // ended by one without `shown`
};

}  // namespace devshm
