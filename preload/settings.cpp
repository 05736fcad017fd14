// SPDX-License-Identifier: MIT
#include "settings.h"

#include <limits.h>
#include <linux/magic.h>
#include <sys/auxv.h>

#include <atomic>

#include "path_rule.h"
#include "report.h"
#include "start_variables.h"
#include "sys.h"
#include "text.h"

namespace devshm {
namespace {

bool is_set(const char* value) { return value && *value; }

bool has_dots(const char* path) {
  for (const char* p = path; *p; ++p)
    if (p[0] == '/' && p[1] == '.' && (!p[2] || p[2] == '/' || (p[2] == '.' && (!p[3] || p[3] == '/')))) return true;
  return false;
}

/// Why a directory can't serve as the backing directory; null if it can.
const char* objection_to(const char* dir) {
  if (dir[0] != '/') return "must be an absolute path";
  // Room for the names below it. An object's name has up to 255 bytes.
  if (length_of(dir) >= PATH_MAX - NAME_MAX - 2) return "is too long";
  if (judge(dir, Start::root).kind != Verdict::outside) return "must not lie in /dev/shm itself";
  if (has_dots(dir)) return "must not have . or .. in it";
  for (const char* p = dir; *p; ++p)
    if (*p != '/') return nullptr;
  return "must not be the root directory";
}

/// DEVSHM_DIR as it will be used: still with its trailing slashes.
const char* wanted_dir(const StartVariables& variables) {
  const char* value = variables.find("DEVSHM_DIR");
  if (!is_set(value)) return default_backing_dir;
  const char* objection = objection_to(value);
  if (!objection) return value;
  say_once(Topic::dir_setting, {"DEVSHM_DIR=", value, " ", objection, "; using ", default_backing_dir});
  return default_backing_dir;
}

const char* wanted_log(const StartVariables& variables) {
  const char* value = variables.find("DEVSHM_LOG");
  if (!is_set(value)) return nullptr;
  if (same(value, "stderr") || value[0] == '/') return value;
  say_once(Topic::log_setting, {"DEVSHM_LOG=", value, " must be \"stderr\" or an absolute path; nothing is logged"});
  return nullptr;
}

/// Is the real /dev/shm what programs expect: a tmpfs (or ramfs, which libc takes as well) that we may write to?
bool real_one_will_do() {
  struct statfs fs;
  if (sys::statfs("/dev/shm", &fs) != 0) return false;
  const auto type = static_cast<unsigned long>(fs.f_type);
  return (type == TMPFS_MAGIC || type == RAMFS_MAGIC) && sys::access("/dev/shm", W_OK | X_OK) == 0;
}

enum class When : unsigned char { always, missing };

When wanted_when(const StartVariables& variables) {
  const char* value = variables.find("DEVSHM_WHEN");
  if (!is_set(value) || same(value, "always")) return When::always;
  if (same(value, "missing")) return When::missing;
  say_once(Topic::when_setting, {"DEVSHM_WHEN=", value, " must be \"always\" or \"missing\"; using always"});
  return When::always;
}

constinit std::atomic<const Settings*> published{nullptr};

/// What needs no memory of its own: the default directory, and nothing logged.
constexpr Settings without_memory(bool active) {
  return {.active = active,
          .log_to_stderr = false,
          .log = nullptr,
          .dir = default_backing_dir,
          .dir_length = sizeof default_backing_dir - 1,
          .only_if_missing = false,
          .propagate = active};
}

constexpr Settings inactive = without_memory(false);
constexpr Settings defaults = without_memory(true);

/// A Settings with the texts it points to behind it, in memory of its own: the environment may change.
const Settings* read() {
  if (getauxval(AT_SECURE)) return &inactive;
  const StartVariables variables;
  if (disables(variables.find("DEVSHM_DISABLE"))) return &inactive;
  const bool only_if_missing = wanted_when(variables) == When::missing;
  if (only_if_missing && real_one_will_do()) return &inactive;
  const char* propagate_value = variables.find("DEVSHM_PROPAGATE");
  const bool propagate = !(propagate_value && same(propagate_value, "0"));

  const char* dir = wanted_dir(variables);
  const std::size_t dir_length = length_before_last_slashes(dir);
  const char* log = wanted_log(variables);
  const bool log_to_stderr = log && same(log, "stderr");
  if (log_to_stderr) log = nullptr;
  const std::size_t log_size = log ? length_of(log) + 1 : 0;

  auto* fresh = static_cast<Settings*>(sys::allocate(sizeof(Settings) + dir_length + 1 + log_size));
  if (!fresh) {
    const bool differs = log || log_to_stderr || only_if_missing || !propagate || !same(dir, default_backing_dir);
    if (!differs) return &defaults;
    say_once(Topic::dir_setting, {"no memory for the settings; this process goes without devshm"});
    return &inactive;
  }
  char* text = reinterpret_cast<char*>(fresh + 1);
  __builtin_memcpy(text, dir, dir_length);
  if (log) __builtin_memcpy(text + dir_length + 1, log, log_size);
  *fresh = {.active = true,
            .log_to_stderr = log_to_stderr,
            .log = log ? text + dir_length + 1 : nullptr,
            .dir = text,
            .dir_length = dir_length,
            .only_if_missing = only_if_missing,
            .propagate = propagate};
  return fresh;
}

const Settings& read_and_publish() {
  const Settings* fresh = read();
  const Settings* first = nullptr;
  // A thread that comes second leaves its copy to the process: a page, once, and nobody has to be told of its size.
  return published.compare_exchange_strong(first, fresh, std::memory_order_acq_rel) ? *fresh : *first;
}

}  // namespace

bool disables(const char* value) { return is_set(value) && !same(value, "0"); }

const Settings& settings() {
  const Settings* known = published.load(std::memory_order_acquire);
  return known ? *known : read_and_publish();
}

}  // namespace devshm
