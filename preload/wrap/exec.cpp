// SPDX-License-Identifier: MIT
//
// Wraps the exec family. The program may lie in the overlay, and what is executed keeps the overlay
// (child_environment.h). The arguments stay as they are: for a script the kernel itself puts the rewritten path in
// front of them.
//
// Everything here may run between vfork and exec.
#include <alloca.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include "../child_environment.h"
#include "environment_memory.h"
#include "program_search.h"
#include "wrapper.h"

namespace devshm {

namespace {

int execute(const char* path, char* const* arguments, char* const* environment) {
  return with_environment(ChildEnvironment(environment, {.path = path}),
                          [&](char** complete) { return NEXT(execve, path, 1).rewrite(path, arguments, complete); });
}

int search_and_execute(const char* file, char* const* arguments, char* const* environment) {
  const char* const path = getenv("PATH");
  if (const std::size_t size = size_for_search(file, path))
    file = find_program(file, path, static_cast<char*>(alloca(size)));
  return with_environment(ChildEnvironment(environment, {.path = file, .is_searched = true}), [&](char** complete) {
    return NEXT(execvpe, searched, 1).rewrite(file, arguments, complete);
  });
}

/// How one of the list forms finds the program, and what follows its arguments.
enum class List : unsigned char { path, path_and_environment, file };

/// Makes an array of the list, with the null at its end. It is on the stack, because there is no other memory between
/// vfork and exec.
int execute_list(List form, const char* path, const char* first, va_list* rest) {
  va_list copy;
  va_copy(copy, *rest);
  std::size_t count = 1;
  for (const char* argument = first; argument; argument = va_arg(copy, const char*)) ++count;
  va_end(copy);
  auto** const list = static_cast<const char**>(alloca(count * sizeof(char*)));
  list[0] = first;
  for (std::size_t i = 1; i < count; ++i) list[i] = va_arg(*rest, const char*);
  auto* const arguments = const_cast<char* const*>(list);
  if (form == List::file) return search_and_execute(path, arguments, environ);
  return execute(path, arguments, form == List::path ? environ : va_arg(*rest, char* const*));
}

}  // namespace

EXPORT int execve(const char* path, char* const arguments[], char* const environment[]) NOTHROW {
  return execute(path, arguments, environment);
}

EXPORT int execveat(int dir, const char* path, char* const arguments[], char* const environment[], int flags) NOTHROW {
  return with_environment(ChildEnvironment(environment, {.path = path, .dir = dir}), [&](char** complete) {
    return NEXT(execveat, path_at, 2).rewrite(dir, path, arguments, complete, flags);
  });
}

EXPORT int fexecve(int fd, char* const arguments[], char* const environment[]) NOTHROW {
  return with_environment(ChildEnvironment(environment, {.path = "", .dir = fd}),
                          [&](char** complete) { return NEXT(fexecve)(fd, arguments, complete); });
}

// libc's own functions are execve and execvpe with `environ`, which they would read themselves.
EXPORT int execv(const char* path, char* const arguments[]) NOTHROW { return execute(path, arguments, environ); }

EXPORT int execvp(const char* file, char* const arguments[]) NOTHROW {
  return search_and_execute(file, arguments, environ);
}

EXPORT int execvpe(const char* file, char* const arguments[], char* const environment[]) NOTHROW {
  return search_and_execute(file, arguments, environment);
}

EXPORT WORDS_ONLY int execl(const char* path, const char* argument, ...) NOTHROW {
  va_list rest;
  va_start(rest, argument);
  const int result = execute_list(List::path, path, argument, &rest);
  va_end(rest);
  return result;
}

EXPORT WORDS_ONLY int execlp(const char* file, const char* argument, ...) NOTHROW {
  va_list rest;
  va_start(rest, argument);
  const int result = execute_list(List::file, file, argument, &rest);
  va_end(rest);
  return result;
}

EXPORT WORDS_ONLY int execle(const char* path, const char* argument, ...) NOTHROW {
  va_list rest;
  va_start(rest, argument);
  const int result = execute_list(List::path_and_environment, path, argument, &rest);
  va_end(rest);
  return result;
}

}  // namespace devshm
