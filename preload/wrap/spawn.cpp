// SPDX-License-Identifier: MIT
//
// Wraps posix_spawn and the like: the program, the environment, and the file actions. libc performs the actions itself
// in the child, so they are rewritten when they are added. A relative path is judged from the directory that is the
// working directory at that time.
//
// These functions return an error number and leave errno alone.
#include <alloca.h>
#include <spawn.h>
#include <stdlib.h>

#include "../child_environment.h"
#include "../sys.h"
#include "../text.h"
#include "environment_memory.h"
#include "program_search.h"
#include "wrapper.h"

// glibc 2.39.
extern "C" {
int pidfd_spawn(int*, const char*, const posix_spawn_file_actions_t*, const posix_spawnattr_t*, char* const[],
                char* const[]);
int pidfd_spawnp(int*, const char*, const posix_spawn_file_actions_t*, const posix_spawnattr_t*, char* const[],
                 char* const[]);
}

namespace devshm {

namespace {

using Actions = posix_spawn_file_actions_t;
using Attributes = posix_spawnattr_t;

/// Before glibc 2.20 addopen stores the pointer that it gets, not the text (glibc bug 17048). We support 2.17 and
/// later.
bool libc_keeps_the_pointer() {
  const void* found = next_definition("gnu_get_libc_version", false);
  return found && begins_with(reinterpret_cast<const char* (*)()>(const_cast<void*>(found))(), "2.1");
}

/// The path of a file action for such a libc: rewritten, in a page that is never freed, because nothing reports when
/// the last copy of the actions is gone.
[[gnu::cold, gnu::noinline]] const char* lasting(const char* path) {
  const char* kept = path;
  with_kernel_path(path, [&](const KernelPath& found) {
    if (!found.is_rewritten) return;
    if (char* memory = static_cast<char*>(sys::allocate(length_of(found.text) + 1))) {
      put(memory, found.text);
      kept = memory;
    }
  });
  return kept;
}

template <class Next, class Id>
int spawn(Next next, Id* id, const char* path, const Actions* actions, const Attributes* attributes,
          char* const arguments[], char* const environment[]) {
  return with_environment(ChildEnvironment(environment, {.path = path}), [&](char** complete) {
    return next.rewrite(id, path, actions, attributes, arguments, complete);
  });
}

template <class Next, class Id>
int search_and_spawn(Next next, Id* id, const char* file, const Actions* actions, const Attributes* attributes,
                     char* const arguments[], char* const environment[]) {
  const char* const path = getenv("PATH");
  if (const std::size_t size = size_for_search(file, path))
    file = find_program(file, path, static_cast<char*>(alloca(size)));
  return with_environment(ChildEnvironment(environment, {.path = file, .is_searched = true}), [&](char** complete) {
    return next.rewrite(id, file, actions, attributes, arguments, complete);
  });
}

}  // namespace

EXPORT int posix_spawn(pid_t* pid, const char* path, const Actions* actions, const Attributes* attributes,
                       char* const arguments[], char* const environment[]) {
  return spawn(NEXT_FAILING_WITH(posix_spawn, error_number, spawned, 2), pid, path, actions, attributes, arguments,
               environment);
}

EXPORT int posix_spawnp(pid_t* pid, const char* file, const Actions* actions, const Attributes* attributes,
                        char* const arguments[], char* const environment[]) {
  return search_and_spawn(NEXT_FAILING_WITH(posix_spawnp, error_number, searched, 2), pid, file, actions, attributes,
                          arguments, environment);
}

#if defined(__x86_64__)
// Programs linked before glibc 2.15 use the first version (old_versions.S), which runs a script without #! with sh.
extern "C" [[gnu::used, gnu::visibility("hidden")]] int devshm_old_posix_spawn(pid_t* pid, const char* path,
                                                                               const Actions* actions,
                                                                               const Attributes* attributes,
                                                                               char* const arguments[],
                                                                               char* const environment[]) {
  auto next = NEXT_FAILING_WITH(posix_spawn, error_number, spawned, 2);
  if (void* oldest = devshm::oldest_definition("posix_spawn")) next.real = oldest;
  return spawn(next, pid, path, actions, attributes, arguments, environment);
}

extern "C" [[gnu::used, gnu::visibility("hidden")]] int devshm_old_posix_spawnp(pid_t* pid, const char* file,
                                                                                const Actions* actions,
                                                                                const Attributes* attributes,
                                                                                char* const arguments[],
                                                                                char* const environment[]) {
  auto next = NEXT_FAILING_WITH(posix_spawnp, error_number, searched, 2);
  if (void* oldest = devshm::oldest_definition("posix_spawnp")) next.real = oldest;
  return search_and_spawn(next, pid, file, actions, attributes, arguments, environment);
}
#endif

EXPORT int pidfd_spawn(int* fd, const char* path, const Actions* actions, const Attributes* attributes,
                       char* const arguments[], char* const environment[]) {
  return spawn(NEXT_FAILING_WITH(pidfd_spawn, error_number, spawned, 2), fd, path, actions, attributes, arguments,
               environment);
}

EXPORT int pidfd_spawnp(int* fd, const char* file, const Actions* actions, const Attributes* attributes,
                        char* const arguments[], char* const environment[]) {
  return search_and_spawn(NEXT_FAILING_WITH(pidfd_spawnp, error_number, searched, 2), fd, file, actions, attributes,
                          arguments, environment);
}

EXPORT int posix_spawn_file_actions_addopen(Actions* actions, int fd, const char* path, int flags,
                                            mode_t mode) NOTHROW {
  const auto next = NEXT_FAILING_WITH(posix_spawn_file_actions_addopen, error_number, path, 3);
  if (may_match(path) && libc_keeps_the_pointer()) path = lasting(path);
  return next.forward(actions, fd, path, flags, mode);
}

// glibc 2.29. POSIX has it without _np since 2024; glibc up to 2.44 does not.
FORWARD_FAILING_WITH(posix_spawn_file_actions_addchdir_np, error_number, path, 2);

}  // namespace devshm
