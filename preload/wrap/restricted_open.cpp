// SPDX-License-Identifier: MIT
#include "restricted_open.h"

#include <errno.h>
#include <limits.h>

#include "../backing_dir.h"
#include "../settings.h"
#include "../start_dir.h"
#include "../sys.h"
#include "../text.h"
#include "path.h"

namespace devshm {
int open_restricted(OpenAt2 real, int dir, const char* path, const open_how* how, std::size_t size) {
  // With RESOLVE_IN_ROOT an absolute path starts at the descriptor; with RESOLVE_BENEATH it is an error.
  if (path[0] == '/' && how->resolve & RESOLVE_BENEATH) return real(dir, path, how, size);
  const char* asked = path;
  if (how->resolve & RESOLVE_IN_ROOT)
    while (*asked == '/') ++asked;
  const Verdict verdict = judge_from(dir, asked);
  if (verdict.kind == Verdict::outside || !settings().active || length_of(path) >= PATH_MAX)
    return real(dir, path, how, size);
  if (const int error = ensure_backing_dir())
    return error == real_one_serves ? real(dir, path, how, size) : fail_with<int>(error);
  // The path crosses a mount point, as the program sees it.
  if (how->resolve & RESOLVE_NO_XDEV) return fail_with<int>(EXDEV);
  const Prefix prefix = prefix_for(verdict, settings());
  const sys::Descriptor start(sys::openat(AT_FDCWD, prefix.text, O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!start.is_open()) return fail_with<int>(start.error());
  const char* rest = verdict.rest;
  while (*rest == '/') ++rest;
  return real(start.get(), *rest ? rest : ".", how, size);
}

}  // namespace devshm
