// SPDX-License-Identifier: MIT
//
// Wraps functions on message catalogues and login records, which keep a path, or open it where no wrapper sees it.
//
// Not here: setlocale, newlocale and iconv_open, whose directories come from LOCPATH and GCONV_PATH; and for the same
// reason a catalogue that catopen finds by NLSPATH.
#include <libintl.h>
#include <nl_types.h>
#include <utmp.h>
#include <utmpx.h>

#include "shown_path.h"
#include "wrapper.h"

namespace devshm {

// The result belongs to libc, which needs its own path to open files.
EXPORT char* bindtextdomain(const char* domain, const char* dir) NOTHROW {
  char* const kept = NEXT(bindtextdomain, path, 2).rewrite(domain, dir);
  char* const shown = lasting_shown_path(kept);
  return shown ? shown : kept;
}

// It fails with (nl_catd)-1, not with a null pointer.
FORWARD_FAILING_WITH(catopen, minus_one_long, searched, 1);

FORWARD(utmpname, path, 1);
FORWARD(utmpxname, path, 1);

FORWARD(updwtmp, path, 1);
FORWARD(updwtmpx, path, 1);

}  // namespace devshm
