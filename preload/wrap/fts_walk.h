// SPDX-License-Identifier: MIT
//
// One walk of fts through the overlay: whose names are in libc's entries, and the change from one side to the other.
#pragma once

#include <fts.h>
#include <string.h>

#include <cstddef>

#include "../text.h"

namespace [[gnu::visibility("hidden")]] devshm {

/// One of the paths that a walk was opened with. Texts of both kinds end alike.
struct FtsRoot {
  const char* shown;
  const char* real;  // as long or longer; null: it is not in the overlay
  bool is(const char* path) const { return real && same(real, path); }
  int growth() const { return static_cast<int>(strlen(shown)) - static_cast<int>(strlen(real)); }
};

/// What is known of one FTS. Lives in one block from malloc with its roots and their texts, a path buffer apart. Like
/// an FTS itself it is one thread's at a time, and nothing for a signal handler.
class FtsWalk {
 public:
  /// Null with errno 0 if none of the paths is in the overlay, or with another errno for fts_open to fail with.
  static FtsWalk* make(char* const* paths);
  void end();

  /// fts_open, with the real paths. Null with its errno.
  FTS* open(int options, int (*order)(const FTSENT**, const FTSENT**));

  /// Puts the shown names into what libc gives the program: an entry with its ancestors, a list of children, the roots
  /// before the walk has begun. Without memory the real ones stay.
  void show(FTSENT* entry);
  void show_children(FTSENT* list);
  void show_roots(FTSENT* list);
  /// Puts the real ones back, for libc to go on with.
  void hide();

 private:
  bool fill_buffer();
  void show_names(FTSENT* entry);
  void hide_names(FTSENT* entry);

  FTS* fts_;
  const FtsRoot* current_;  // the one that the walk is in; null: not in the overlay
  char* buffer_;
  std::size_t buffer_size_;
  FTSENT* shown_;           // an entry that is shown, and its ancestors with it
  FTSENT* shown_children_;  // a list, likewise
  FTSENT* shown_roots_;     // a list, before the walk has begun
  const FTSENT* root_;      // the one that the walk has come to last
  FtsRoot* roots_;          // ended by one without `shown`
};

}  // namespace devshm
