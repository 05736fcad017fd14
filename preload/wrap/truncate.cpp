// SPDX-License-Identifier: MIT
//
// Wraps truncate and ftruncate: space may have to be reserved for a file that they make longer (growth.h).
#include <fcntl.h>
#include <unistd.h>

#include "../sys.h"
#include "growth.h"
#include "wrapper.h"

namespace devshm {
namespace {

int fail(int error) {
  errno = error;
  return -1;
}

}  // namespace

EXPORT int ftruncate(int fd, off_t length) NOTHROW {
  if (const int error = prepare_growth(fd, length)) return fail(error);
  return NEXT(ftruncate)(fd, length);
}
ALIAS(ftruncate64, ftruncate);
INNER_NAME(ftruncate);

EXPORT int truncate(const char* path, off_t length) NOTHROW {
  const auto next = NEXT(truncate, changed, 1);
  if (!may_match(path)) return next(path, length);
  int error = 0;
  const auto prepare = [&](const KernelPath& real) {
    if (!real.is_inside || length <= 0) return;
    // Don't wait if this is a pipe. A file that can't be opened for writing can't be truncated, either.
    const sys::Descriptor file(sys::openat(AT_FDCWD, real.text, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (file.is_open()) error = prepare_growth(file.get(), length);
  };
  with_kernel_path(path, prepare);
  return error ? fail(error) : next.rewrite(path, length);
}
ALIAS(truncate64, truncate);
INNER_NAME(truncate);

}  // namespace devshm
