// SPDX-License-Identifier: MIT
//
// For symbols.cpp: the ELF object that an input describes, built in memory, and broken as the input says.
#pragma once

#include <map>

#include "../../preload/loaded_objects.h"
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

}  // namespace
