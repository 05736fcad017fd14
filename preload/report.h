// SPDX-License-Identifier: MIT
//
// What devshm tells the user: complaints, once each, on standard error; and the log of reroutes.
// Async-signal-safe and thread-safe; errno stays as it was.
#pragma once

#include <atomic>
#include <cstddef>

#include "text.h"

namespace devshm {

/// What a complaint is about. Each topic is spoken of once in a process, so that a broken machine can't flood a log.
enum class Topic : unsigned char { dir_setting, when_setting, log_setting, directory, constant, count };

/// Writes one line to standard error, at once.
void write_complaint(const char* text, std::size_t size);

/// True the first time it is asked about `topic`.
bool first_time(Topic topic);

/// Says "devshm: <parts>" once for each topic.
template <class... Parts>
[[gnu::cold, gnu::noinline]] void say_once(Topic topic, Parts... parts) {
  if (!first_time(topic)) return;
  Line<512> line;
  line.add("devshm: ");
  (line.add(parts), ...);
  line.end();
  write_complaint(line.c_str(), line.size());
}

/// One line in the user's log (DEVSHM_LOG): `function` was called with `from`, and acts on `to`. Does nothing where
/// no log is asked for. The log is opened for each line: a descriptor that stays open would be seen by the program.
void log_reroute(const char* function, const char* from, const char* to);

}  // namespace devshm
