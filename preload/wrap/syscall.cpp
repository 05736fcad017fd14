// SPDX-License-Identifier: MIT
//
// Wraps syscall() for every system call that takes a path or returns one, on both architectures (syscall_table.h). Any
// other costs a lookup in a table of bytes and a jump to libc's own function.
//
// Not here: statmount and listmount name mounts by number; open_by_handle_at takes a handle; pivot_root, swapon,
// swapoff, quotactl and uselib are passed through as their functions are. io_uring and bpf carry paths in structures
// that the kernel reads by itself: out of reach.
#include <alloca.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "../text.h"
#include "environment_memory.h"
#include "mount.h"
#include "restricted_open.h"
#include "showing_files.h"
#include "syscall_table.h"
#include "wrapper.h"

// Our wrappers of the functions.
INNER(accept);
INNER(accept4);
INNER(bind);
INNER(connect);
INNER(fstatfs);
INNER(ftruncate);
INNER(getcwd);
INNER(getpeername);
INNER(getsockname);
INNER(readlink);
INNER(readlinkat);
INNER(recvfrom);
INNER(recvmmsg);
INNER(recvmsg);
INNER(sendmmsg);
INNER(sendmsg);
INNER(sendto);
INNER(statfs);
INNER(truncate);

namespace devshm {
namespace {

constexpr long number_count = 512;

struct Handlings {
  Handling of[number_count];
  constexpr Handlings() : of{} {
    for (long number = 0; number < number_count; ++number) of[number] = system_call(number).handling;
  }
};

}  // namespace

// These have plain names for the assembly below, which the compiler does not examine.
extern "C" {
extern const Handlings devshm_syscall_handlings;
[[gnu::used]] constinit const Handlings devshm_syscall_handlings;

/// The real function, once it has been looked up.
extern std::atomic<void*> devshm_real_syscall;
[[gnu::used]] constinit std::atomic<void*> devshm_real_syscall{nullptr};
}

namespace {

using Arguments = long[6];

template <class T>
T* pointer(long argument) {
  return reinterpret_cast<T*>(argument);
}

auto next_syscall() { return NEXT(syscall); }

long call_unchanged(long number, const Arguments& given) {
  return next_syscall()(number, given[0], given[1], given[2], given[3], given[4], given[5]);
}

/// The same paths, with the number of the system call as the first argument.
constexpr Paths behind_number(Paths paths) {
  for (PathArg& path : paths.of) {
    if (path.position) ++path.position;
    if (path.directory) ++path.directory;
  }
  return paths;
}

long call_with_paths(long number, const Arguments& given, const Paths& paths) {
  return next_syscall().rewrite_at(behind_number(paths), number, given[0], given[1], given[2], given[3], given[4],
                                   given[5]);
}

long execute(long number, const Arguments& given, const Paths& paths, int environment) {
  const PathArg& path = paths.of[0];
  const Program program{.path = pointer<const char>(given[path.position - 1]),
                        .dir = path.directory ? static_cast<int>(given[path.directory - 1]) : AT_FDCWD};
  return with_environment(ChildEnvironment(pointer<char* const>(given[environment]), program), [&](char** complete) {
    Arguments completed;
    __builtin_memcpy(completed, given, sizeof given);
    completed[environment] = as_word(complete);
    return call_with_paths(number, completed, paths);
  });
}

long open_at(long number, const Arguments& given) {
  const auto* path = pointer<const char>(given[1]);
  const auto* how = pointer<const open_how>(given[2]);
  const auto size = static_cast<std::size_t>(given[3]);
  if (!may_match(path) || !is_restricted(how, size)) return call_with_paths(number, given, kinds::path_at(2));
  const auto real = [](int dir, const char* rest, const open_how* with, std::size_t with_size) {
    return static_cast<int>(next_syscall()(SYS_openat2, dir, rest, with, with_size, 0L, 0L));
  };
  return open_restricted(real, static_cast<int>(given[0]), path, how, size);
}

/// The kernel returns the length with the NUL, and does not allocate a buffer.
long working_directory(long number, const Arguments& given) {
  auto* const out = pointer<char>(given[0]);
  const auto size = static_cast<std::size_t>(given[1]);
  if (!out || !size) return call_unchanged(number, given);
  return devshm_inner_getcwd(out, size) ? static_cast<long>(length_of(out)) + 1 : -1;
}

long call_by_rule(long number, const Arguments& given) {
  switch (number) {
    case SYS_openat2: return open_at(number, given);
    case SYS_getcwd: return working_directory(number, given);
    case SYS_execve: return execute(number, given, kinds::path(1), 2);
    case SYS_execveat: return execute(number, given, kinds::path_at(2), 3);
    case SYS_mount:
      return call_with_paths(number, given,
                             mount_paths(pointer<const char>(given[0]), static_cast<unsigned long>(given[3])));
    case SYS_fsconfig:
      return call_with_paths(number, given,
                             fsconfig_paths(static_cast<unsigned>(given[1]), pointer<const char>(given[2]),
                                            pointer<const void>(given[3])));
    default: return call_unchanged(number, given);
  }
}

WordFunction function_of(long number) {
  const auto as_words = [](auto* function) {
    return reinterpret_cast<WordFunction>(reinterpret_cast<void*>(function));
  };
  switch (number) {
#ifdef SYS_readlink
    case SYS_readlink: return as_words(devshm_inner_readlink);
#endif
    case SYS_readlinkat: return as_words(devshm_inner_readlinkat);
    case SYS_statfs: return as_words(devshm_inner_statfs);
    case SYS_fstatfs: return as_words(devshm_inner_fstatfs);
    case SYS_truncate: return as_words(devshm_inner_truncate);
    case SYS_ftruncate: return as_words(devshm_inner_ftruncate);
    case SYS_bind: return as_words(devshm_inner_bind);
    case SYS_connect: return as_words(devshm_inner_connect);
    case SYS_sendto: return as_words(devshm_inner_sendto);
    case SYS_sendmsg: return as_words(devshm_inner_sendmsg);
    case SYS_sendmmsg: return as_words(devshm_inner_sendmmsg);
    case SYS_accept: return as_words(devshm_inner_accept);
    case SYS_accept4: return as_words(devshm_inner_accept4);
    case SYS_getsockname: return as_words(devshm_inner_getsockname);
    case SYS_getpeername: return as_words(devshm_inner_getpeername);
    case SYS_recvfrom: return as_words(devshm_inner_recvfrom);
    case SYS_recvmsg: return as_words(devshm_inner_recvmsg);
    default: return as_words(devshm_inner_recvmmsg);
  }
}

long call_function(long number, const Arguments& given) {
  // Some return an int, which is the lower half of a word; and none ever returns more.
  return static_cast<int>(function_of(number)(given[0], given[1], given[2], given[3], given[4], given[5]));
}

long make(long number, const Arguments& given) {
  devshm_real_syscall.store(without_showing(next_syscall().real), std::memory_order_relaxed);
  const auto index = static_cast<unsigned>(number);  // the kernel, too, looks at 32 bits
  const SystemCall call = system_call(index);
  switch (call.handling) {
    case Handling::unchanged: return call_unchanged(number, given);
    case Handling::by_paths: return call_with_paths(number, given, call.paths);
    case Handling::by_rule: return call_by_rule(index, given);
    case Handling::as_function: return call_function(index, given);
  }
  return call_unchanged(number, given);
}

}  // namespace

extern "C" {
/// Like libc's own function it always reads six arguments.
[[gnu::used, gnu::noinline]] WORDS_ONLY long devshm_syscall_with_paths(long number, ...) {
  va_list rest;
  va_start(rest, number);
  Arguments given;
  for (long& argument : given) argument = va_arg(rest, long);
  va_end(rest);
  return make(number, given);
}
}  // extern "C"

#if defined(__x86_64__)
// This is assembler code because the seventh argument is on the stack, and only if the caller has passed one: otherwise
// that place is a variable of the caller's. A C++ function owns its arguments and may write to the place, which it does
// to pass them on. A counter must not use a register here, either.
EXPORT __attribute__((naked, no_profile_instrument_function)) long devshm_syscall() __asm__("syscall");
static_assert(number_count == 512);
long devshm_syscall() {
  __asm__(
      "mov %edi, %r10d\n\t"
      "cmp $512, %r10d\n\t"
      "jae 1f\n\t"
      "lea devshm_syscall_handlings(%rip), %r11\n\t"
      "cmpb $0, (%r11,%r10)\n\t"
      "jne 2f\n"
      "1:\tmov devshm_real_syscall(%rip), %r11\n\t"
      "test %r11, %r11\n\t"
      "jz 2f\n\t"
      "jmp *%r11\n"
      "2:\tjmp devshm_syscall_with_paths");
}
#else
// All seven arguments are in registers: for integers the call is the same as the variadic one.
EXPORT long devshm_syscall(long number, long a, long b, long c, long d, long e, long f) __asm__("syscall");
long devshm_syscall(long number, long a, long b, long c, long d, long e, long f) {
  const auto real = reinterpret_cast<decltype(&::syscall)>(devshm_real_syscall.load(std::memory_order_relaxed));
  const auto index = static_cast<unsigned>(number);
  const bool is_unchanged = index >= number_count || devshm_syscall_handlings.of[index] == Handling::unchanged;
  if (__builtin_expect(real && is_unchanged, 1)) return real(number, a, b, c, d, e, f);
  return devshm_syscall_with_paths(number, a, b, c, d, e, f);
}
#endif

}  // namespace devshm
