// SPDX-License-Identifier: MIT
#include "policy.h"

#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <iterator>

namespace devshmd {
namespace {

constexpr const char* mode_names[] = {"serve", "hidden", "denied", "full", "readonly"};

/// Whether the operation succeeds even on another user's directory of mode 0, which still shows its own attributes and
/// its file system's.
bool needs_no_permission(Operation operation) {
  return operation == Operation::getattr || operation == Operation::statfs;
}

}  // namespace

std::optional<Mode> mode_named(std::string_view name) {
  for (std::size_t i = 0; i < std::size(mode_names); ++i)
    if (name == mode_names[i]) return static_cast<Mode>(i);
  return std::nullopt;
}

const char* name_of(Mode mode) { return mode_names[static_cast<std::size_t>(mode)]; }

std::string mode_list() {
  std::string list;
  for (const char* name : mode_names) list += (list.empty() ? "" : ", ") + std::string(name);
  return list;
}

int refusal(Mode mode, Asked asked) {
  const OperationFacts& facts = facts_of(asked.operation);
  const bool asks_access = asked.operation == Operation::access;
  switch (mode) {
    case Mode::serve: return 0;
    case Mode::hidden: return ENOENT;
    case Mode::denied:
      if (asks_access && asked.access == F_OK) return 0;
      return needs_no_permission(asked.operation) ? 0 : EACCES;
    case Mode::full: return facts.needs_space ? ENOSPC : 0;
    case Mode::readonly:
      if (asks_access) return asked.access & W_OK ? EROFS : 0;
      return facts.modifies ? EROFS : 0;
  }
  return EINVAL;
}

bool kernel_checks_permissions(Mode mode) { return mode == Mode::serve || mode == Mode::full; }

}  // namespace devshmd
