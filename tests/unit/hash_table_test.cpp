// SPDX-License-Identifier: MIT
//
// defined_in() on objects put together here: both kinds of hash table, with and without versions, with addresses as
// glibc leaves them (relocated) and as musl does (as in the file).
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "../../preload/loaded_objects.h"

using devshm::defined_in;
using devshm::LoadedObject;

namespace {

constexpr ElfW(Half) hidden = 0x8000;

struct Symbol {
  const char* name;
  ElfW(Half) version = 1;  // 0 local, 1 none, 2 OTHER_1.0, 3 GLIBC_1.0, 4 GLIBC_2.0
  unsigned char type = STT_FUNC;
  unsigned char binding = STB_GLOBAL;
  ElfW(Half) section = 1;
};

enum class Table { gnu, sysv };
enum class Addresses { relocated, as_in_file };

/// An object in one block of memory. The n-th symbol's value is 0x1000 * (n + 1).
class HandMade {
 public:
  HandMade(const std::vector<Symbol>& symbols, Table table, Addresses addresses, std::uint32_t buckets, bool versions)
      : image_(1 << 16) {
    // As the memory of a library is: its addresses are higher than its offsets in the file.
    base_ = reinterpret_cast<ElfW(Addr)>(image_.data());
    offset_ = addresses == Addresses::relocated ? base_ : 0;
    name_at(0, "");

    std::vector<ElfW(Sym)> table_symbols(1);
    std::vector<ElfW(Half)> table_versions(1);
    std::vector<std::uint32_t> order;
    for (std::uint32_t bucket = 0; bucket < std::max(buckets, 1u); ++bucket)  // DT_GNU_HASH wants them by bucket
      for (std::uint32_t i = 0; i < symbols.size(); ++i)
        if (gnu_hash(symbols[i].name) % std::max(buckets, 1u) == bucket) order.push_back(i);
    for (const std::uint32_t i : order) {
      ElfW(Sym) symbol{};
      symbol.st_name = name_at(strings_.size(), symbols[i].name);
      symbol.st_info = static_cast<unsigned char>(symbols[i].binding << 4 | symbols[i].type);
      symbol.st_shndx = symbols[i].section;
      symbol.st_value = 0x1000 * (i + 1);
      table_symbols.push_back(symbol);
      table_versions.push_back(symbols[i].version);
    }
    if (versions) {
      add(DT_VERSYM, store(table_versions.data(), table_versions.size() * sizeof(ElfW(Half))));
      add_definitions({"OTHER_1.0", "GLIBC_1.0", "GLIBC_2.0"});
    }
    add(DT_SYMTAB, store(table_symbols.data(), table_symbols.size() * sizeof(ElfW(Sym))));
    if (table == Table::gnu)
      add_gnu_hash(symbols, order, buckets);
    else
      add_sysv_hash(symbols, order, buckets);
    add(DT_STRTAB, store(strings_.data(), strings_.size()));
    dynamic_.push_back({});
  }

  /// What DT_VERDEFNUM says, for objects made from now on.
  static inline std::size_t definition_count = 3;

  /// The number of the symbol found, counted from 1; 0: none.
  std::uintptr_t find(const char* name) const {
    const LoadedObject object{base_, dynamic_.data(), "hand-made", nullptr, 0};
    const auto found = reinterpret_cast<std::uintptr_t>(defined_in(object, name));
    return found ? (found - base_) / 0x1000 : 0;
  }

 private:
  ElfW(Word) name_at(std::size_t at, const std::string& name) {
    strings_ += name + '\0';
    return static_cast<ElfW(Word)>(at);
  }

  ElfW(Addr) store(const void* data, std::size_t size) {
    const std::size_t at = used_;
    std::memcpy(image_.data() + at, data, size);
    used_ += (size + 15) & ~std::size_t{15};
    return at;
  }

  void add(ElfW(Sxword) tag, ElfW(Addr) at) {
    ElfW(Dyn) entry{};
    entry.d_tag = tag;
    entry.d_un.d_ptr = at + offset_;
    dynamic_.push_back(entry);
  }

