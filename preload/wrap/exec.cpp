// SPDX-License-Identifier: MIT
//
// The exec family. The program may lie in the overlay, and what is executed keeps the overlay (child_environment.h).
// The arguments stay as they are: for a script the kernel itself puts the rewritten path in front of them.
//
// Everything here may run between vfork and exec.
#include <alloca.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include "../child_environment.h"
#include "program_search.h"
#include "wrapper.h"

namespace {

using devshm::ChildEnvironment;

/// The bytes that the arguments of execl need as an array, with the null at its end.
std::size_t size_of_list(const char* first, va_list* rest) {
  va_list copy;
  va_copy(copy, *rest);
  std::size_t count = 1;
  for (const char* argument = first; argument; argument = va_arg(copy, const char*)) ++count;
  va_end(copy);
  return count * sizeof(char*);
}

/// The array, in `memory`. Leaves `rest` behind the null, where execle has its environment.
char** make_list(const char* first, va_list* rest, void* memory) {
  char** const list = static_cast<char**>(memory);
  char** at = list;
  for (const char* argument = first; argument; argument = va_arg(*rest, const char*))
    *at++ = const_cast<char*>(argument);
  *at = nullptr;
  return list;
}

int execute(const char* path, char* const* arguments, char* const* environment) {
  const ChildEnvironment child(environment);
  return rewrite(NEXT(execve), Path(path), arguments, child.build(alloca(child.size())));
}

int search_and_execute(const char* file, char* const* arguments, char* const* environment) {
  const char* const path = getenv("PATH");
  if (const std::size_t room = devshm::room_for_search(file, path))
    file = devshm::find_program(file, path, static_cast<char*>(alloca(room)));
  const ChildEnvironment child(environment);
  return rewrite(NEXT(execvpe), SoughtPath(file), arguments, child.build(alloca(child.size())));
}

}  // namespace

EXPORT int execve(const char* path, char* const arguments[], char* const environment[]) NOTHROW {
  return execute(path, arguments, environment);
}

EXPORT int execveat(int dir, const char* path, char* const arguments[], char* const environment[], int flags) NOTHROW {
  const ChildEnvironment child(environment);
  return rewrite(NEXT(execveat), dir, PathAt(path), arguments, child.build(alloca(child.size())), flags);
}

EXPORT int fexecve(int fd, char* const arguments[], char* const environment[]) NOTHROW {
  const ChildEnvironment child(environment);
  return NEXT(fexecve).get()(fd, arguments, child.build(alloca(child.size())));
}

// libc's own are execve and execvpe with `environ`, which it would read by itself.
EXPORT int execv(const char* path, char* const arguments[]) NOTHROW { return execute(path, arguments, environ); }

EXPORT int execvp(const char* file, char* const arguments[]) NOTHROW {
  return search_and_execute(file, arguments, environ);
}

EXPORT int execvpe(const char* file, char* const arguments[], char* const environment[]) NOTHROW {
  return search_and_execute(file, arguments, environment);
}

EXPORT int execl(const char* path, const char* argument, ...) NOTHROW {
  va_list rest;
  va_start(rest, argument);
  void* const memory = alloca(size_of_list(argument, &rest));
  char** const arguments = make_list(argument, &rest, memory);
  va_end(rest);
  return execute(path, arguments, environ);
}

EXPORT int execlp(const char* file, const char* argument, ...) NOTHROW {
  va_list rest;
  va_start(rest, argument);
  void* const memory = alloca(size_of_list(argument, &rest));
  char** const arguments = make_list(argument, &rest, memory);
  va_end(rest);
  return search_and_execute(file, arguments, environ);
}

EXPORT int execle(const char* path, const char* argument, ...) NOTHROW {
  va_list rest;
  va_start(rest, argument);
  void* const memory = alloca(size_of_list(argument, &rest));
  char** const arguments = make_list(argument, &rest, memory);
  char* const* const environment = va_arg(rest, char* const*);
  va_end(rest);
  return execute(path, arguments, environment);
}
