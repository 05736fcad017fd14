// SPDX-License-Identifier: MIT
//
// Opens an object of the memory store by the name of its link. Async-signal-safe and thread-safe; errno stays as it
// was.
//
// It reads the link's text, opens what the text names, and compares what was opened with the link, by the link's mark
// (link_token.h) or the memfd's own name, before anything happens to the object. So the object that it returns had that
// name at some moment of the call, whatever dies, is unlinked or renamed meanwhile.
#pragma once

#include <fcntl.h>

#include "link_token.h"
#include "names.h"

namespace devshm::store {

enum class Found : unsigned char {
  opened,      ///< `fd` is the object
  failed,      ///< `error` is a negative errno for the caller
  absent,      ///< nothing has this name
  stale,       ///< the name is a link whose object is gone, with its keeper or before
  ordinary,    ///< the name belongs to something that is neither the store's nor a link
  other_link,  ///< the name is a symbolic link that a program made, or one that is forged
};

struct Opened {
  Found found;
  int fd_or_error;
};

/// How long an open waits for a keeper that is alive. A machine may be so busy, or the keeper stopped, that it takes
/// long; but the object is there, so an error would be wrong.
inline constexpr long open_milliseconds = 10000;

/// Opens what `path`, which starts at the descriptor `base`, names, with open(2)'s flags. Flags that create something
/// are ignored. The error is -ETIMEDOUT if the keeper has not answered after the time.
Opened open_object(const char* path, int flags, int base = AT_FDCWD, long milliseconds = open_milliseconds);

/// Who owns a link with a text of the store. Anybody can make a link with any text; it counts only if it belongs to the
/// owner of the store that it names.
enum class Whose : unsigned char {
  own,       ///< this user
  of_other,  ///< another user, who also owns the store, or whose store is gone
  forged,    ///< a user that does not own the store: it is a symbolic link like any other
  unknown,   ///< `error` is the reason
};
/// Whether a link that belongs to such a user counts.
constexpr bool counts(Whose whose) { return whose == Whose::own || whose == Whose::of_other; }
struct Owner {
  Whose whose;
  int error;
  uid_t user;
  LinkToken token;
  struct timespec mark;  ///< for an own link (link_token.h)
};
Owner owner_of_link(int base, const char* path, const char* text, const LinkText& link);

/// The same by an entry of the pool that nobody else can take. It tries once: `absent` means that another process has
/// taken the entry before, `stale` that there is no such object at the moment, and with -ESTALE that there never will
/// be.
Opened open_entry(const Root& root, const ObjectName& object, int flags);

}  // namespace devshm::store