  void add_definitions(const std::vector<std::string>& names) {
    struct Definition {
      ElfW(Verdef) definition;
      ElfW(Verdaux) name;
    };
    std::vector<Definition> all(names.size());
    for (std::size_t i = 0; i < names.size(); ++i) {
      all[i].definition.vd_ndx = static_cast<ElfW(Half)>(i + 2);
      all[i].definition.vd_aux = sizeof(ElfW(Verdef));
      all[i].definition.vd_next = i + 1 < names.size() ? sizeof(Definition) : 0;
      all[i].name.vda_name = name_at(strings_.size(), names[i]);
    }
    add(DT_VERDEF, store(all.data(), all.size() * sizeof(Definition)));
    ElfW(Dyn) count{};
    count.d_tag = DT_VERDEFNUM;
    count.d_un.d_val = definition_count;
    dynamic_.push_back(count);
  }

  static std::uint32_t gnu_hash(const char* name) {
    std::uint32_t hash = 5381;
    while (*name) hash = hash * 33 + static_cast<unsigned char>(*name++);
    return hash;
  }

  // The filter lets everything pass here: that it stops what is not there shows in libc.
  void add_gnu_hash(const std::vector<Symbol>& symbols, const std::vector<std::uint32_t>& order,
                    std::uint32_t buckets) {
    std::vector<std::uint32_t> table{buckets, 1, 1, 6, ~0u, ~0u};
    std::vector<std::uint32_t> first(buckets), chain;
    for (std::size_t i = 0; i < order.size() && buckets; ++i) {
      const std::uint32_t hash = gnu_hash(symbols[order[i]].name);
      const bool is_last = i + 1 == order.size() || gnu_hash(symbols[order[i + 1]].name) % buckets != hash % buckets;
      if (!first[hash % buckets]) first[hash % buckets] = static_cast<std::uint32_t>(i + 1);
      chain.push_back((hash & ~1u) | is_last);
    }
    table.insert(table.end(), first.begin(), first.end());
    table.insert(table.end(), chain.begin(), chain.end());
    add(DT_GNU_HASH, store(table.data(), table.size() * sizeof table[0]));
  }

  static std::uint32_t sysv_hash(const char* name) {  // as the gABI has it
    std::uint32_t h = 0, g;
    while (*name) {
      h = (h << 4) + static_cast<unsigned char>(*name++);
      if ((g = h & 0xf0000000)) h ^= g >> 24;
      h &= ~g;
    }
    return h;
  }

  void add_sysv_hash(const std::vector<Symbol>& symbols, const std::vector<std::uint32_t>& order,
                     std::uint32_t buckets) {
    const auto count = static_cast<std::uint32_t>(order.size() + 1);
    std::vector<std::uint32_t> table(2 + buckets + count);
    table[0] = buckets;
    table[1] = count;
    for (std::uint32_t i = 1; i < count && buckets; ++i) {
      std::uint32_t& head = table[2 + sysv_hash(symbols[order[i - 1]].name) % buckets];
      table[2 + buckets + i] = head;
      head = i;
    }
    add(DT_HASH, store(table.data(), table.size() * sizeof table[0]));
  }

