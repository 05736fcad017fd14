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
#include <map>
#include <optional>

#include "../../preload/loaded_objects.cpp"
#include "../../preload/text.cpp"
#include "fuzz.h"

namespace {

using Word = std::uint32_t;
using Address = std::uintptr_t;

constexpr std::size_t image_size = 4096;
const char* const version_names[] = {"OTHER_1.0", "GLIBC_1.0", "GLIBC_2.0"};

struct Symbol {
  std::string name;
  unsigned version, type, binding, section;
};

long resolved;
const void* resolver(unsigned long) { return &resolved; }

Word gnu_hash(const std::string& name) {
  Word hash = 5381;
  for (const char c : name) hash = (hash << 5) + hash + static_cast<unsigned char>(c);
  return hash;
}

Word sysv_hash(const std::string& name) {  // as the gABI has it
  unsigned long h = 0, g;
  for (const char c : name) {
    h = (h << 4) + static_cast<unsigned char>(c);
    if ((g = h & 0xf0000000)) h ^= g >> 24;
    h &= ~g;
  }
  return static_cast<Word>(h);
}

/// The object that an input describes.
class Image {
 public:
  explicit Image(const std::string& description) {
    for (const std::string& line : fuzz::split(description, '\n')) {
      fuzz::Words words(line);
      const std::string word = words.text();
      if (word == "sym" && symbols.size() < 24) {
        const std::string name = words.text();
        const auto next = [&](Word most) { return static_cast<unsigned>(words.number()) & most; };
        const unsigned version = next(0xffff), type = next(15), binding = next(15), section = next(0xffff);
        symbols.push_back({std::string(name.c_str()).substr(0, 40), version, type, binding, section});
      } else if (word == "table") {
        is_gnu = words.text() != "sysv";
        buckets = static_cast<Word>(words.number() % 8);
      } else if (word == "versions") {
        has_versions = true;
      } else if (word == "relocated") {
        relocated = true;
      } else if (word == "poke") {
        const std::string table = words.text();
        const std::size_t offset = words.number();
        pokes.push_back({table, offset, static_cast<Word>(words.number())});
      }
    }
    bytes_ = static_cast<char*>(std::aligned_alloc(64, image_size));
    std::memset(bytes_, 0, image_size);
    build();
    for (const Poke& poke : pokes)
      if (const auto table = tables_.find(poke.table); table != tables_.end())
        std::memcpy(bytes_ + std::min(table->second + poke.offset % 1024, image_size - 4), &poke.value, 4);
  }
  ~Image() { std::free(bytes_); }
  Image(const Image&) = delete;
  Image& operator=(const Image&) = delete;

  Address base() const { return reinterpret_cast<Address>(bytes_); }
  Address dynamic() const { return base() + tables_.at("dynamic"); }
  devshm::LoadedObject object() const {
    return {base(), reinterpret_cast<const ElfW(Dyn)*>(dynamic()), "image", nullptr, 0};
  }
  bool is_broken() const { return !pokes.empty(); }

  std::vector<Symbol> symbols;
  bool is_gnu = true, has_versions = false, relocated = false;
  Word buckets = 1;

 private:
  struct Poke {
    std::string table;
    std::size_t offset;
    Word value;
  };

  template <class Entry>
  void store(const char* name, const std::vector<Entry>& entries) {
    used_ = (used_ + 15) / 16 * 16;
    const std::size_t size = entries.size() * sizeof(Entry);
    if (used_ + size > image_size) std::abort();
    std::memcpy(bytes_ + used_, entries.data(), size);
    tables_[name] = used_;
    used_ += size;
  }

