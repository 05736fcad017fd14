// SPDX-License-Identifier: MIT
// The process behind a request. The kernel names only its thread.
#pragma once

#include <sys/types.h>

#include <string>

namespace devshmd {

struct Caller {
  pid_t pid = 0;  ///< 0: unknown here (the kernel itself, or a process of another pid namespace)
  std::string program;
};

/// The caller waits for our answer, so /proc still has it unless it was killed meanwhile.
Caller caller_of(pid_t thread);

/// Parses the text of /proc/THREAD/status.
Caller parse_status(const std::string& text);

}  // namespace devshmd
