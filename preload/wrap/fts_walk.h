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

/// What is known of one FTS. Lives in one block from malloc with its roots and their texts, a path buffer apart.
class FtsWalk {
 public:
  static FtsWalk* make(char* const* paths);
  void end();

  FTS* open(int options, int (*order)(const FTSENT**, const FTSENT**));

  void show(FTSENT* entry);
  void show_children(FTSENT* list);
  void show_roots(FTSENT* list);
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
