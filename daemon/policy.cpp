// SPDX-License-Identifier: MIT
#include "policy.h"

#include <unistd.h>
#include <cerrno>
#include <cstddef>
#include <iterator>

namespace devshmd {
namespace {

constexpr const char* mode_names[] = {"serve", "hidden", "denied", "full", "readonly"};

bool takes_room(Operation operation) {
  switch (operation) {
    case Operation::mknod:
    case Operation::mkdir:
    case Operation::symlink:
    case Operation::link:
    case Operation::create:
    case Operation::tmpfile:
    case Operation::write:
    case Operation::fallocate:
    case Operation::setxattr: return true;
    default: return false;
  }
}

bool changes(Operation operation) {
  switch (operation) {
    case Operation::setattr:
    case Operation::unlink:
    case Operation::rmdir:
    case Operation::rename:
    case Operation::removexattr: return true;
    default: return takes_room(operation);
  }
}

/// What a directory of mode 0 that belongs to somebody else still tells: itself, and the file system it lies on.
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

int refusal(Mode mode, Asked asked) {
  switch (mode) {
    case Mode::serve: return 0;
    case Mode::hidden: return ENOENT;
    case Mode::denied:
      if (asked.operation == Operation::access && asked.access == F_OK) return 0;
      return needs_no_permission(asked.operation) ? 0 : EACCES;
    case Mode::full: return takes_room(asked.operation) ? ENOSPC : 0;
    case Mode::readonly:
      if (asked.operation == Operation::access) return asked.access & W_OK ? EROFS : 0;
      return changes(asked.operation) ? EROFS : 0;
  }
  return EINVAL;
}

bool kernel_checks_permissions(Mode mode) { return mode == Mode::serve || mode == Mode::full; }

}  // namespace devshmd