  void build() {
    if (is_gnu && buckets)  // which wants the symbols by bucket
      std::stable_sort(symbols.begin(), symbols.end(), [this](const Symbol& a, const Symbol& b) {
        return gnu_hash(a.name) % buckets < gnu_hash(b.name) % buckets;
      });
    std::string texts("\0name.so\0", 9);
    const auto text_at = [&](const std::string& text) {
      texts += text + '\0';
      return static_cast<Word>(texts.size() - text.size() - 1);
    };
    std::vector<ElfW(Sym)> entries(1);
    std::vector<ElfW(Half)> versions(1);
    for (std::size_t i = 0; i < symbols.size(); ++i) {
      const Symbol& symbol = symbols[i];
      ElfW(Sym) entry{};
      entry.st_name = text_at(symbol.name);
      entry.st_info = static_cast<unsigned char>(symbol.binding << 4 | symbol.type);
      entry.st_shndx = static_cast<ElfW(Half)>(symbol.section);
      entry.st_value = symbol.type == STT_GNU_IFUNC ? reinterpret_cast<Address>(&resolver) - base() : 8 * (i + 1);
      entries.push_back(entry);
      versions.push_back(static_cast<ElfW(Half)>(symbol.version));
    }
    struct Definition {
      ElfW(Verdef) definition;
      ElfW(Verdaux) name;
    };
    std::vector<Definition> definitions(std::size(version_names));
    for (std::size_t i = 0; i < definitions.size(); ++i) {
      definitions[i].definition.vd_ndx = static_cast<ElfW(Half)>(i + 2);
      definitions[i].definition.vd_aux = sizeof(ElfW(Verdef));
      definitions[i].definition.vd_next = i + 1 < definitions.size() ? sizeof(Definition) : 0;
      definitions[i].name.vda_name = text_at(version_names[i]);
    }
    used_ = 64;  // nothing has the offset 0
    store("symbols", entries);
    store("versions", versions);
    store("definitions", definitions);
    store("hash", is_gnu ? gnu_table() : sysv_table());
    store("strings", std::vector<char>(texts.begin(), texts.end()));

    const Address offset = relocated ? base() : 0;
    std::vector<ElfW(Dyn)> dynamic;
    const auto add = [&](ElfW(Sxword) tag, Address value) {
      ElfW(Dyn) entry{};
      entry.d_tag = tag;
      entry.d_un.d_val = value;
      dynamic.push_back(entry);
    };
    add(is_gnu ? DT_GNU_HASH : DT_HASH, offset + tables_["hash"]);
    add(DT_STRTAB, offset + tables_["strings"]);
    add(DT_SYMTAB, offset + tables_["symbols"]);
    add(DT_SONAME, 1);
    if (has_versions) {
      add(DT_VERSYM, offset + tables_["versions"]);
      add(DT_VERDEF, offset + tables_["definitions"]);
      add(DT_VERDEFNUM, definitions.size());
    }
    add(DT_NULL, 0);
    store("dynamic", dynamic);
  }

  std::vector<Word> gnu_table() const {
    // The filter has a bit of every name, and a few that nobody has.
    std::uint64_t filter = 0x10001;
    std::vector<Word> first(buckets), chain;
    for (std::size_t i = 0; i < symbols.size() && buckets; ++i) {
      const Word hash = gnu_hash(symbols[i].name), bucket = hash % buckets;
      filter |= UINT64_C(1) << hash % 64 | UINT64_C(1) << (hash >> 6) % 64;
      const bool is_last = i + 1 == symbols.size() || gnu_hash(symbols[i + 1].name) % buckets != bucket;
      if (!first[bucket]) first[bucket] = static_cast<Word>(i + 1);
      chain.push_back((hash & ~1u) | is_last);
    }
    std::vector<Word> table{buckets, 1, 1, 6, static_cast<Word>(filter), static_cast<Word>(filter >> 32)};
    table.insert(table.end(), first.begin(), first.end());
    table.insert(table.end(), chain.begin(), chain.end());
    return table;
  }

  std::vector<Word> sysv_table() const {
    const auto count = static_cast<Word>(symbols.size() + 1);
    std::vector<Word> table(2 + buckets + count);
    table[0] = buckets;
    table[1] = count;
    for (Word i = 1; i < count && buckets; ++i) {
      Word& head = table[2 + sysv_hash(symbols[i - 1].name) % buckets];
      table[2 + buckets + i] = head;
      head = i;
    }
    return table;
  }

  char* bytes_ = nullptr;
  std::size_t used_ = 0;
  std::map<std::string, std::size_t> tables_;
  std::vector<Poke> pokes;
};

struct Excused {};

/// Looks up as the gABI, the GNU hash table and the Linux Standard Base have it, and goes nowhere but in the image.
class CarefulReader {
 public:
  explicit CarefulReader(const Image& image) : image_(image) {}

  Address find(const std::string& name) {
    const Address symbols = table(DT_SYMTAB), strings = table(DT_STRTAB);
    if (!symbols || !strings) return 0;
    std::vector<Word> same_hash;
    if (const Address hash = table(DT_GNU_HASH))
      same_hash = in_gnu_table(hash, name);
    else if (const Address old = table(DT_HASH))
      same_hash = in_sysv_table(old, name);
    struct Candidate {
      bool is_default;
      unsigned version;
      ElfW(Sym) symbol;
    };
    std::optional<Candidate> best;
    for (const Word index : same_hash) {
      const auto symbol = at<ElfW(Sym)>(symbols + Address{index} * sizeof(ElfW(Sym)));
      if (!is_a_definition(symbol) || !is_text(strings + symbol.st_name, name, true)) continue;
      unsigned version = 1;
      if (const Address versions = table(DT_VERSYM)) version = at<ElfW(Half)>(versions + Address{index} * 2);
      const Candidate candidate{version < 0x8000, version & 0x7fff, symbol};
      if (candidate.version == 0 || (candidate.version > 1 && !is_of_glibc(candidate.version, strings))) continue;
      const auto rank = [](const Candidate& c) { return std::pair(c.is_default, c.version); };
      if (!best || rank(*best) < rank(candidate)) best = candidate;
    }
    if (!best) return 0;
    const Address found = image_.base() + best->symbol.st_value;
    if ((best->symbol.st_info & 15) != STT_GNU_IFUNC) return found;
    if (found != reinterpret_cast<Address>(&resolver)) throw Excused();  // any code at all
    return reinterpret_cast<Address>(&resolved);
  }

