// SPDX-License-Identifier: MIT
//
// For symbols.cpp: a reader of symbol tables that takes nothing for granted.
#pragma once

#include <optional>

#include "symbols_image.h"

namespace {

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

}  // namespace
