// SPDX-License-Identifier: MIT
//
// syscall(): every system call that takes a path or tells one, on both architectures (syscall_shape.h says where). Any
// other costs a look into a table of bytes and a jump to libc's own function.
//
// Not here: statmount and listmount name mounts by number; open_by_handle_at takes a handle; pivot_root, swapon,
// swapoff, quotactl and uselib are passed through as their functions are. io_uring and bpf carry paths in structures
// that the kernel reads by itself: out of reach.
#include <alloca.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../child_environment.h"
#include "../sys.h"
#include "../text.h"
#include "examined_path.h"
#include "restricted_open.h"
#include "syscall_shape.h"
#include "wrapper.h"

// The wrappers of the same names.
#define INNER(function) extern "C" __attribute__((visibility("hidden"))) decltype(::function) devshm_inner_##function
INNER(accept);
INNER(accept4);
INNER(bind);
INNER(connect);
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

namespace {

constexpr long number_count = 512;

/// The shape of each call, by its number.
struct Shapes {
  devshm::Shape of[number_count];
  constexpr Shapes() : of{} {
    for (long number = 0; number < number_count; ++number) of[number] = devshm::shape_of(number);
  }
};

}  // namespace

// Named for the assembly below, which the compiler does not look into.
extern "C" {
extern const Shapes devshm_syscall_shapes;
[[gnu::used]] constinit const Shapes devshm_syscall_shapes;

/// The real function, once it has been looked up.
extern std::atomic<void*> devshm_real_syscall;
[[gnu::used]] constinit std::atomic<void*> devshm_real_syscall{nullptr};
}