  Address soname() {
    const ElfW(Xword) offset = value(DT_SONAME);
    const Address strings = table(DT_STRTAB);
    return offset && strings ? strings + offset : 0;
  }

 private:
  template <class Value>
  Value at(Address address) const {
    const Address offset = address - image_.base();
    if (offset > image_size - sizeof(Value) || address % alignof(Value)) throw Excused();
    Value value;
    std::memcpy(&value, reinterpret_cast<const void*>(address), sizeof value);
    return value;
  }

  ElfW(Xword) value(ElfW(Sxword) tag) const {
    for (Address entry = image_.dynamic();; entry += sizeof(ElfW(Dyn))) {
      const auto found = at<ElfW(Dyn)>(entry);
      if (found.d_tag == DT_NULL) return 0;
      if (found.d_tag == tag) return found.d_un.d_val;
    }
  }

  /// Relocated or not: the one of the two that lies in the image. What neither does can't be read.
  Address table(ElfW(Sxword) tag) const {
    const Address told = value(tag);
    if (!told || told - image_.base() < image_size) return told;
    return image_.base() + told;
  }

  bool is_text(Address address, const std::string& text, bool whole) const {
    for (std::size_t i = 0; i < text.size(); ++i)
      if (at<char>(address + i) != text[i]) return false;
    return !whole || at<char>(address + text.size()) == '\0';
  }

  static bool is_a_definition(const ElfW(Sym) & symbol) {
    const std::vector<int> types{STT_NOTYPE, STT_FUNC, STT_GNU_IFUNC};
    const std::vector<int> bindings{STB_GLOBAL, STB_WEAK, STB_GNU_UNIQUE};
    return symbol.st_shndx != SHN_UNDEF && symbol.st_value != 0 &&
           std::count(types.begin(), types.end(), symbol.st_info & 15) &&
           std::count(bindings.begin(), bindings.end(), symbol.st_info >> 4);
  }

  bool is_of_glibc(unsigned version, Address strings) const {
    Address definition = table(DT_VERDEF);
    for (int steps = 0; definition; ++steps) {
      if (steps > 100) throw Excused();  // a ring
      const auto found = at<ElfW(Verdef)>(definition);
      if (found.vd_ndx == version) {
        const auto name = at<ElfW(Verdaux)>(definition + found.vd_aux);
        return is_text(strings + name.vda_name, "GLIBC_", false);
      }
      definition = found.vd_next ? definition + found.vd_next : 0;
    }
    return false;
  }

  std::vector<Word> in_gnu_table(Address table, const std::string& name) const {
    const auto word = [&](Address index) { return at<Word>(table + 4 * index); };
    const Word count = word(0), first_symbol = word(1), filter_size = word(2), shift = word(3), hash = gnu_hash(name);
    if (!count || !filter_size) return {};
    if (shift >= 32) throw Excused();  // no such shift
    const auto filter = at<std::uint64_t>(table + 16 + 8 * Address{hash / 64 % filter_size});
    if (!(filter >> hash % 64 & 1) || !(filter >> (hash >> shift) % 64 & 1)) return {};
    const Address buckets = 4 + 2 * Address{filter_size}, chain = buckets + count;
    std::vector<Word> found;
    const Word first = word(buckets + hash % count);
    if (first < first_symbol) return {};
    for (Word index = first;; ++index) {
      const Word entry = word(chain + (index - first_symbol));
      if ((entry ^ hash) < 2) found.push_back(index);
      if (entry & 1) return found;
    }
  }

  std::vector<Word> in_sysv_table(Address table, const std::string& name) const {
    const auto word = [&](Address index) { return at<Word>(table + 4 * index); };
    const Word count = word(0);
    std::vector<Word> found;
    if (!count) return found;
    for (Word index = word(2 + sysv_hash(name) % count); index; index = word(2 + Address{count} + index)) {
      if (found.size() > image_size) throw Excused();  // a ring
      found.push_back(index);
    }
    return found;
  }

  const Image& image_;
};

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
