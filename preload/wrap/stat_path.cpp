// SPDX-License-Identifier: MIT
#include "stat_path.h"

#include "../sys.h"
#include "wrapper.h"

namespace devshm {
namespace {

int kernel_stat(int dir, const char* path, struct stat* out, int flags) {
  const int result = sys::fstatat(dir, path, out, flags);
  return result < 0 ? fail_with<int>(-result) : 0;
}

}  // namespace

int stat_path(int dir, const char* path, struct stat* out, int flags) {
  return OWN(kernel_stat, "stat", path_at, 2).forward(dir, path, out, flags);
}

}  // namespace devshm
