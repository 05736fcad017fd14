// SPDX-License-Identifier: MIT
#include "showing_files.h"

#include <atomic>

#include "../text.h"
#include "shown_call.h"

namespace devshm {
namespace {

/// libc's functions, in the order of the table. Each is looked up before ours can be called.
constinit std::atomic<void*> real_functions[shown_call_count] = {};
constinit std::atomic<void*> real_syscall{nullptr};

/// Replaces syscall(): the number comes before the other words.
long show_syscall(long number, long a, long b, long c, long d, long e, long f) {
  long words[] = {number, a, b, c, d, e, f};
  const auto real = reinterpret_cast<WordFunction>(real_syscall.load(std::memory_order_relaxed));
  for (const ShownCall& call : shown_calls)
    if (call.number == static_cast<int>(number)) return ShownCallInWords(call, real, words, 1).make();
  return real(number, a, b, c, d, e, f);
}

}  // namespace

// The stubs that replace them. Each passes its index in the table on, after the six arguments. All of the functions
// take their arguments in general registers.
#if defined(__x86_64__)
constexpr std::size_t stub_size = 16;
__asm__(
    ".pushsection .text.devshm_shown, \"ax\", %progbits\n\t"
    ".hidden devshm_shown_stubs\n\t.globl devshm_shown_stubs\n\t.balign 16\n"
    "devshm_shown_stubs:\n\t.set devshm_index, 0\n\t"
    ".rept 64\n\t.balign 16\n\tmov $devshm_index, %r11d\n\tjmp devshm_shown_behind\n\t"
    ".set devshm_index, devshm_index + 1\n\t.endr\n"
    "devshm_shown_behind:\n\t.cfi_startproc\n\t"
    "push %r11\n\t.cfi_adjust_cfa_offset 8\n\tcall devshm_shown\n\t"
    "add $8, %rsp\n\t.cfi_adjust_cfa_offset -8\n\tret\n\t.cfi_endproc\n\t.popsection");
#elif defined(__aarch64__)
constexpr std::size_t stub_size = 8;
__asm__(
    ".pushsection .text.devshm_shown, \"ax\", %progbits\n\t"
    ".hidden devshm_shown_stubs\n\t.globl devshm_shown_stubs\n\t.balign 8\n"
    "devshm_shown_stubs:\n\t.set devshm_index, 0\n\t"
    ".rept 64\n\tmov w6, #devshm_index\n\tb devshm_shown\n\t"
    ".set devshm_index, devshm_index + 1\n\t.endr\n\t.popsection");
#endif
static_assert(shown_call_count <= 64);

extern "C" {
extern const char devshm_shown_stubs[];
[[gnu::used]] long devshm_shown(long a, long b, long c, long d, long e, long f, unsigned index) {
  long words[] = {a, b, c, d, e, f, 0};
  void* const real = real_functions[index].load(std::memory_order_relaxed);
  return ShownCallInWords(shown_calls[index], reinterpret_cast<WordFunction>(real), words, 0).make();
}
}

void* showing_files(const char* name, void* real) {
  if (same(name, "syscall")) {
    real_syscall.store(real, std::memory_order_relaxed);
    return reinterpret_cast<void*>(&show_syscall);
  }
  for (std::size_t index = 0; index < shown_call_count; ++index) {
    if (!same(name, shown_calls[index].name)) continue;
    real_functions[index].store(real, std::memory_order_relaxed);
    return const_cast<char*>(devshm_shown_stubs + index * stub_size);
  }
  return real;
}

void* without_showing(void* found) {
  return found == reinterpret_cast<void*>(&show_syscall) ? real_syscall.load(std::memory_order_relaxed) : found;
}

}  // namespace devshm
