// SPDX-License-Identifier: MIT
//
// Decides which arguments of mount and fsconfig are paths, because that depends on the call. The functions and
// syscall() use the same rule.
//
// The source of a mount is a path if something that exists gets mounted elsewhere (MS_BIND, MS_MOVE), or if it is a
// device. Otherwise it is a label ("tmpfs", "none", any name that a FUSE server chooses) that shows up in /proc/mounts
// and stays as it is. fsconfig has a path for the commands that say so; the text for the key "source" is mount's
// source. Paths among a file system's options (lowerdir=...) are text for that file system and are not rewritten.
//
// Async-signal-safe and thread-safe; errno stays as it was.
#pragma once

#include "function.h"

namespace [[gnu::visibility("hidden")]] devshm {

Paths mount_paths(const char* source, unsigned long flags);
Paths fsconfig_paths(unsigned command, const char* key, const void* value);

}  // namespace devshm
