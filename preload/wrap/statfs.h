// SPDX-License-Identifier: MIT
//
// What the statfs family reports for files in the overlay: a tmpfs.
#pragma once

#include <sys/statfs.h>
#include <sys/statvfs.h>

namespace [[gnu::visibility("hidden")]] devshm {

/// Makes an answer that of a tmpfs.
void report_tmpfs(struct statfs& out);
/// struct statvfs has a type since glibc 2.39 and musl 1.2.5, in what was the first spare word. A libc that fills it in
/// never leaves it 0.
void report_tmpfs(struct statvfs& out);

/// Whether `path` leads into the overlay. The kernel is asked: a relative path may start in the overlay, and a symbolic
/// link in the overlay may lead out of it. Async-signal-safe and thread-safe; errno stays as it was.
bool leads_into_overlay(const char* path);

}  // namespace devshm
