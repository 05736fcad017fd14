// SPDX-License-Identifier: MIT
//
// How a wrapper is made. Most are one line, which says which of the function's arguments are paths:
//
//   FORWARD(mkdirat, path_at, 2);
//   NAMES_SOCKET(bind, 2);
//
// A call of such a function first comes to entry_<architecture>.S. There it goes straight on to libc's function, as a
// tail call, so that this one sees the caller's own frame and return address, unless its path may match: then it is
// for forward.h (or for socket.cpp, if it has an address). A function that has more to do in that case says what:
//
//   IF_MATCHING(2, int, unlinkat, int dir, const char* path, int flags) {
//     ...
//     return rewrite(REAL(unlinkat), dir, PathAt(path), flags);
//   }
//
// Those that have something to do in every case are functions of their own (EXPORT).
#pragma once

#include <tuple>

#include "forward.h"

/// A function that the library exports. Everything else in it is hidden.
#define EXPORT extern "C" __attribute__((visibility("default")))
#define NOTHROW noexcept

/// Another exported name for a wrapper of this file: libc's 64-bit and underscored twins, which on our architectures
/// are the same function there too.
#define ALIAS(name, function) \
  __asm__(".globl " #name "\n\t.type " #name ", %function\n\t.set " #name ", " #function "\n")

/// A wrapper's name for calls within this library: the exported one may be another library's, which may call us.
#define INNER_NAME(function)                                                                                        \
  __asm__(".globl devshm_inner_" #function "\n\t.hidden devshm_inner_" #function "\n\t.set devshm_inner_" #function \
          ", " #function "\n")

namespace [[gnu::visibility("hidden")]] devshm {

/// What entry_<architecture>.S is told of a wrapper.
struct Wrapper {
  PathPlaces places;
  RealFunction real;
};

/// The kinds of paths, as FORWARD names them, at a position counted from 1. The ..._at start at the descriptor that is
/// the argument before, path_before at the one behind.
namespace kinds {
constexpr PathPlace make(int position, bool has_base, Role role) {
  return PathPlace::at(position - 1, has_base ? Base::before : Base::none, role);
}
constexpr PathPlace path(int position) { return make(position, false, Role::named); }
constexpr PathPlace path_before(int position) { return PathPlace::at(position - 1, Base::behind, Role::named); }
constexpr PathPlace path_at(int position) { return make(position, true, Role::named); }
constexpr PathPlace removed(int position) { return make(position, false, Role::removed); }
constexpr PathPlace moved(int position) { return make(position, false, Role::moved); }
constexpr PathPlace moved_at(int position) { return make(position, true, Role::moved); }
constexpr PathPlace linked(int position) { return make(position, false, Role::linked); }
constexpr PathPlace linked_at(int position) { return make(position, true, Role::linked); }
constexpr PathPlace unlinked_at(int position) { return make(position, true, Role::unlinked); }
constexpr PathPlace sought(int position) { return make(position, false, Role::sought); }
constexpr PathPlace pattern(int position) { return make(position, false, Role::pattern); }
constexpr PathPlaces places(PathPlace first, PathPlace second = PathPlace()) { return {{first, second}}; }
}  // namespace kinds

/// What a function's parameters are.
template <class... P>
struct Parameters {
  using Types = std::tuple<P...>;
  static constexpr bool is_text[sizeof...(P)] = {(std::is_same_v<P, const char*> || std::is_same_v<P, char*>)...};
  static constexpr bool is_int[sizeof...(P)] = {std::is_same_v<P, int>...};
};
template <class R, class... P, bool N>
Parameters<P...> parameters_of(R (*)(P...) noexcept(N));
template <class R, class... P, bool N>
Parameters<P...> parameters_of(R (*)(P..., ...) noexcept(N));

/// Whether the prototype has paths, and their descriptors, where they are said to be.
template <class Function>
constexpr bool has_paths(PathPlaces places) {
  using Has = decltype(parameters_of(Function{}));
  for (const PathPlace place : places.of) {
    if (place.index == PathPlace::none) continue;
    if (!Has::is_text[place.index] || (place.base != Base::none && !Has::is_int[place.base_index()])) return false;
  }
  return true;
}

/// Whether it has an address of a socket at a position, and behind it the length, or where that is.
template <class Function, int position, class Address, class Length>
constexpr bool has_address() {
  using Has = typename decltype(parameters_of(Function{}))::Types;
  return std::is_same_v<std::tuple_element_t<position - 1, Has>, Address> &&
         std::is_same_v<std::tuple_element_t<position, Has>, Length>;
}

template <class Function>
struct Plain;
template <class R, class... P, bool N>
struct Plain<R (*)(P...) noexcept(N)> {
  using Type = R (*)(P...);
};
/// Whether two functions have the same prototype, as far as a call can tell.
template <class A, class B>
constexpr bool is_same_prototype = std::is_same_v<typename Plain<A>::Type, typename Plain<B>::Type>;

}  // namespace devshm

// The wrapper itself is assembler code, which loads the addresses of what entry_<architecture>.S needs and goes there.
#if defined(__x86_64__)
#define DEVSHM_LOAD_SLOT(name) "lea " name "(%rip), %r11\n\t"
#define DEVSHM_LOAD_WRAPPER(name) "lea " name "(%rip), %r10\n\t"
#define DEVSHM_LOAD_OWN(name) "lea " name "(%rip), %rax\n\t"
#define DEVSHM_GO_TO(name) "jmp " name "\n\t"
#elif defined(__aarch64__)
#define DEVSHM_LOAD_SLOT(name) "adr x16, " name "\n\t"
#define DEVSHM_LOAD_WRAPPER(name) "adr x17, " name "\n\t"
#define DEVSHM_LOAD_OWN(name) "adr x15, " name "\n\t"
#define DEVSHM_GO_TO(name) "b " name "\n\t"
#endif

// The variables have names that assembler code can use.
#define DEVSHM_WRAPPER(function, places, failure, load_own, way)                                                   \
  [[gnu::used]] static constinit ::devshm::Slot devshm_slot_##function __asm__("devshm_slot." #function){nullptr}; \
  [[gnu::used]] alignas(1) static constexpr ::devshm::Named<::devshm::Wrapper, sizeof #function>                   \
      devshm_wrapper_##function __asm__("devshm_wrapper." #function) = {{places, {failure, false}}, #function};    \
  __asm__(".pushsection .text." #function                                                                          \
          ", \"ax\", %progbits\n\t"                                                                                \
          ".globl " #function "\n\t.type " #function ", %function\n" #function                                     \
          ":\n\t" DEVSHM_LOAD_SLOT("devshm_slot." #function) DEVSHM_LOAD_WRAPPER("devshm_wrapper." #function)      \
              load_own DEVSHM_GO_TO(way) ".size " #function ", . - " #function "\n\t.popsection")

#define DEVSHM_FORWARD(function, failure, kind, position)                                                              \
  static_assert(::devshm::has_paths<decltype(&::function)>(::devshm::kinds::places(::devshm::kinds::kind(position)))); \
  DEVSHM_WRAPPER(function, (::devshm::kinds::places(::devshm::kinds::kind(position))), failure, "",                    \
                 "devshm_forward_" #position)

#define DEVSHM_IF(way, failure, result, function, ...)                                                      \
  static result devshm_own_##function(__VA_ARGS__) __asm__("devshm_own." #function);                        \
  static_assert(::devshm::is_same_prototype<decltype(&devshm_own_##function), decltype(&::function)>);      \
  DEVSHM_WRAPPER(function, ::devshm::PathPlaces(), failure, DEVSHM_LOAD_OWN("devshm_own." #function), way); \
  [[gnu::used]] static result devshm_own_##function(__VA_ARGS__)

/// A wrapper of a function with one path, of one of the kinds above, at that position.
#define FORWARD(function, kind, position) DEVSHM_FORWARD(function, DEVSHM_FAILURE_OF(function), kind, position)
/// With two of the same kind.
#define FORWARD_TWO(function, kind, first, second)                                                                 \
  static_assert(::devshm::has_paths<decltype(&::function)>(                                                        \
      ::devshm::kinds::places(::devshm::kinds::kind(first), ::devshm::kinds::kind(second))));                      \
  DEVSHM_WRAPPER(function, (::devshm::kinds::places(::devshm::kinds::kind(first), ::devshm::kinds::kind(second))), \
                 DEVSHM_FAILURE_OF(function), "", "devshm_forward_" #first "_" #second)
/// Of one that returns an error number.
#define FORWARD_AS_RESULT(function, kind, position) \
  DEVSHM_FORWARD(function, ::devshm::Failure::error_number, kind, position)

/// The head of a function that makes the calls of `function` in which a path at one of the positions (1, or 1_2) may
/// match. All others go straight to the real function, which is REAL(function) here.
#define IF_MATCHING(positions, result, function, ...) \
  DEVSHM_IF("devshm_if_matching_" #positions, DEVSHM_FAILURE_OF(function), result, function, __VA_ARGS__)
#define IF_MATCHING_AS_RESULT(positions, result, function, ...) \
  DEVSHM_IF("devshm_if_matching_" #positions, ::devshm::Failure::error_number, result, function, __VA_ARGS__)
/// Of one that makes the calls in which the pointer at the position is not null.
#define IF_GIVEN(position, result, function, ...) \
  DEVSHM_IF("devshm_if_given_" #position, DEVSHM_FAILURE_OF(function), result, function, __VA_ARGS__)
/// Of one that makes the calls with an AF_UNIX name: its address at the position, and the length behind it.
#define IF_UNIX(position, result, function, ...) \
  DEVSHM_IF("devshm_if_unix_" #position, DEVSHM_FAILURE_OF(function), result, function, __VA_ARGS__)
/// A wrapper of a function that is given the address of a socket, at that position: for the calls with an AF_UNIX name
/// there is socket.cpp.
#define NAMES_SOCKET(function, position) \
  DEVSHM_ADDRESS("devshm_name_socket_" #position, function, position, const ::sockaddr*, socklen_t)
/// Of one that tells an address, if it is asked for it.
#define TELLS_SOCKET(function, position) \
  DEVSHM_ADDRESS("devshm_tell_socket_" #position, function, position, ::sockaddr*, socklen_t*)
#define DEVSHM_ADDRESS(way, function, position, address, length)                                                    \
  static_assert(::devshm::has_address<decltype(&::function), position, address, length>());                         \
  DEVSHM_WRAPPER(function, (::devshm::kinds::places(::devshm::kinds::path(position))), DEVSHM_FAILURE_OF(function), \
                 "", way)
#define REAL(function)                                                                   \
  (::devshm::Next<decltype(&::function), devshm_wrapper_##function.what.real.failure()>{ \
      devshm_slot_##function, devshm_wrapper_##function.what.real})
