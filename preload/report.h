// SPDX-License-Identifier: MIT
//
// Reports to the user: writes complaints to standard error, each once, and the log of reroutes. Async-signal-safe and
// thread-safe; errno stays as it was.
#pragma once

#include <atomic>
#include <cstddef>
#include <initializer_list>

#include "text.h"

namespace [[gnu::visibility("hidden")]] devshm {

/// What a complaint is about: a setting, or another subject. Each is reported once in a process, so that a broken
/// machine can't flood a log.
enum class Topic : unsigned char {
#define SETTING(variable, ...) variable,
#include "settings.def"
  settings,
  directory,
  constant,
  count
};

/// A piece of a complaint: text, which is escaped (escape.h), or a number.
struct Piece {
  // cppcheck-suppress uninitMemberVar
  Piece(const char* piece) : text(piece) {}  // NOLINT(clang-analyzer-optin.cplusplus.UninitializedObject)
  Piece(long piece) : text(nullptr), number(piece) {}
  const char* text;
  long number;  ///< only where there is no text
};

/// Writes a line to standard error, unless descriptor 2 is one that a program keeps data in: a file opened for reading
/// and writing, or a socket. A daemon that has closed its standard descriptors may have got either under this number.
void write_message(const char* line, std::size_t size);

/// Writes "devshm: <what><advice>" to standard error, at once, and once for each topic.
void say_once(Topic topic, std::initializer_list<Piece> what, std::initializer_list<Piece> advice = {});

/// Writes "devshm: <what>" to the user's log, or to standard error if there is none.
void note(std::initializer_list<Piece> what);

/// Writes one line to the user's log (DEVSHM_LOG): `function` was called with `from`, and acts on `to`; both are
/// escaped. Does nothing if no log is configured. The log is opened for each line, because the program would see a
/// descriptor that stays open.
void log_reroute(const char* function, const char* from, const char* to);

}  // namespace devshm