namespace {

using devshm::Base;
using devshm::Places;
using devshm::Role;
using devshm::Shape;

using Arguments = long[6];

template <class T>
T* pointer(long argument) {
  return reinterpret_cast<T*>(argument);
}

auto next_syscall() { return NEXT(syscall); }

long run(const devshm::WordCall& call) {
  const long* w = call.words;
  return next_syscall().get()(reinterpret_cast<long>(call.real), w[0], w[1], w[2], w[3], w[4], w[5]);
}

Shape shape_at(long number) {
  const auto index = static_cast<unsigned>(number);  // the kernel, too, looks at 32 bits
  return index < number_count ? devshm_syscall_shapes.of[index] : Shape::none;
}

/// Makes the system call, with the paths that it has at those places judged.
long call_with_paths(long number, const Arguments& given, Places at, Role role = Role::named) {
  devshm::WordCall call{.function = next_syscall().real,
                        .places = devshm::PathPlaces(),
                        .words = {},
                        .run = run,
                        .real = pointer<void>(number)};
  unsigned count = 0;
  __builtin_memcpy(call.words, given, sizeof given);
  const auto add = [&](signed char path, signed char dir) {
    if (path < 0) return;
    const auto base = dir < 0 ? Base::none : dir < path ? Base::before : Base::behind;
    call.places.of[count++] = devshm::PathPlace::at(path, base, role);
  };
  add(at.path, at.dir);
  add(at.second, at.second_dir);
  return call.make();
}

long execute(long number, const Arguments& given, Places at, signed char environment) {
  const devshm::Program program{.path = pointer<const char>(given[at.path]),
                                .dir = at.dir < 0 ? AT_FDCWD : static_cast<int>(given[at.dir])};
  const devshm::ChildEnvironment child(pointer<char* const>(given[environment]), program);
  Arguments completed;
  __builtin_memcpy(completed, given, sizeof given);
  completed[environment] = devshm::sys::word(child.build(alloca(child.size())));
  return call_with_paths(number, completed, at);
}

long open_at(long number, const Arguments& given, Places at) {
  const auto* path = pointer<const char>(given[1]);
  const auto* how = pointer<const open_how>(given[2]);
  const auto size = static_cast<std::size_t>(given[3]);
  if (!devshm::may_match(path) || !devshm::is_restricted(how, size)) return call_with_paths(number, given, at);
  const auto real = [](int dir, const char* rest, const open_how* with, std::size_t with_size) {
    return static_cast<int>(next_syscall().get()(SYS_openat2, dir, rest, with, with_size, 0L, 0L));
  };
  return devshm::open_restricted(real, static_cast<int>(given[0]), path, how, size);
}

long examine(long number, const Arguments& given, Shape shape) {
  const long result = call_with_paths(number, given, devshm::places_of(shape));
  if (result != 0) return result;
  const bool inside = shape == Shape::statfs ? devshm::is_inside(pointer<const char>(given[0]))
                                             : devshm::is_in_overlay(static_cast<int>(given[0]));
  if (inside) devshm::say_tmpfs(*pointer<struct statfs>(given[1]));
  return result;
}

/// The kernel returns the length, with the end, and knows no buffer of its own.
long working_directory(const Arguments& given) {
  auto* const out = pointer<char>(given[0]);
  const auto size = static_cast<std::size_t>(given[1]);
  if (!out || !size) return next_syscall().get()(SYS_getcwd, out, size, 0L, 0L, 0L, 0L);
  return devshm_inner_getcwd(out, size) ? static_cast<long>(devshm::length_of(out)) + 1 : -1;
}

/// The function of the same name.
devshm::WordFunction inner_function(long number) {
  const auto as_words = [](auto* inner) {
    return reinterpret_cast<devshm::WordFunction>(reinterpret_cast<void*>(inner));
  };
  switch (number) {
#ifdef SYS_readlink
    case SYS_readlink: return as_words(devshm_inner_readlink);
#endif
    case SYS_readlinkat: return as_words(devshm_inner_readlinkat);
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
  // Some return an int, of which a word has the lower half; and none ever more than that.
  return static_cast<int>(inner_function(number)(given[0], given[1], given[2], given[3], given[4], given[5]));
}

long call_by_shape(long number, const Arguments& given) {
  devshm_real_syscall.store(reinterpret_cast<void*>(next_syscall().get()), std::memory_order_relaxed);
  const Shape shape = shape_at(number);
  const Places at = devshm::places_of(shape);
  switch (shape) {
    case Shape::unlinkat: return call_with_paths(number, given, at, Role::unlinked);
    case Shape::removed: return call_with_paths(number, given, at, Role::removed);
    case Shape::removed_two:
    case Shape::removed_two_at: return call_with_paths(number, given, at, Role::moved);
    case Shape::two:
    case Shape::two_at:
      return call_with_paths(number, given, at, number == SYS_move_mount ? Role::named : Role::linked);
    case Shape::openat2: return open_at(number, given, at);
    case Shape::statfs:
    case Shape::fstatfs: return examine(number, given, shape);
    case Shape::mount:  // a source like "tmpfs" is no path
      if (given[0] && devshm::has_slash(pointer<const char>(given[0]))) return call_with_paths(number, given, at);
      return call_with_paths(number, given, {at.second});
    case Shape::fsconfig:
      if (given[1] == FSCONFIG_SET_PATH || given[1] == FSCONFIG_SET_PATH_EMPTY)
        return call_with_paths(number, given, at);
      return call_with_paths(number, given, {});
    case Shape::getcwd: return working_directory(given);
    case Shape::as_function: return call_function(number, given);
    case Shape::execve: return execute(number, given, at, 2);
    case Shape::execveat: return execute(number, given, at, 3);
    default: return call_with_paths(number, given, at);
  }
}

}  // namespace

extern "C" {
/// Like libc's own function it reads six arguments, however many there are.
[[gnu::used, gnu::noinline]] WORDS_ONLY long devshm_syscall_at_leisure(long number, ...) {
  va_list rest;
  va_start(rest, number);
  Arguments given;
  for (long& argument : given) argument = va_arg(rest, long);
  va_end(rest);
  return call_by_shape(number, given);
}
}  // extern "C"

#if defined(__x86_64__)
// Written out, because the seventh argument is on the stack, and only if the caller has given one: else that place is
// a variable of the caller's. A function in C++ owns its arguments and may write to the place, which it does to hand
// them on. Nor is a counter to use a register here.
EXPORT __attribute__((naked, no_profile_instrument_function)) long devshm_syscall() __asm__("syscall");
static_assert(number_count == 512);
long devshm_syscall() {
  __asm__(
      "mov %edi, %r10d\n\t"
      "cmp $512, %r10d\n\t"
      "jae 1f\n\t"
      "lea devshm_syscall_shapes(%rip), %r11\n\t"
      "cmpb $0, (%r11,%r10)\n\t"
      "jne 2f\n"
      "1:\tmov devshm_real_syscall(%rip), %r11\n\t"
      "test %r11, %r11\n\t"
      "jz 2f\n\t"
      "jmp *%r11\n"
      "2:\tjmp devshm_syscall_at_leisure");
}
#else
// All seven arguments are in registers: for integers the call is the same as the variadic one.
EXPORT long devshm_syscall(long number, long a, long b, long c, long d, long e, long f) __asm__("syscall");
long devshm_syscall(long number, long a, long b, long c, long d, long e, long f) {
  const auto real = reinterpret_cast<decltype(&::syscall)>(devshm_real_syscall.load(std::memory_order_relaxed));
  const auto index = static_cast<unsigned>(number);
  const bool is_plain = index >= number_count || devshm_syscall_shapes.of[index] == Shape::none;
  if (__builtin_expect(real && is_plain, 1)) return real(number, a, b, c, d, e, f);
  return devshm_syscall_at_leisure(number, a, b, c, d, e, f);
}
#endif
