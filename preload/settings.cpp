// SPDX-License-Identifier: MIT
#include "settings.h"

#include <sys/auxv.h>

#include <atomic>

#include "report.h"
#include "start_variables.h"
#include "sys.h"

namespace devshm {
namespace {

constexpr Settings inactive = {.active = false};
constexpr Settings defaults;

/// The values of the variables that are set and not empty, null for the others. They point into the environment.
struct Found {
  explicit Found(const StartVariables& variables) {
    for (std::size_t i = 0; i < setting_count; ++i) {
      values[i] = variables.find(setting_rows[i].variable);
      if (!values[i] || !*values[i]) continue;
      any = true;
      size += length_of(values[i]) + 1;
    }
  }
  const char* of(Setting setting) const { return values[static_cast<std::size_t>(setting)]; }

  const char* values[setting_count];
  std::size_t size = 0;  // of the texts, with their NULs
  bool any = false;
};

using Objections = Objection[setting_count];

/// Reads the copied texts into `out`.
void parse(char* const (&texts)[setting_count], Settings& out, Objections& objections) {
  std::size_t i = 0;
#define SETTING(variable, field, parser, standard, children, words, help)                   \
  if (texts[i]) objections[i] = parser::parse(texts[i], setting_rows[i].values, out.field); \
  ++i;
#include "settings.def"
  out.dir_length = length_of(out.dir);
  for (i = 0; i < setting_count; ++i) {
    const SettingRow& row = setting_rows[i];
    const bool differs = texts[i] && !objections[i] && !same(texts[i], row.standard);
    out.for_children[i] = differs && row.children == Children::inherited ? texts[i] : nullptr;
  }
}

void report(const Found& found, const Objections& objections) {
  for (std::size_t i = 0; i < setting_count; ++i) {
    if (!objections[i]) continue;
    const SettingRow& row = setting_rows[i];
    say_once(static_cast<Topic>(i), {row.variable, "=", found.values[i], " ", objections[i].what,
                                     objections[i].detail ? objections[i].detail : "",
                                     *row.standard ? "; using " : "; it is ignored", row.standard});
  }
}

/// Whether DEVSHM_WHEN prefers the /dev/shm that is here.
bool real_one_is_preferred(const Occasion::Value& when) {
  switch (when.when) {
    case When::always: return false;
    case When::missing: return real_dev_shm_will_do();
    case When::small: return is_large_enough(look_at_real_dev_shm(), when.least);
  }
  return false;
}

/// Allocates the settings with the texts after them: the environment may change.
const Settings* read() {
  if (getauxval(AT_SECURE)) return &inactive;
  const StartVariables variables;
  const Found found(variables);
  if (disables(found.of(Setting::DEVSHM_DISABLE))) return &inactive;
  if (!found.any) return &defaults;

  const std::size_t size = sizeof(Settings) + found.size;
  auto* fresh = static_cast<Settings*>(sys::allocate(size));
  if (!fresh) {
    say_once(Topic::settings, {"no memory for the settings; this process goes without devshm"});
    return &inactive;
  }
  __builtin_memcpy(fresh, &defaults, sizeof defaults);
  char* texts[setting_count];
  char* text = reinterpret_cast<char*>(fresh + 1);
  for (std::size_t i = 0; i < setting_count; ++i) {
    texts[i] = found.values[i] && *found.values[i] ? text : nullptr;
    if (texts[i]) text = put(text, found.values[i]) + 1;
  }
  Objections objections = {};
  parse(texts, *fresh, objections);
  if (real_one_is_preferred(fresh->when)) {
    sys::munmap(fresh, size);
    return &inactive;
  }
  report(found, objections);
  return fresh;
}

constinit std::atomic<const Settings*> published{nullptr};

const Settings& read_and_publish() {
  const Settings* fresh = read();
  const Settings* first = nullptr;
  // A thread that comes second leaks its copy, which is one page, once. To free it, its size would have to be kept.
  return published.compare_exchange_strong(first, fresh, std::memory_order_acq_rel) ? *fresh : *first;
}

}  // namespace

void stand_aside() { published.store(&inactive, std::memory_order_release); }

bool settings_are_read() { return published.load(std::memory_order_acquire); }

bool disables(const char* value) { return value && *value && Flag::standard(value, nullptr); }

const Settings& settings() {
  const Settings* known = published.load(std::memory_order_acquire);
  return known ? *known : read_and_publish();
}

}  // namespace devshm
