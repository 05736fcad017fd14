// SPDX-License-Identifier: MIT
//
// The calls of one family of functions after another, each in a file that is named like it, and made once for each way
// to write an ordinary path.
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <string>

#include "../../parity/functions/declared.h"
#include "../../parity/functions/raw.h"

namespace ordinary {

/// The text of what comes next, for the trace.
inline void mark(const std::string& text) { parity::raw(SYS_write, -1, text.data(), static_cast<long>(text.size())); }

/// Makes the call if this libc has the function.
#define CALL(function, ...)                     \
  do {                                          \
    if (&function != nullptr) {                 \
      mark(#function " " + way.name);           \
      static_cast<void>(function(__VA_ARGS__)); \
    }                                           \
  } while (false)
/// The same with more than one statement.
#define CALLS(function, ...)          \
  do {                                \
    if (&function != nullptr) {       \
      mark(#function " " + way.name); \
      __VA_ARGS__;                    \
    }                                 \
  } while (false)

/// A way to write ordinary paths. All of them are there, below the working directory.
struct Way {
  std::string name;
  std::string dir;  // with a slash at its end, or empty
  std::string file() const { return dir + "file"; }
};

void files(const Way& way);
void directories(const Way& way);
void descriptors(const Way& way);
void sockets(const Way& way);
void programs(const Way& way);
void libraries(const Way& way);
void others(const Way& way);

}  // namespace ordinary
