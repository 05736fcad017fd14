// SPDX-License-Identifier: MIT
#include "constant_change.h"

#include <sys/auxv.h>

#include <cstdint>

#include "constant_dir.h"
#include "sys.h"
#include "text.h"

namespace devshm {
namespace {

using Page = std::uintptr_t;

struct Span {
  Page begin;
  std::size_t size;
};

/// The one or two pages that hold the eight bytes at `at`.
Span pages_of(const char* at) {
  const Page page_size = getauxval(AT_PAGESZ);
  const Page address = reinterpret_cast<Page>(at);
  const Page begin = address & ~(page_size - 1);
  const Page end = (address + constant_length + page_size - 1) & ~(page_size - 1);
  return {begin, end - begin};
}

/// Makes processors execute the new contents of these pages. (libgcc's __clear_cache does the same in three times the
/// space, with unwind tables.)
void flush_instruction_cache([[maybe_unused]] Page begin, [[maybe_unused]] std::size_t size) {
#if defined(__aarch64__)  // x86_64 processors do so by themselves
  // The Arm Architecture Reference Manual, "Cache maintenance and the instruction stream": each line is written back to
  // where instructions come from, and only then dropped as instructions. CTR_EL0 has the lengths of the lines.
  std::uint64_t lines;
  __asm__ volatile("mrs %0, ctr_el0" : "=r"(lines));
  const Page end = begin + size;
  for (Page at = begin; at < end; at += Page{4} << (lines >> 16 & 15))
    __asm__ volatile("dc cvau, %0" ::"r"(at) : "memory");
  __asm__ volatile("dsb ish" ::: "memory");
  for (Page at = begin; at < end; at += Page{4} << (lines & 15)) __asm__ volatile("ic ivau, %0" ::"r"(at) : "memory");
  __asm__ volatile("dsb ish\n\tisb" ::: "memory");
#endif
}

/// Replaces the page by an edited copy in one step: a thread that reads or executes it sees either the old or the new
/// one, and libc's page is never writable.
bool by_moving_a_copy(const char* at, const char* text, bool executable) {
  const Span span = pages_of(at);
  char* copy = static_cast<char*>(sys::allocate(span.size));
  if (!copy) return false;
  __builtin_memcpy(copy, reinterpret_cast<const char*>(span.begin), span.size);
  __builtin_memcpy(copy + (reinterpret_cast<Page>(at) - span.begin), text, constant_length);
  if (executable) flush_instruction_cache(reinterpret_cast<Page>(copy), span.size);
  const int protection = PROT_READ | (executable ? PROT_EXEC : 0);
  if (sys::mprotect(copy, span.size, protection) != 0 ||
      sys::move_over(copy, reinterpret_cast<void*>(span.begin), span.size) != 0) {
    sys::munmap(copy, span.size);
    return false;
  }
  if (executable) flush_instruction_cache(span.begin, span.size);
  return holds(at, text);
}

/// The kernel writes into our private copy of the page, whatever its protection, as it does for a debugger. The
/// mapping stays one piece and keeps every property (PROT_BTI, for one), so this is the first way for code.
bool by_proc_mem(const char* at, const char* text) {
  const sys::Descriptor memory(sys::openat(AT_FDCWD, "/proc/self/mem", O_RDWR | O_CLOEXEC));
  if (!memory.is_open()) return false;
  const auto offset = static_cast<off_t>(reinterpret_cast<Page>(at));
  // Under an emulator the file may show other memory than ours: write only where it shows what we see.
  char seen[constant_length] = {};
  const bool is_ours =
      sys::call(SYS_pread64, memory.get(), sys::word(seen), sizeof seen, offset) == sizeof seen && holds(at, seen);
  if (is_ours) sys::pwrite(memory.get(), text, constant_length, offset);
  return holds(at, text);
}

/// Makes the page writable for a moment, where both other ways are refused.
bool by_unprotecting(const char* at, const char* text, bool executable) {
  const Span span = pages_of(at);
  void* begin = reinterpret_cast<void*>(span.begin);
  const int protection = PROT_READ | (executable ? PROT_EXEC : 0);
  if (sys::mprotect(begin, span.size, protection | PROT_WRITE) != 0) return false;
  __builtin_memcpy(const_cast<char*>(at), text, constant_length);
  sys::mprotect(begin, span.size, protection);
  return holds(at, text);
}

}  // namespace

bool change_constant(const ConstantPlace& place, const char* text) {
  const char* at = place.at;
  // In one step, so that no thread executes half of an operand; and without a page that is writable and executable.
  if (place.in_operand) return by_moving_a_copy(at, text, true) || by_proc_mem(at, text);
  if (place.in_executable)
    return by_proc_mem(at, text) || by_moving_a_copy(at, text, true) || by_unprotecting(at, text, true);
  return by_moving_a_copy(at, text, false) || by_proc_mem(at, text) || by_unprotecting(at, text, false);
}

}  // namespace devshm
