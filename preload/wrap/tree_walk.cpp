// SPDX-License-Identifier: MIT
//
// Wraps ftw and nftw: libc walks the backing directory, and the callback sees names that begin with the program's path.
//
// libc's callback has no argument for our use, so the state of a walk is kept per thread while it lasts. A callback may
// start a walk of its own, and may leave by longjmp: then the record stays unused, and the thread's next walk takes its
// place.
#include <alloca.h>
#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <string.h>

#include "../memory.h"
#include "../overlay_path.h"
#include "../text.h"
#include "keyed_pointers.h"
#include "wrapper.h"

namespace devshm {

namespace {

class Walk;
constinit KeyedPointers<Walk> walks;

/// Where the last component of a path begins. libc drops trailing slashes itself.
int base_of(const char* path) {
  return static_cast<int>(last_component(path, path + length_before_last_slashes(path)) - path);
}

/// One walk of one thread, from the program's call to its end.
class Walk {
 public:
  Walk(const char* shown_root, const void* callback, bool is_nftw)
      : is_nftw(is_nftw),
        shown_root_(shown_root),
        shown_length_(length_before_last_slashes(shown_root)),
        callback_(callback),
        outer_(walks.find(this_thread())) {}

  const bool is_nftw;

  static Walk& current() { return *walks.find(this_thread()); }

  template <class Callback>
  Callback callback() const {
    return reinterpret_cast<Callback>(const_cast<void*>(callback_));
  }

  bool begin() { return walks.keep(this_thread(), this); }
  int end(int result) {
    walks.keep(this_thread(), outer_);
    return stopped_with_minus_one_ ? -1 : result;
  }

  void set_real_root(const char* path) { real_length_ = length_before_last_slashes(path); }

  std::size_t room_for(const char* name) const { return shown_length_ + strlen(name) + 1; }
  const char* show(const char* name, char* memory) const {
    memcpy(memory, shown_root_, shown_length_);
    memcpy(memory + shown_length_, name + real_length_, strlen(name + real_length_) + 1);
    return memory;
  }
  /// Where the last component begins in a name that is shown: it may differ in the walk's root.
  int shown_base(int base, const char* shown) const {
    const int real_length = static_cast<int>(real_length_);
    return base < real_length ? base_of(shown) : base - real_length + static_cast<int>(shown_length_);
  }

  /// What to return to libc for the callback's result. -1 would look like a failure of the walk itself, after which it
  /// is tried again; so the walk is stopped with another value.
  int answer(int result) {
    if (result != -1) return result;
    stopped_with_minus_one_ = true;
    return INT_MIN;
  }

 private:
  const char* shown_root_;
  std::size_t shown_length_;
  std::size_t real_length_ = 0;
  const void* callback_;
  Walk* outer_;
  bool stopped_with_minus_one_ = false;
};

/// Makes the callback see an object of the memory store as a file.
struct Corrected {
  Corrected(const char* name, const struct stat* found, int type) : status(*found), type(type) {
    if (type != FTW_NS && is_found_object(name, status)) this->type = FTW_F;
  }
  struct stat status;
  int type;
};

[[gnu::cold]] int visit(const char* name, const struct stat* found, int type) {
  Walk& walk = Walk::current();
  const Corrected corrected(name, found, type);
  const char* shown = walk.show(name, static_cast<char*>(alloca(walk.room_for(name))));
  return walk.answer(walk.callback<__ftw_func_t>()(shown, &corrected.status, corrected.type));
}

[[gnu::cold]] int visit_more(const char* name, const struct stat* found, int type, struct FTW* position) {
  Walk& walk = Walk::current();
  const Corrected corrected(name, found, type);
  const char* shown = walk.show(name, static_cast<char*>(alloca(walk.room_for(name))));
  struct FTW shown_position = *position;
  shown_position.base = walk.shown_base(position->base, shown);
  return walk.answer(walk.callback<__nftw_func_t>()(shown, &corrected.status, corrected.type, &shown_position));
}

[[gnu::cold]] int walk_from(const char* root, Walk* walk, int limit, int flags) {
  walk->set_real_root(root);
  return walk->is_nftw ? NEXT(nftw)(root, visit_more, limit, flags) : NEXT(ftw)(root, visit, limit);
}

[[gnu::cold, gnu::noinline]] int walk_overlay(const char* path, const void* callback, bool is_nftw, int limit,
                                              int flags) {
  Walk walk(path, callback, is_nftw);
  if (!walk.begin()) return fail_with<int>(ENOMEM);
  char absolute[768];
  if (!may_match(path) && path_in_overlay(AT_FDCWD, path, absolute, sizeof absolute))
    return walk.end(walk_from(absolute, &walk, limit, flags));
  return walk.end(OWN(walk_from, "nftw", path, 1).rewrite(path, &walk, limit, flags));
}

}  // namespace

namespace {

/// With DEVSHM_STORE=memory a walk from a name relative to the overlay counts, too.
bool is_for_us(const char* path) { return may_match(path) || (memory_is_in_use() && path && *path != '/'); }

}  // namespace

EXPORT int ftw(const char* path, __ftw_func_t callback, int limit) {
  if (!is_for_us(path)) return NEXT(ftw)(path, callback, limit);
  return walk_overlay(path, reinterpret_cast<const void*>(callback), false, limit, 0);
}
ALIAS(ftw64, ftw);

EXPORT int nftw(const char* path, __nftw_func_t callback, int limit, int flags) {
  if (!is_for_us(path)) return NEXT(nftw)(path, callback, limit, flags);
  return walk_overlay(path, reinterpret_cast<const void*>(callback), true, limit, flags);
}
ALIAS(nftw64, nftw);

}  // namespace devshm
