// SPDX-License-Identifier: MIT
//
// Makes a call whose path lies in the overlay, with DEVSHM_STORE=memory: what the function would do with a regular file
// is done with an object of the memory store (memory.h). A call that is not for the store goes to libc.
//
// Async-signal-safe and thread-safe, like the function that is called.
#pragma once

#include "../text.h"
#include "call.h"

namespace [[gnu::visibility("hidden")]] devshm {

/// The arguments that follow the template in a call of the mkstemp family.
struct TemporaryOptions {
  int suffix_length;
  int flags;
};
/// `words`: the template, and what follows it.
TemporaryOptions temporary_options(const char* function, const long* words);

/// Whether the function is a fortified one of libc (__open_2), which gets no mode: it ends the program if the flags
/// need one.
inline bool gets_no_mode(const char* function) { return begins_with(function, "__open"); }

/// Opens or creates an object as fopen(3) does. False if the call is not for the store; else `stream` is the stream, or
/// null with errno.
bool open_stream_in_memory(const char* path, const char* mode, long& stream);

/// Makes the call, whose words have the rewritten paths in them; `path` is the first of them. Returns what the function
/// would return.
[[gnu::cold]] long invoke_for_memory(const Call& call, const Function& function, const PathArg& path, Words& words);

}  // namespace devshm