  std::vector<unsigned char> image_;
  std::size_t used_ = 64;  // nothing has the offset 0
  ElfW(Addr) base_, offset_;
  std::string strings_;
  std::vector<ElfW(Dyn)> dynamic_;
};

class HashTable : public testing::TestWithParam<std::tuple<Table, Addresses, std::uint32_t>> {
 protected:
  HandMade object(const std::vector<Symbol>& symbols, bool versions) {
    const auto [table, addresses, buckets] = GetParam();
    return {symbols, table, addresses, buckets, versions};
  }
};

TEST_P(HashTable, WithoutVersions) {
  const HandMade made =
      object({{"open"}, {"opendir"}, {"a_rather_long_name_that_overflows_28_bits"}, {"\xff\xfe"}}, false);
  EXPECT_EQ(made.find("open"), 1u);
  EXPECT_EQ(made.find("opendir"), 2u);
  EXPECT_EQ(made.find("a_rather_long_name_that_overflows_28_bits"), 3u);
  EXPECT_EQ(made.find("\xff\xfe"), 4u);
  EXPECT_EQ(made.find("openat"), 0u);
  EXPECT_EQ(made.find(""), 0u);
}

TEST_P(HashTable, KindsOfSymbols) {
  const HandMade made = object({{"data", 1, STT_OBJECT},
                                {"thread_data", 1, STT_TLS},
                                {"untyped", 1, STT_NOTYPE},
                                {"local", 1, STT_FUNC, STB_LOCAL},
                                {"weak", 1, STT_FUNC, STB_WEAK},
                                {"reference", 1, STT_FUNC, STB_GLOBAL, SHN_UNDEF}},
                               false);
  EXPECT_EQ(made.find("data"), 0u);
  EXPECT_EQ(made.find("thread_data"), 0u);
  EXPECT_EQ(made.find("untyped"), 3u);  // a function written in assembly
  EXPECT_EQ(made.find("local"), 0u);
  EXPECT_EQ(made.find("weak"), 5u);
  EXPECT_EQ(made.find("reference"), 0u);
}

TEST_P(HashTable, Versions) {
  const HandMade made = object({{"none", 1},
                                {"local", 0},
                                {"foreign", 2},
                                {"glibc", 3},
                                {"only_old", static_cast<ElfW(Half)>(3 | hidden)},
                                {"changed", static_cast<ElfW(Half)>(3 | hidden)},
                                {"changed", 4},
                                {"back", 3},
                                {"back", static_cast<ElfW(Half)>(4 | hidden)},
                                {"both_old", static_cast<ElfW(Half)>(3 | hidden)},
                                {"both_old", static_cast<ElfW(Half)>(4 | hidden)},
                                {"foreign_and_old", 2},
                                {"foreign_and_old", static_cast<ElfW(Half)>(3 | hidden)}},
                               true);
  EXPECT_EQ(made.find("none"), 1u);
  EXPECT_EQ(made.find("local"), 0u);
  EXPECT_EQ(made.find("foreign"), 0u);
  EXPECT_EQ(made.find("glibc"), 4u);
  EXPECT_EQ(made.find("only_old"), 5u);
  EXPECT_EQ(made.find("changed"), 7u);
  EXPECT_EQ(made.find("back"), 8u);  // the default, though not the newest
  EXPECT_EQ(made.find("both_old"), 11u);
  EXPECT_EQ(made.find("foreign_and_old"), 13u);
}

// Loaders go by the definition that has no next one.
TEST_P(HashTable, ACountOfVersionsThatIsWrong) {
  for (const std::size_t count : {std::size_t{0}, SIZE_MAX}) {
    HandMade::definition_count = count;
    const HandMade made = object({{"glibc", 3}, {"undefined", 9}}, true);
    HandMade::definition_count = 3;
    EXPECT_EQ(made.find("glibc"), 1u);
    EXPECT_EQ(made.find("undefined"), 0u);
  }
}

// One bucket: everything collides. Thirteen: some are empty.
INSTANTIATE_TEST_SUITE_P(All, HashTable,
                         testing::Combine(testing::Values(Table::gnu, Table::sysv),
                                          testing::Values(Addresses::relocated, Addresses::as_in_file),
                                          testing::Values(1u, 2u, 13u)));

TEST(DefinedIn, BearsAnObjectWithoutTables) {
  const ElfW(Dyn) dynamic[1] = {};
  EXPECT_EQ(defined_in({0, dynamic, "", nullptr, 0}, "open"), nullptr);
  for (const Table table : {Table::gnu, Table::sysv})
    EXPECT_EQ(HandMade({{"open"}}, table, Addresses::relocated, 0, false).find("open"), 0u);
}

}  // namespace
