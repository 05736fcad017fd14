// SPDX-License-Identifier: MIT
#include "sem_open_operand.h"

#include "text.h"

namespace devshm {
namespace {

constexpr std::size_t operand_size = 8;

/// The symbol of sem_open with one of glibc's versions. Null for other libcs, and before 2.34, where libpthread has it.
const ElfW(Sym) * sem_open_in(const LoadedObject& object) {
  if (!same(object.soname(), "libc.so.6")) return nullptr;
  return SymbolTable(object).find("sem_open");
}

/// Whether the whole of a function can be read.
[[maybe_unused]] bool is_readable_code(const LoadedObject& object, const ElfW(Sym) & function) {
  for (std::size_t i = 0; i < object.header_count; ++i) {
    const ElfW(Phdr)& segment = object.headers[i];
    const ElfW(Addr) offset = function.st_value - segment.p_vaddr;
    if (segment.p_type == PT_LOAD && segment.p_flags & PF_R && segment.p_flags & PF_X && offset < segment.p_filesz &&
        function.st_size <= segment.p_filesz - offset)
      return true;
  }
  return false;
}

/// The operand of the only `movabs $operand, %register` with this value; null if there is none, or a second one.
[[maybe_unused]] const char* only_operand(const char* begin, std::size_t size, const char* operand) {
  const char* found = nullptr;
  for (const char* at = begin; at + 2 + operand_size <= begin + size; ++at) {
    const auto prefix = static_cast<unsigned char>(at[0]), opcode = static_cast<unsigned char>(at[1]);
    if ((prefix & 0xfe) != 0x48 || (opcode & 0xf8) != 0xb8) continue;  // REX.W, REX.B; mov to one of eight registers
    if (!begins_with(at + 2, operand, operand_size)) continue;
    if (found) return nullptr;
    found = at + 2;
  }
  return found;
}

}  // namespace

bool has_template(const LoadedObject& object) { return sem_open_in(object) != nullptr; }

const char* operand_in_sem_open([[maybe_unused]] const LoadedObject& object, [[maybe_unused]] const char* text) {
#if defined(__x86_64__)
  const ElfW(Sym)* function = sem_open_in(object);
  if (!function || ELF64_ST_TYPE(function->st_info) != STT_FUNC || !is_readable_code(object, *function)) return nullptr;
  const char* begin = reinterpret_cast<const char*>(object.base + function->st_value);
  return only_operand(begin, function->st_size, "/sem.XXX") ? only_operand(begin, function->st_size, text) : nullptr;
#else
  return nullptr;
#endif
}

}  // namespace devshm
