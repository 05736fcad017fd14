// SPDX-License-Identifier: MIT
//
// The user's settings: the DEVSHM_* variables, read once, when the process first needs one of them. settings.def lists
// them. A value that can't be used is reported once on standard error, and the default is used; an empty one counts as
// not set.
#pragma once

#include <cstddef>

#include "setting_parsers.h"
#include "text.h"

namespace [[gnu::visibility("hidden")]] devshm {

/// What stands behind the names: the words of DEVSHM_STORE.
enum class Store : unsigned char { disk, memory };

/// The settings by their variables, in the order of the table.
enum class Setting : unsigned char {
#define SETTING(variable, ...) variable,
#include "settings.def"
  count
};
inline constexpr auto setting_count = static_cast<std::size_t>(Setting::count);

enum class Children : bool { not_inherited, inherited };

/// What the table says about a setting. These are arrays, so that the loader has no pointers to relocate.
struct SettingRow {
  char variable[20];
  char standard[12];
  char values[36];
  Children children;
};

inline constexpr SettingRow setting_rows[] = {
#define SETTING(variable, field, parser, standard, children, values, help) \
  {#variable, standard, values, Children::children},
#include "settings.def"
};

inline constexpr const SettingRow& row_of(Setting setting) { return setting_rows[static_cast<std::size_t>(setting)]; }

struct Settings {
  bool active = true;  ///< false: every call goes through untouched
#define SETTING(variable, field, parser, text, children, values, help) \
  parser::Value field = parser::standard(text, values);
#include "settings.def"
  std::size_t dir_length = length_of(dir);  ///< the length of `dir`, in bytes
  /// For each setting the text that a child gets, as the parser left it; null if there is none.
  const char* for_children[setting_count] = {};
};

/// The settings. Never null, and never changed once seen, except by stand_aside(). Async-signal-safe and thread-safe:
/// the threads that come first each read the environment, and one of the equal results stays. The environment is read
/// as getenv(3) reads it, so a thread that changes it at that moment races with it as it does with getenv. If the
/// program has cleared it before, the one that the process was started with is read (start_variables.h).
///
/// The variables are ignored in a program that gains privileges by being executed (AT_SECURE): it behaves as if devshm
/// were not there.
const Settings& settings();

/// Whether settings() has been called before.
bool settings_are_read();

/// Makes devshm pass on every later call of this process unchanged. Async-signal-safe and thread-safe.
void stand_aside();

/// Whether a value of DEVSHM_DISABLE (null: not set) turns devshm off.
bool disables(const char* value);

}  // namespace devshm
