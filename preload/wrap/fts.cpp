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
#include <string.h>

#include "../text.h"
#include "gnu_libc.h"
#include "keyed_pointers.h"
#include "wrapper.h"

namespace {

/// One of the paths that a walk was opened with. Texts of both kinds end alike.
struct Root {
  const char* shown;
  const char* real;  // as long or longer; null: it is not in the overlay
  bool is(const char* path) const { return real && strcmp(real, path) == 0; }
  int growth() const { return static_cast<int>(strlen(shown)) - static_cast<int>(strlen(real)); }
};

void set_name(FTSENT* entry, const char* name) {
  entry->fts_namelen = static_cast<unsigned short>(strlen(name));
  memcpy(entry->fts_name, name, entry->fts_namelen + 1u);
}

/// What is known of one FTS. Lives in one block from malloc with its roots and their texts, a path buffer apart.
class Walk {
 public:
  static Walk* make(char* const* paths);
  void end() {
    free(buffer_);
    free(this);
  }

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
  const Root* current_;  // the one that the walk is in; null: not in the overlay
  char* buffer_;
  std::size_t buffer_size_;
  FTSENT* shown_;           // an entry that is shown, and its ancestors with it
  FTSENT* shown_children_;  // a list, likewise
  FTSENT* shown_roots_;     // a list, before the walk has begun
  const FTSENT* root_;      // the one that the walk has come to last
  Root* roots_;             // ended by one without `shown`
};

constinit devshm::KeyedPointers<Walk, 256> walks;

/// Null with errno 0 if none of the paths is in the overlay, or with another one to fail with.
[[gnu::cold]] Walk* Walk::make(char* const* paths) {
  errno = 0;
  std::size_t count = 0, room = 0, inside = 0;
  for (; paths[count]; ++count) {
    devshm::JudgedPath path(paths[count]);
    if ((errno = path.judge(room))) return nullptr;
    if (path.is_rewritten()) ++inside;
    room += 2 * strlen(paths[count]) + 2;  // for the path itself, and for slashes in front of the other
  }
  if (!inside) return nullptr;
  const std::size_t fixed = sizeof(Walk) + (count + 1) * sizeof(Root);
  void* memory = malloc(fixed + room);
  if (!memory) return nullptr;
  Walk* walk = static_cast<Walk*>(memset(memory, 0, fixed));
  walk->roots_ = reinterpret_cast<Root*>(walk + 1);
  char* at = static_cast<char*>(memory) + fixed;
  for (std::size_t i = 0; i < count; ++i) {
    Root& root = walk->roots_[i];
    root.shown = at;
    at = devshm::put(at, paths[i]) + 1;
    std::size_t size = 0;
    devshm::JudgedPath path(paths[i]);
    path.judge(size);
    if (!path.is_rewritten()) continue;
    // Slashes in front make room for the shown name in what libc allocates, and tell the path from one that the
    // program has written in that way itself.
    root.real = at;
    *at++ = '/';
    for (std::size_t length = size; length < strlen(paths[i]); ++length) *at++ = '/';
    path.place(at);
    path.log("fts_open");
  }
  return walk;
}

[[gnu::cold]] FTS* Walk::open(int options, int (*order)(const FTSENT**, const FTSENT**)) {
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

/// Puts the path at hand into our own buffer as it is shown. False if there is no memory for it.
[[gnu::cold]] bool Walk::fill_buffer() {
  // What comes after the root is the same in both; so is the root's own end, and nothing is shorter than the root.
  const std::size_t shown_length = strlen(current_->shown);
  const char* tail = fts_->fts_path + strlen(current_->real);
  const std::size_t tail_size = strlen(tail) + 1;
  const std::size_t need = shown_length + tail_size;
  if (need > buffer_size_) {
    constexpr std::size_t spare = 256;
    char* bigger = static_cast<char*>(realloc(buffer_, need + spare));
    if (!bigger) return false;
    buffer_ = bigger;
    buffer_size_ = need + spare;
  }
  memcpy(buffer_, current_->shown, shown_length);
  memcpy(buffer_ + shown_length, tail, tail_size);
  return true;
}

[[gnu::cold]] void Walk::show_names(FTSENT* entry) {
  if (entry->fts_accpath == fts_->fts_path) entry->fts_accpath = buffer_;
  if (entry->fts_path == fts_->fts_path) entry->fts_path = buffer_;
  entry->fts_pathlen = static_cast<unsigned short>(entry->fts_pathlen + current_->growth());
}

[[gnu::cold]] void Walk::hide_names(FTSENT* entry) {
  if (entry->fts_accpath == buffer_) entry->fts_accpath = fts_->fts_path;
  if (entry->fts_path == buffer_) entry->fts_path = fts_->fts_path;
  entry->fts_pathlen = static_cast<unsigned short>(entry->fts_pathlen - current_->growth());
}

[[gnu::cold]] void Walk::show(FTSENT* entry) {
  if (entry->fts_level == FTS_ROOTLEVEL && entry != root_) {
    root_ = entry;
    const Root* root = roots_;
    while (root->shown && !root->is(fts_->fts_path)) ++root;
    current_ = root->shown ? root : nullptr;
    // The last component may be the backing directory's, which has another name. libc has no more use for it.
    if (current_) set_name(entry, devshm::last_component(current_->shown));
  }
  if (!current_ || !fill_buffer()) return;
  for (FTSENT* e = entry; e->fts_level >= FTS_ROOTLEVEL; e = e->fts_parent) show_names(e);
  shown_ = entry;
}

[[gnu::cold]] void Walk::show_children(FTSENT* list) {
  if (!shown_) return;
  for (FTSENT* e = list; e; e = e->fts_link) show_names(e);
  shown_children_ = list;
}

/// Before the walk has begun a root's name is all of its path.
[[gnu::cold]] void Walk::show_roots(FTSENT* list) {
  for (FTSENT* e = list; e; e = e->fts_link)
    for (const Root* root = roots_; root->shown; ++root)
      if (root->is(e->fts_name)) {
        set_name(e, root->shown);
        break;
      }
  shown_roots_ = list;
}

[[gnu::cold]] void Walk::hide() {
  for (FTSENT* e = shown_; e && e->fts_level >= FTS_ROOTLEVEL; e = e->fts_parent) hide_names(e);
  for (FTSENT* e = shown_children_; e; e = e->fts_link) hide_names(e);
  for (FTSENT* e = shown_roots_; e; e = e->fts_link)
    for (const Root* root = roots_; root->shown; ++root)
      if (root->real && strcmp(root->shown, e->fts_name) == 0) {
        set_name(e, root->real);
        break;
      }
  shown_ = shown_children_ = shown_roots_ = nullptr;
}

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
