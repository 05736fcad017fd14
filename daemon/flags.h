// SPDX-License-Identifier: MIT
// Writes flags as texts, as a recording shows them.
#pragma once

#include <sys/types.h>

#include <string>

namespace devshmd {

std::string open_flags(int flags);               ///< "O_RDWR|O_CREAT"
std::string open_flags(int flags, mode_t mode);  ///< "O_RDWR|O_CREAT 0600"
std::string mode_text(mode_t mode);              ///< "0600", "S_IFIFO 0600"
std::string rename_flags(unsigned flags);
std::string fallocate_flags(int mode);
std::string attribute_flags(int to_set);  ///< what setattr sets: "size|mode"

}  // namespace devshmd
