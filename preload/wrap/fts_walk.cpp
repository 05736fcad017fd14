// SPDX-License-Identifier: MIT
#include "fts_walk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../memory.h"
#include "../overlay_path.h"
#include "../report.h"
#include "../settings.h"
#include "../text.h"
#include "path.h"
#include "wrapper.h"

namespace devshm {
namespace {

void set_name(FTSENT* entry, const char* name) {
  entry->fts_namelen = static_cast<unsigned short>(strlen(name));
  memcpy(entry->fts_name, name, entry->fts_namelen + 1u);
}

/// Calls `visit` with the real path, if it is in the overlay. Returns 0 or an error.
int with_real_path(const char* path, FunctionRef<void(const char*)> visit) {
  bool is_inside = false;
  const auto use = [&](const KernelPath& found) {
    is_inside = found.is_rewritten;
    if (is_inside) visit(found.text);
  };
  const int error = with_kernel_path(path, use, Links::before_last);
  char absolute[768];
  if (!error && !is_inside && memory_is_in_use() && path_in_overlay(AT_FDCWD, path, absolute, sizeof absolute))
    visit(absolute);
  return error;
}

}  // namespace

void FtsWalk::end() {
  free(buffer_);
  free(this);
}

FtsWalk* FtsWalk::make(char* const* paths) {
  errno = 0;
  std::size_t count = 0, room = 0, real_room = 0;
  for (; paths[count]; ++count) {
    const std::size_t shown_size = strlen(paths[count]) + 1;
    // The program's path is also room for slashes in front of the other one.
    errno = with_real_path(paths[count], [&](const char* path) { real_room += length_of(path) + 1 + shown_size; });
    if (errno) return nullptr;
    room += shown_size;
  }
  if (!real_room) return nullptr;
  const std::size_t fixed = sizeof(FtsWalk) + (count + 1) * sizeof(FtsRoot);
  void* memory = malloc(fixed + room + real_room);
  if (!memory) return nullptr;
  FtsWalk* walk = static_cast<FtsWalk*>(memset(memory, 0, fixed));
  walk->roots_ = reinterpret_cast<FtsRoot*>(walk + 1);
  char* at = static_cast<char*>(memory) + fixed;
  for (std::size_t i = 0; i < count; ++i) {
    FtsRoot& root = walk->roots_[i];
    root.shown = at;
    at = put(at, paths[i]) + 1;
    with_real_path(paths[i], [&](const char* path) {
      const std::size_t need = length_of(path) + 1 + strlen(paths[i]) + 1;
      if (need > real_room) return;  // a link has just been changed
      real_room -= need;
      // Leading slashes make room for the shown name in what libc allocates, and distinguish the path from one that the
      // program has written itself.
      root.real = at;
      *at++ = '/';
      for (std::size_t size = length_of(path) + 1; size < strlen(paths[i]); ++size) *at++ = '/';
      at = put(at, path) + 1;
      log_reroute("fts_open", paths[i], path);
    });
  }
  return walk;
}

[[gnu::cold]] FTS* FtsWalk::open(int options, int (*order)(const FTSENT**, const FTSENT**)) {
  std::size_t count = 0;
  while (roots_[count].shown) ++count;
  char** paths = static_cast<char**>(malloc((count + 1) * sizeof(char*)));
  if (!paths) return nullptr;
  for (std::size_t i = 0; i <= count; ++i)
    paths[i] = const_cast<char*>(roots_[i].real ? roots_[i].real : roots_[i].shown);
  fts_ = NEXT(fts_open)(paths, options, nullptr);
  free(paths);
  if (!fts_ || !order) return fts_;

  // The program's comparison sees the program's names; then libc gets its own again.
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

/// Writes the current path into our own buffer as it is shown. Returns false if there is no memory for it.
bool FtsWalk::fill_buffer() {
  // The part after the root is the same in both, as is the root's own end, and no path is shorter than the root's.
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

void FtsWalk::show_names(FTSENT* entry) {
  if (entry->fts_accpath == fts_->fts_path) entry->fts_accpath = buffer_;
  if (entry->fts_path == fts_->fts_path) entry->fts_path = buffer_;
  entry->fts_pathlen = static_cast<unsigned short>(entry->fts_pathlen + current_->growth());
}

/// An object of the memory store is shown as a file. `path`: its real one.
void FtsWalk::show_kind(FTSENT* entry, const char* path) const {
  if (settings().store == Store::disk) return;
  const bool is_status_there = entry->fts_statp && !(fts_->fts_options & FTS_NOSTAT);
  struct stat found = {};
  if (entry->fts_info == FTS_SL || entry->fts_info == FTS_SLNONE)
    found.st_mode = S_IFLNK;
  else if (entry->fts_info == FTS_F && is_status_there)
    found = *entry->fts_statp;
  else
    return;
  if (!is_found_object(path, found)) return;
  entry->fts_info = FTS_F;
  if (is_status_there) *entry->fts_statp = found;
}

void FtsWalk::hide_names(FTSENT* entry) {
  if (entry->fts_accpath == buffer_) entry->fts_accpath = fts_->fts_path;
  if (entry->fts_path == buffer_) entry->fts_path = fts_->fts_path;
  entry->fts_pathlen = static_cast<unsigned short>(entry->fts_pathlen - current_->growth());
}

void FtsWalk::show(FTSENT* entry) {
  if (entry->fts_level == FTS_ROOTLEVEL && entry != root_) {
    root_ = entry;
    const FtsRoot* root = roots_;
    while (root->shown && !root->is(fts_->fts_path)) ++root;
    current_ = root->shown ? root : nullptr;
    // The last component may be the backing directory's, which has another name. libc no longer needs it.
    if (current_) set_name(entry, last_component(current_->shown));
  }
  if (current_) show_kind(entry, fts_->fts_path);
  if (!current_ || !fill_buffer()) return;
  for (FTSENT* e = entry; e->fts_level >= FTS_ROOTLEVEL; e = e->fts_parent) show_names(e);
  shown_ = entry;
}

void FtsWalk::show_children(FTSENT* list) {
  if (!shown_) return;
  char path[768];
  const std::size_t length = strlen(fts_->fts_path);
  for (FTSENT* e = list; e; e = e->fts_link) {
    if (length + 1 + e->fts_namelen < sizeof path) {
      memcpy(path, fts_->fts_path, length);
      path[length] = '/';
      memcpy(path + length + 1, e->fts_name, e->fts_namelen + 1u);
      show_kind(e, path);
    }
    show_names(e);
  }
  shown_children_ = list;
}

/// Before the walk has begun a root's name is all of its path.
void FtsWalk::show_roots(FTSENT* list) {
  for (FTSENT* e = list; e; e = e->fts_link)
    for (const FtsRoot* root = roots_; root->shown; ++root)
      if (root->is(e->fts_name)) {
        show_kind(e, root->real);
        set_name(e, root->shown);
        break;
      }
  shown_roots_ = list;
}

void FtsWalk::hide() {
  for (FTSENT* e = shown_; e && e->fts_level >= FTS_ROOTLEVEL; e = e->fts_parent) hide_names(e);
  for (FTSENT* e = shown_children_; e; e = e->fts_link) hide_names(e);
  for (FTSENT* e = shown_roots_; e; e = e->fts_link)
    for (const FtsRoot* root = roots_; root->shown; ++root)
      if (root->real && same(root->shown, e->fts_name)) {
        set_name(e, root->real);
        break;
      }
  shown_ = shown_children_ = shown_roots_ = nullptr;
}

}  // namespace devshm
