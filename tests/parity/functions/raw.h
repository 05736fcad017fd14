// SPDX-License-Identifier: MIT
//
// System calls made past libc, and so past any preload: with these the program lays out its files and looks at what a
// call has done. (syscall() won't do: it is one of the functions under test.)
#pragma once

#include <sys/syscall.h>

namespace parity {

/// The kernel's own result: -errno on failure.
inline long raw_syscall(long number, long a, long b, long c, long d, long e) {
#if defined(__x86_64__)
  long result;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
                   : "rcx", "r11", "memory");
  return result;
#elif defined(__aarch64__)
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  register long x4 __asm__("x4") = e;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
  return x0;
#else
#error "not an architecture of devshm"
#endif
}

inline long as_word(long value) { return value; }
inline long as_word(const void* value) { return reinterpret_cast<long>(value); }

template <class... Arguments>
long raw(long number, Arguments... arguments) {
  const long words[5] = {as_word(arguments)...};
  return raw_syscall(number, words[0], words[1], words[2], words[3], words[4]);
}

}  // namespace parity
