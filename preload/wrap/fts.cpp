// SPDX-License-Identifier: MIT
//
// fts: libc walks the backing directory, and the program finds its own names in what it is handed.
//
// The entries are libc's, one set for both sides: a program may keep an FTSENT, write to it, hand it back. So the names
// in them are changed whenever control goes over: shown when libc's function returns, and libc's own again (`hide`)
// before the next one is called. In between libc does not look at them.
//
// All entries point into one buffer of the stream, which holds the path of the entry at hand; the program gets them
// pointing into another one, with the path that it expects. Only glibc's fts is known so well. (Another one, such as
// Alpine's libfts, is a library of its own, whose calls go through our wrappers anyway.)
#include <errno.h>
#include <fts.h>
#include <stdlib.h>

#include "fts_walk.h"
#include "gnu_libc.h"
#include "keyed_pointers.h"
#include "wrapper.h"

[[gnu::cold]] FTS* devshm::FtsWalk::open(int options, int (*order)(const FTSENT**, const FTSENT**)) {
  std::size_t count = 0;
  while (roots_[count].shown) ++count;
  char** paths = static_cast<char**>(malloc((count + 1) * sizeof(char*)));
  if (!paths) return nullptr;
  for (std::size_t i = 0; i <= count; ++i)
    paths[i] = const_cast<char*>(roots_[i].real ? roots_[i].real : roots_[i].shown);
  fts_ = NEXT(fts_open).get()(paths, options, nullptr);
  free(paths);
  if (!fts_ || !order) return fts_;

  // The program's order is to see the program's names; then it is libc's again.
  FTSENT* rest = fts_->fts_cur->fts_link;
  show_roots(rest);
  FTSENT* sorted = nullptr;
  while (rest) {
    FTSENT* entry = rest;
    rest = rest->fts_link;
    FTSENT** place = &sorted;
    while (*place && order(const_cast<const FTSENT**>(place), const_cast<const FTSENT**>(&entry)) <= 0)
      place = &(*place)->fts_link;
    entry->fts_link = *place;
    *place = entry;
  }
  shown_roots_ = fts_->fts_cur->fts_link = sorted;
  hide();
  fts_->fts_compar = reinterpret_cast<decltype(fts_->fts_compar)>(order);
  return fts_;
}

namespace {

using Walk = devshm::FtsWalk;

constinit devshm::KeyedPointers<Walk> walks;

bool may_match_any(char* const* paths) {
  for (; *paths; ++paths)
    if (devshm::may_match(*paths)) return true;
  return false;
}

[[gnu::cold, gnu::noinline]] FTS* open_overlay(char* const* paths, int options,
                                               int (*order)(const FTSENT**, const FTSENT**)) {
  const int error = errno;
  Walk* walk = Walk::make(paths);
  if (!walk && errno) return nullptr;
  errno = error;
  if (!walk) return NEXT(fts_open).get()(paths, options, order);
  FTS* fts = walk->open(options, order);
  if (fts && !walks.keep(fts, walk)) {
    NEXT(fts_close).get()(fts);
    fts = nullptr;
    errno = ENOMEM;
  }
  if (!fts) walk->end();
  return fts;
}

}  // namespace

EXPORT FTS* fts_open(char* const* paths, int options, int (*order)(const FTSENT**, const FTSENT**)) {
  if (may_match_any(paths) && devshm::is_gnu_libc()) return open_overlay(paths, options, order);
  return NEXT(fts_open).get()(paths, options, order);
}
ALIAS(fts64_open, fts_open);

EXPORT FTSENT* fts_read(FTS* fts) {
  const auto next = NEXT(fts_read).get();
  Walk* walk = walks.find(fts);
  if (!walk) return next(fts);
  walk->hide();
  FTSENT* entry = next(fts);
  if (entry) walk->show(entry);
  return entry;
}
ALIAS(fts64_read, fts_read);

EXPORT FTSENT* fts_children(FTS* fts, int options) {
  const auto next = NEXT(fts_children).get();
  Walk* walk = walks.find(fts);
  if (!walk) return next(fts, options);
  walk->hide();
  FTSENT* list = next(fts, options);
  FTSENT* entry = fts->fts_cur;
  if (entry && entry->fts_info == FTS_INIT) {
    walk->show_roots(list);
  } else if (entry) {
    walk->show(entry);  // which the program still has in its hands
    walk->show_children(list);
  }
  return list;
}
ALIAS(fts64_children, fts_children);

EXPORT int fts_close(FTS* fts) {
  const auto next = NEXT(fts_close).get();
  Walk* walk = walks.find(fts);
  if (!walk) return next(fts);
  walk->hide();
  walks.keep(fts, nullptr);
  walk->end();
  return next(fts);
}
ALIAS(fts64_close, fts_close);
