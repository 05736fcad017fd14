// SPDX-License-Identifier: MIT
#include "operation.h"

#include <cstddef>
#include <iterator>

namespace devshmd {
namespace {

constexpr const char* names[] = {
    "lookup",   "getattr",  "setattr",   "readlink",    "mknod",   "mkdir",      "unlink",
    "rmdir",    "symlink",  "rename",    "link",        "open",    "create",     "tmpfile",
    "read",     "write",    "release",   "opendir",     "readdir", "releasedir", "statfs",
    "setxattr", "getxattr", "listxattr", "removexattr", "access",  "fallocate",  "lseek",
};
static_assert(std::size(names) == static_cast<std::size_t>(Operation::count));

}  // namespace

const char* name_of(Operation operation) { return names[static_cast<std::size_t>(operation)]; }

}  // namespace devshmd
