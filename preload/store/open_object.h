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

#include "names.h"

namespace devshm::store {

enum class Found : unsigned char {
  opened,      ///< `fd` is it
  failed,      ///< `error` is a negative errno that the caller deserves
  absent,      ///< nothing has this name
  stale,       ///< the name is a link whose object is gone, with its keeper or before
  ordinary,    ///< something that is not the store's, and no link
  other_link,  ///< a symbolic link of the program's
};

struct Opened {
  Found found;
  int fd_or_error;
};

/// Opens what `path` names, which starts at the descriptor `base`, with open(2)'s flags; those that create something
/// are ignored.
Opened open_object(const char* path, int flags, int base = AT_FDCWD);

/// The same by the link's text, which has an end. One look: stale means that there is no such object at the moment, and
/// -ESTALE with it that there never will be.
Opened open_by_text(const char* text, const LinkText& link, int flags);

}  // namespace devshm::store
