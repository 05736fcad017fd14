// SPDX-License-Identifier: MIT
//
// Wraps fts: libc walks the backing directory, and the program sees its own names in the entries that it gets.
//
// The entries are libc's, one set for both sides: a program may keep an FTSENT, write to it, pass it back. So the names
// in them are switched with each call: to the shown names when libc's function returns, and back to libc's own (`hide`)
// before the next one is called. In between libc does not look at them.
//
// All entries point into one buffer of the stream, which holds the path of the current entry; for the program they
// point into another one, with the path that it expects. This relies on details of glibc's fts. (Other implementations,
// such as Alpine's libfts, are libraries of their own, whose calls go through our wrappers.)
#include <errno.h>
#include <fts.h>
#include <stdlib.h>

#include "../memory.h"
#include "fts_walk.h"
#include "gnu_libc.h"
#include "keyed_pointers.h"
#include "wrapper.h"

namespace devshm {
namespace {

constinit KeyedPointers<FtsWalk> walks;

/// With DEVSHM_STORE=memory also a name relative to the overlay is of interest.
bool may_match_any(char* const* paths) {
  if (memory_is_in_use()) return true;
  for (; *paths; ++paths)
    if (may_match(*paths)) return true;
  return false;
}

[[gnu::cold, gnu::noinline]] FTS* open_overlay(char* const* paths, int options,
                                               int (*order)(const FTSENT**, const FTSENT**)) {
  const int error = errno;
  FtsWalk* walk = FtsWalk::make(paths);
  if (!walk && errno) return nullptr;
  errno = error;
  if (!walk) return NEXT(fts_open)(paths, options, order);
  FTS* fts = walk->open(options, order);
  if (fts && !walks.keep(fts, walk)) {
    NEXT(fts_close)(fts);
    fts = nullptr;
    errno = ENOMEM;
  }
  if (!fts) walk->end();
  return fts;
}

}  // namespace

EXPORT FTS* fts_open(char* const* paths, int options, int (*order)(const FTSENT**, const FTSENT**)) {
  if (may_match_any(paths) && is_gnu_libc()) return open_overlay(paths, options, order);
  return NEXT(fts_open)(paths, options, order);
}
ALIAS(fts64_open, fts_open);

EXPORT FTSENT* fts_read(FTS* fts) {
  const auto next = NEXT(fts_read);
  FtsWalk* walk = walks.find(fts);
  if (!walk) return next(fts);
  walk->hide();
  FTSENT* entry = next(fts);
  if (entry) walk->show(entry);
  return entry;
}
ALIAS(fts64_read, fts_read);

EXPORT FTSENT* fts_children(FTS* fts, int options) {
  const auto next = NEXT(fts_children);
  FtsWalk* walk = walks.find(fts);
  if (!walk) return next(fts, options);
  walk->hide();
  FTSENT* list = next(fts, options);
  FTSENT* entry = fts->fts_cur;
  if (entry && entry->fts_info == FTS_INIT) {
    walk->show_roots(list);
  } else if (entry) {
    walk->show(entry);  // which the program still uses
    walk->show_children(list);
  }
  return list;
}
ALIAS(fts64_children, fts_children);

EXPORT int fts_close(FTS* fts) {
  const auto next = NEXT(fts_close);
  FtsWalk* walk = walks.find(fts);
  if (!walk) return next(fts);
  walk->hide();
  walks.keep(fts, nullptr);
  walk->end();
  return next(fts);
}
ALIAS(fts64_close, fts_close);

}  // namespace devshm
