// SPDX-License-Identifier: MIT
//
// Whether an open file lies in the backing directory.
//
// Async-signal-safe and thread-safe; errno stays as it was.
#pragma once

namespace [[gnu::visibility("hidden")]] devshm {

/// True if descriptor `fd` is of the backing directory or of something below it, deleted files included. Asks /proc
/// where the file is; without /proc the answer is false.
bool is_in_overlay(int fd);

}  // namespace devshm
