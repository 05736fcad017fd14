// SPDX-License-Identifier: MIT
// Decides what each mode refuses. Pure: no system call, no state.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "operation.h"

namespace devshmd {

enum class Mode {
  serve,     ///< a tmpfs in user space
  hidden,    ///< nothing is there, not even the mount point
  denied,    ///< it is there, and nobody may do anything with it
  full,      ///< an empty file system without room for anything
  readonly,  ///< an empty file system that can't be written
};

std::optional<Mode> mode_named(std::string_view name);
const char* name_of(Mode mode);
std::string mode_list();  ///< "serve, hidden, denied, full, readonly"

/// The part of a request that a mode judges.
struct Asked {
  Operation operation;
  int access = 0;  ///< for `access`: the bits of R_OK, W_OK and X_OK; 0 for other operations
};

/// 0 if the operation is allowed, else the errno value of the answer.
int refusal(Mode mode, Asked asked);

/// May the kernel check permissions by owner and mode (`default_permissions`)? It then decides without a request, which
/// is right for files that are served. Modes that refuse everything need each request, to answer and to record it.
bool kernel_checks_permissions(Mode mode);

}  // namespace devshmd
