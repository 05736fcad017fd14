// SPDX-License-Identifier: MIT
// Who asks: the process behind a request, of which the kernel tells the thread alone.
#pragma once

#include <sys/types.h>

#include <string>

namespace devshmd {

struct Caller {
  pid_t pid = 0;  ///< 0: none that is known here (the kernel itself, or another pid namespace)
  std::string program;
};

/// It waits for our answer, so /proc still has it, unless it was killed meanwhile.
Caller caller_of(pid_t thread);

/// Of the text of /proc/THREAD/status. For tests on its own.
Caller parse_status(const std::string& text);

}  // namespace devshmd
