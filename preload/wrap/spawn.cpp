// SPDX-License-Identifier: MIT
//
// posix_spawn and its kin: the program, the environment, and the file actions, which libc performs by itself in the
// child and which are therefore rewritten when they are added. A relative path is judged from the directory that is
// the working directory at that time.
//
// These functions return an error number and leave errno alone.
#include <alloca.h>
#include <spawn.h>
#include <stdlib.h>

#include "../child_environment.h"
#include "../sys.h"
#include "../text.h"
#include "program_search.h"
#include "wrapper.h"

// glibc 2.39.
extern "C" {
int pidfd_spawn(int*, const char*, const posix_spawn_file_actions_t*, const posix_spawnattr_t*, char* const[],
                char* const[]);
int pidfd_spawnp(int*, const char*, const posix_spawn_file_actions_t*, const posix_spawnattr_t*, char* const[],
                 char* const[]);
}

namespace {

using Actions = posix_spawn_file_actions_t;
using Attributes = posix_spawnattr_t;

/// Before glibc 2.20 addopen stores the pointer that it is given, and not the text (glibc bug 17048). We know 2.17 on.
bool libc_keeps_the_pointer() {
  const void* found = devshm::next_definition("gnu_get_libc_version", false);
  return found && devshm::begins_with(reinterpret_cast<const char* (*)()>(const_cast<void*>(found))(), "2.1");
}

/// The path of a file action for such a libc: rewritten, in a page that nobody gives back, for there is no telling when
/// the last copy of the actions has gone.
[[gnu::cold, gnu::noinline]] const char* lasting(const char* path) {
  std::size_t room = 0;
  devshm::JudgedPath judged(path);
  if (judged.judge(room) != 0 || !judged.is_rewritten()) return path;
  char* memory = static_cast<char*>(devshm::sys::allocate(room));
  return memory ? judged.place(memory) : path;
}

template <class Next, class Id>
int spawn(Next next, Id* id, const char* path, const Actions* actions, const Attributes* attributes,
          char* const arguments[], char* const environment[]) {
  const devshm::ChildEnvironment child(environment, {.path = path});
  return rewrite(next, id, Path(path), actions, attributes, arguments, child.build(alloca(child.size())));
}

template <class Next, class Id>
int search_and_spawn(Next next, Id* id, const char* file, const Actions* actions, const Attributes* attributes,
                     char* const arguments[], char* const environment[]) {
  const char* const path = getenv("PATH");
  if (const std::size_t room = devshm::room_for_search(file, path))
    file = devshm::find_program(file, path, static_cast<char*>(alloca(room)));
  const devshm::ChildEnvironment child(environment, {.path = file, .is_searched = true});
  return rewrite(next, id, SoughtPath(file), actions, attributes, arguments, child.build(alloca(child.size())));
}

}  // namespace

EXPORT int posix_spawn(pid_t* pid, const char* path, const Actions* actions, const Attributes* attributes,
                       char* const arguments[], char* const environment[]) {
  return spawn(NEXT_AS_RESULT(posix_spawn), pid, path, actions, attributes, arguments, environment);
}

EXPORT int posix_spawnp(pid_t* pid, const char* file, const Actions* actions, const Attributes* attributes,
                        char* const arguments[], char* const environment[]) {
  return search_and_spawn(NEXT_AS_RESULT(posix_spawnp), pid, file, actions, attributes, arguments, environment);
}

EXPORT int pidfd_spawn(int* fd, const char* path, const Actions* actions, const Attributes* attributes,
                       char* const arguments[], char* const environment[]) {
  return spawn(NEXT_AS_RESULT(pidfd_spawn), fd, path, actions, attributes, arguments, environment);
}

EXPORT int pidfd_spawnp(int* fd, const char* file, const Actions* actions, const Attributes* attributes,
                        char* const arguments[], char* const environment[]) {
  return search_and_spawn(NEXT_AS_RESULT(pidfd_spawnp), fd, file, actions, attributes, arguments, environment);
}

IF_MATCHING_AS_RESULT(3, int, posix_spawn_file_actions_addopen, Actions* actions, int fd, const char* path, int flags,
                      mode_t mode) {
  if (libc_keeps_the_pointer()) path = lasting(path);
  return rewrite(REAL(posix_spawn_file_actions_addopen), actions, fd, Path(path), flags, mode);
}

// glibc 2.29. POSIX has it without _np since 2024, glibc up to 2.44 has not.
FORWARD_AS_RESULT(posix_spawn_file_actions_addchdir_np, path, 2);
