// SPDX-License-Identifier: MIT
//
// Opens an object of the memory store by the name of its link. Async-signal-safe and thread-safe; errno stays as it
// was.
//
// The link's text is read, what it names is opened, and the memfd's own name is compared with the text: only then does
// anything happen to the object. So what is returned was under that name at some moment of the call, whoever dies,
// unlinks or renames meanwhile.
#pragma once

#include <fcntl.h>

#include "link_token.h"
#include "names.h"

namespace devshm::store {

enum class Found : unsigned char {
  opened,      ///< `fd` is it
  failed,      ///< `error` is a negative errno that the caller deserves
  absent,      ///< nothing has this name
  stale,       ///< the name is a link whose object is gone, with its keeper or before
  ordinary,    ///< something that is not the store's, and no link
  other_link,  ///< a symbolic link of the program's, or one that is forged
};

struct Opened {
  Found found;
  int fd_or_error;
};

/// Opens what `path` names, which starts at the descriptor `base`, with open(2)'s flags; those that create something
/// are ignored.
Opened open_object(const char* path, int flags, int base = AT_FDCWD);

/// Whose a link is that has a text of the store. Anybody can make one with any text; it counts only if it belongs to
/// the owner of the store that it names.
enum class Whose : unsigned char {
  own,       ///< this user's
  of_other,  ///< of another user, and that user's store, or one that is gone
  forged,    ///< of somebody that the store does not belong to: a symbolic link like any other
  unknown,   ///< `error` says why
};
struct Owner {
  Whose whose;
  int error;
  uid_t user;
  LinkToken token;
};
Owner owner_of_link(int base, const char* path, const char* text, const LinkText& link);

/// The same by the text of a link of this user's, which has an end. One look: stale means that there is no such object
/// at the moment, and -ESTALE with it that there never will be.
Opened open_by_text(const char* text, const LinkText& link, int flags);

/// The same by an entry of the pool that nobody else can take. Absent: somebody has taken it before.
Opened open_entry(const char* entry, const LinkText& link, int flags);

}  // namespace devshm::store
