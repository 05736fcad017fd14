// SPDX-License-Identifier: MIT
// The modes, and what each refuses. Pure: no system call, no state.
#pragma once

#include <optional>
#include <string_view>

#include "operation.h"

namespace devshmd {

enum class Mode {
  serve,     ///< a tmpfs in user space
  hidden,    ///< nothing is there, the mount point itself neither
  denied,    ///< it is there, and nobody may do anything with it
  full,      ///< an empty file system without room for anything
  readonly,  ///< an empty file system that can't be written
};

std::optional<Mode> mode_named(std::string_view name);
const char* name_of(Mode mode);

/// What `access` asks: the bits of R_OK, W_OK, X_OK. Of other operations it is 0.
struct Asked {
  Operation operation;
  int access = 0;
};

/// 0: the operation goes on to the table; else the errno value of the answer.
int refusal(Mode mode, Asked asked);

/// May the kernel decide about permissions by owner and mode? Then it does so without asking the daemon, which is right
/// for files that are served. The modes that refuse everything want to be asked: each answer is theirs, and goes on
/// record.
bool kernel_checks_permissions(Mode mode);

}  // namespace devshmd
