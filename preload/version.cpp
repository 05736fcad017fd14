// SPDX-License-Identifier: MIT
#include "version.h"

#include "text.h"

namespace devshm {
namespace {

constexpr char owner[] = "devshm";
constexpr std::size_t padded(std::size_t size) { return (size + 3) & ~std::size_t{3}; }

}  // namespace

[[gnu::section(".note.devshm"), gnu::used, gnu::aligned(4)]] constexpr VersionNote version_note = {
    .header = {.n_namesz = sizeof owner, .n_descsz = sizeof version_note.text, .n_type = 1},
    .owner = "devshm",
    .text = "devshm " DEVSHM_VERSION};

const char* version_of(const LoadedObject& object) {
  for (std::size_t i = 0; i < object.header_count; ++i) {
    const ElfW(Phdr)& header = object.headers[i];
    if (header.p_type != PT_NOTE) continue;
    const char* at = reinterpret_cast<const char*>(object.base + header.p_vaddr);
    const char* const end = at + header.p_memsz;
    while (at + sizeof(Elf64_Nhdr) <= end) {
      Elf64_Nhdr note;
      __builtin_memcpy(&note, at, sizeof note);
      const char* const name = at + sizeof note;
      const char* const text = name + padded(note.n_namesz);
      if (text + note.n_descsz > end) break;
      if (note.n_type == 1 && note.n_namesz == sizeof owner && same(name, owner)) return text;
      at = text + padded(note.n_descsz);
    }
  }
  return nullptr;
}

}  // namespace devshm
