// SPDX-License-Identifier: MIT
//
// Starts a child process without libc: clone(2) with a function to run and a stack for it.
#pragma once

#include "kernel.h"

namespace devshm::store {

/// Runs `function(argument)` in a child, on a stack that ends at `stack_end` (aligned to 16 bytes). The function must
/// not return. Returns the child's id, or a negative errno. `flags` are clone(2)'s.
inline long clone_to(long flags, char* stack_end, void (*function)(void*), void* argument) {
  void** const stack = reinterpret_cast<void**>(stack_end) - 2;
  stack[0] = reinterpret_cast<void*>(function);
  stack[1] = argument;
#if defined(__x86_64__)
  long result;
  register long r10 __asm__("r10") = 0;
  register long r8 __asm__("r8") = 0;
  __asm__ volatile(
      "syscall\n\t"
      "test %%rax, %%rax\n\t"
      "jnz 1f\n\t"
      "xor %%ebp, %%ebp\n\t"
      "pop %%rax\n\t"
      "pop %%rdi\n\t"
      "call *%%rax\n\t"
      "ud2\n"
      "1:"
      : "=a"(result)
      : "a"(SYS_clone), "D"(flags), "S"(stack), "d"(0), "r"(r10), "r"(r8)
      : "rcx", "r11", "memory");
  return result;
#else
  register long x8 __asm__("x8") = SYS_clone;
  register long x0 __asm__("x0") = flags;
  register long x1 __asm__("x1") = reinterpret_cast<long>(stack);
  register long x2 __asm__("x2") = 0;
  register long x3 __asm__("x3") = 0;
  register long x4 __asm__("x4") = 0;
  __asm__ volatile(
      "svc #0\n\t"
      "cbnz x0, 1f\n\t"
      "mov x29, xzr\n\t"
      "ldp x1, x0, [sp], #16\n\t"
      "blr x1\n\t"
      "brk #0\n"
      "1:"
      : "+r"(x0)
      : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4)
      : "x30", "memory");
  return x0;
#endif
}

}  // namespace devshm::store
