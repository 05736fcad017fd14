// SPDX-License-Identifier: MIT
//
// The look-up of symbols in objects whose tables are broken in all ways, against a reader that takes nothing for
// granted. An input describes an object and what is then done to it, line by line:
//
//   sym NAME VERSION TYPE BINDING SECTION   a symbol; versions: 0 local, 1 none, 2 OTHER_1.0, 3 GLIBC_1.0, 4 GLIBC_2.0;
//                                           32768 more: hidden. Types and bindings as in elf.h
//   table gnu BUCKETS | table sysv BUCKETS  the kinds of hash table; gnu with 1 bucket if there is no such line
//   versions                                has symbol versions
//   relocated                               the addresses in the dynamic section are (glibc), else they are not (musl)
//   poke TABLE OFFSET VALUE                 a word of four bytes in dynamic, symbols, strings, versions, definitions,
//   hash
//
// Excused is only what leads the look-up, as the formats have it, out of the object: no loader could use such a thing.
#include "../../preload/loaded_objects.cpp"
#include "../../preload/text.cpp"
#include "symbols_reader.h"

namespace {

/// The same of an object that nobody has broken, by its description alone.
Address by_description(const Image& image, const std::string& name) {
  std::pair<unsigned, Address> best{0, 0};
  for (std::size_t i = 0; i < image.symbols.size() && image.buckets; ++i) {
    const Symbol& symbol = image.symbols[i];
    const unsigned number = symbol.version & 0x7fff;
    const bool is_code = symbol.type == STT_FUNC || symbol.type == STT_NOTYPE || symbol.type == STT_GNU_IFUNC;
    const bool is_shown =
        symbol.binding == STB_GLOBAL || symbol.binding == STB_WEAK || symbol.binding == STB_GNU_UNIQUE;
    const bool is_version = !image.has_versions || number == 1 || number == 3 || number == 4;
    if (symbol.name != name || !symbol.section || !is_code || !is_shown || !is_version) continue;
    const unsigned rank = image.has_versions ? (number | (symbol.version & 0x8000 ? 0 : 0x8000)) : 1;
    const Address at = symbol.type == STT_GNU_IFUNC ? reinterpret_cast<Address>(&resolved) : image.base() + 8 * (i + 1);
    // Of two of the same rank the table's order decides.
    if (rank > best.first)
      best = {rank, at};
    else if (rank == best.first)
      best.second = 1;
  }
  return best.second;
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned seed) {
  return fuzz::mutate_lines(
      data, size, max_size, seed,
      {"sym @ 1 2 1 1", "sym @ # # # #", "sym @ 3 2 1 1", "sym @ 32771 10 2 1", "table gnu #", "table sysv #",
       "versions", "relocated", "poke hash # #", "poke hash # #", "poke symbols # #", "poke versions # #",
       "poke definitions # #", "poke strings # #", "poke dynamic # #"},
      {"open", "opendir", "sem_open", "a", "b", "gnu", "sysv", "hash", "dynamic", "strings"});
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string description = fuzz::text_of(data, std::min<std::size_t>(size, 2000));
  const Image image(description);
  CarefulReader reader(image);
  for (const char* name : {"open", "opendir", "sem_open", "a", ""}) try {
      const Address expected = reader.find(name);
      const auto found = reinterpret_cast<Address>(devshm::defined_in(image.object(), name));
      EXPECT(found == expected, name, std::to_string(found - image.base()), std::to_string(expected - image.base()));
      if (image.is_broken()) continue;
      const Address described = by_description(image, name);
      EXPECT(found == described || described == 1, name, std::to_string(found - image.base()));
    } catch (const Excused&) {
      EXPECT(image.is_broken(), name);
    }
  try {
    const Address expected = reader.soname();
    if (expected - image.base() >= image_size && expected) throw Excused();
    const char* found = image.object().soname();
    EXPECT(expected ? reinterpret_cast<Address>(found) == expected : !*found);
  } catch (const Excused&) {
    EXPECT(image.is_broken());
  }
  return 0;
}
