// SPDX-License-Identifier: MIT
#include "roomy_stack.h"

#include <signal.h>

#include <atomic>

#include "store/kernel.h"

extern "C" void devshm_call_on_stack(void* argument, void (*function)(void*), char* stack_end);

#if defined(__x86_64__)
__asm__(
    ".pushsection .text\n\t.hidden devshm_call_on_stack\n\t.globl devshm_call_on_stack\n\t"
    ".type devshm_call_on_stack, %function\n"
    "devshm_call_on_stack:\n\t.cfi_startproc\n\t"
    "push %rbp\n\t.cfi_adjust_cfa_offset 8\n\t.cfi_rel_offset %rbp, 0\n\t"
    "mov %rsp, %rbp\n\t.cfi_def_cfa_register %rbp\n\t"
    "mov %rdx, %rsp\n\tcall *%rsi\n\t"
    "mov %rbp, %rsp\n\tpop %rbp\n\t.cfi_def_cfa %rsp, 8\n\tret\n\t.cfi_endproc\n\t"
    ".size devshm_call_on_stack, . - devshm_call_on_stack\n\t.popsection");
#elif defined(__aarch64__)
__asm__(
    ".pushsection .text\n\t.hidden devshm_call_on_stack\n\t.globl devshm_call_on_stack\n\t"
    ".type devshm_call_on_stack, %function\n"
    "devshm_call_on_stack:\n\t.cfi_startproc\n\t"
    "stp x29, x30, [sp, #-16]!\n\t.cfi_adjust_cfa_offset 16\n\t.cfi_rel_offset x29, 0\n\t.cfi_rel_offset x30, 8\n\t"
    "mov x29, sp\n\t.cfi_def_cfa_register x29\n\t"
    "mov sp, x2\n\tblr x1\n\t"
    "mov sp, x29\n\t.cfi_def_cfa_register sp\n\tldp x29, x30, [sp], #16\n\t"
    ".cfi_adjust_cfa_offset -16\n\t.cfi_restore x29\n\t.cfi_restore x30\n\tret\n\t.cfi_endproc\n\t"
    ".size devshm_call_on_stack, . - devshm_call_on_stack\n\t.popsection");
#endif

namespace devshm {
namespace {

constexpr std::size_t stack_size = 64 << 10;

bool is_on_alternate_stack() {
  stack_t stack;
  return sys::call(SYS_sigaltstack, 0, sys::word(&stack)) == 0 && stack.ss_flags & SS_ONSTACK;
}

[[gnu::cold, gnu::noinline]] void call_elsewhere(void (*function)(void*), void* argument) {
  char* const stack = static_cast<char*>(sys::allocate(stack_size));
  if (!stack) return function(argument);
  {
    const sys::SignalsBlocked blocked;
    devshm_call_on_stack(argument, function, stack + stack_size);
  }
  sys::munmap(stack, stack_size);
}

}  // namespace

void call_with_room(void (*function)(void*), void* argument) {
  // The frame of the last caller that was not on an alternate stack: a program often calls from the same place.
  static constinit std::atomic<const void*> roomy{nullptr};
  const void* const here = __builtin_frame_address(0);
  if (roomy.load(std::memory_order_relaxed) != here) {
    if (is_on_alternate_stack()) return call_elsewhere(function, argument);
    roomy.store(here, std::memory_order_relaxed);
  }
  function(argument);
}

}  // namespace devshm
