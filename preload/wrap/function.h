// SPDX-License-Identifier: MIT
//
// Describes a wrapped function: its name, which of its arguments are paths, and how it reports failure.
//
// The same terms are used everywhere. The kinds of paths below appear in the line of a wrapper (FORWARD(mkdirat,
// path_at, 2), wrapper.h), where a wrapper calls libc (NEXT(realpath, path, 1)), and in the table of system calls
// (path_at(2), syscall_table.h).
#pragma once

#include <errno.h>

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "../next_symbol.h"

namespace [[gnu::visibility("hidden")]] devshm {

/// What a call does with a path.
enum class Role : std::uint8_t {
  named,       ///< it reads or creates the file
  changed,     ///< it changes the file
  removed,     ///< it removes the file: EBUSY for /dev/shm itself, a mount point
  dropped,     ///< it removes the name, and never follows it
  unlinked,    ///< removed if the flags, the next argument, have AT_REMOVEDIR; else named
  moved,       ///< one of the two of a rename: EXDEV across the boundary of the overlay; /dev/shm itself is EBUSY
  linked,      ///< one of the two of a hard link: EXDEV likewise
  searched,    ///< a file that is searched for if its name has no slash (execvp, dlopen), which then is not a path
  spawned,     ///< the program of posix_spawn(3)
  pattern,     ///< a template of the mkstemp family: what the call fills in is written back to the caller's
  opened,      ///< it opens the file; the flags follow the path, the mode follows them
  created,     ///< it creates the file, as creat(2) does; the mode follows the path
  streamed,    ///< it opens the file as fopen(3) does; the mode's text follows the path
  restreamed,  ///< it opens the file as freopen(3) does; the mode's text and the stream follow the path
};

/// An argument that is a path. Arguments are counted from 1, as in the documentation of `nonnull` and in man pages.
struct PathArg {
  std::uint8_t position = 0;   ///< 0: there is none
  std::uint8_t directory = 0;  ///< the descriptor that a relative path starts at; 0: the working directory
  Role role = Role::named;
};

/// Which of a call's arguments are paths. No function takes more than two.
struct Paths {
  PathArg of[2];
  constexpr unsigned count() const { return (of[0].position ? 1u : 0u) + (of[1].position ? 1u : 0u); }
};

/// The kinds of paths. The ..._at kinds start at the descriptor in the argument before them, path_before at the one
/// after it.
namespace kinds {
constexpr PathArg make(int position, int directory, Role role) {
  return {static_cast<std::uint8_t>(position), static_cast<std::uint8_t>(directory), role};
}
constexpr PathArg from_here(int position, Role role) { return position ? make(position, 0, role) : PathArg(); }
constexpr PathArg from_descriptor(int position, Role role) {
  return position ? make(position, position - 1, role) : PathArg();
}
constexpr Paths path(int first, int second = 0) {
  return {{from_here(first, Role::named), from_here(second, Role::named)}};
}
constexpr Paths path_at(int first, int second = 0) {
  return {{from_descriptor(first, Role::named), from_descriptor(second, Role::named)}};
}
constexpr Paths changed(int position) { return {{from_here(position, Role::changed), {}}}; }
constexpr Paths changed_at(int position) { return {{from_descriptor(position, Role::changed), {}}}; }
constexpr Paths path_before(int position) { return {{make(position, position + 1, Role::named), {}}}; }
constexpr Paths removed(int position) { return {{from_here(position, Role::removed), {}}}; }
constexpr Paths dropped(int position) { return {{from_here(position, Role::dropped), {}}}; }
constexpr Paths unlinked_at(int position) { return {{from_descriptor(position, Role::unlinked), {}}}; }
constexpr Paths moved(int from, int to) { return {{from_here(from, Role::moved), from_here(to, Role::moved)}}; }
constexpr Paths moved_at(int from, int to) {
  return {{from_descriptor(from, Role::moved), from_descriptor(to, Role::moved)}};
}
constexpr Paths linked(int from, int to) { return {{from_here(from, Role::linked), from_here(to, Role::linked)}}; }
constexpr Paths linked_at(int from, int to) {
  return {{from_descriptor(from, Role::linked), from_descriptor(to, Role::linked)}};
}
constexpr Paths searched(int position) { return {{from_here(position, Role::searched), {}}}; }
constexpr Paths spawned(int position) { return {{from_here(position, Role::spawned), {}}}; }
constexpr Paths pattern(int position) { return {{from_here(position, Role::pattern), {}}}; }
constexpr Paths opened(int position) { return {{from_here(position, Role::opened), {}}}; }
constexpr Paths opened_at(int position) { return {{from_descriptor(position, Role::opened), {}}}; }
constexpr Paths created(int position) { return {{from_here(position, Role::created), {}}}; }
constexpr Paths streamed(int position) { return {{from_here(position, Role::streamed), {}}}; }
constexpr Paths restreamed(int position) { return {{from_here(position, Role::restreamed), {}}}; }
}  // namespace kinds

/// How a function reports failure.
enum class Failure : std::uint8_t {
  minus_one,       ///< an int of -1, and errno
  minus_one_long,  ///< a long of -1, and errno
  null,            ///< a null pointer, and errno
  null_alone,      ///< a null pointer (dlopen: the loader has an errno of its own)
  none,            ///< not at all (updwtmp)
  error_number,    ///< by returning the error; errno is not used (posix_spawn)
};

template <class Result>
constexpr Failure failure_of() {
  if constexpr (std::is_void_v<Result>)
    return Failure::none;
  else if constexpr (std::is_pointer_v<Result>)
    return Failure::null;
  else
    return sizeof(Result) == sizeof(long) ? Failure::minus_one_long : Failure::minus_one;
}

/// For a wrapper that refuses a call: sets errno and returns -1 or a null pointer.
template <class Result>
Result fail_with(int error) {
  errno = error;
  if constexpr (std::is_pointer_v<Result>)
    return nullptr;
  else
    return static_cast<Result>(-1);
}

/// A wrapped function. Its name follows in memory instead of being pointed to: a pointer would be one more relocation
/// at the start of every program.
struct Function {
  Paths paths;
  Failure failure;
  bool is_late;  ///< it may be in a library that is loaded later than the program

  const char* name() const { return reinterpret_cast<const char*>(this + 1); }
};

template <std::size_t Size>
struct NamedFunction {
  Function function;
  char name[Size];
};

/// The address of the real function, once it has been looked up; null until then. All slots are zero in the file, and
/// together in memory.
using Slot = std::atomic<void*>;

/// Looks up the real function: the next definition (next_symbol.h). If this libc has no such function, returns one that
/// does the same (stand_ins.h), or else one that fails with ENOSYS; then the slot stays null, because a late function
/// may still be loaded.
[[gnu::cold, gnu::noinline]] void* look_up(Slot& slot, const Function& function);

[[gnu::always_inline]] inline void* real_function(Slot& slot, const Function& function) {
  void* const known = slot.load(std::memory_order_relaxed);
  return __builtin_expect(known != nullptr, 1) ? known : look_up(slot, function);
}

}  // namespace devshm
