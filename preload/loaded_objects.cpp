// SPDX-License-Identifier: MIT
#include "loaded_objects.h"

#include <sys/auxv.h>

#include "text.h"

namespace devshm {
namespace {

constexpr ElfW(Half) version_hidden = 0x8000;  // in a DT_VERSYM entry: not the default version
constexpr ElfW(Half) version_local = 0;
constexpr ElfW(Half) version_global = 1;  // unversioned

const char* version_name(const SymbolTable& in, ElfW(Half) index) {
  const char* at = reinterpret_cast<const char*>(in.definitions);
  while (at) {
    const auto* definition = reinterpret_cast<const ElfW(Verdef)*>(at);
    if (definition->vd_ndx == index)
      return in.strings + reinterpret_cast<const ElfW(Verdaux)*>(at + definition->vd_aux)->vda_name;
    if (!definition->vd_next) break;  // the last: loaders go by this, not by DT_VERDEFNUM
    at += definition->vd_next;
  }
  return "";
}

bool matches(const SymbolTable& in, std::size_t index, const char* name) {
  const ElfW(Sym)& symbol = in.symbols[index];
  const unsigned type = ELF64_ST_TYPE(symbol.st_info);
  const unsigned binding = ELF64_ST_BIND(symbol.st_info);
  if (symbol.st_shndx == SHN_UNDEF || symbol.st_value == 0) return false;
  if (type != STT_FUNC && type != STT_NOTYPE && type != STT_GNU_IFUNC) return false;
  if (binding != STB_GLOBAL && binding != STB_WEAK && binding != STB_GNU_UNIQUE) return false;
  return same(in.strings + symbol.st_name, name);
}

/// The best definition seen so far of one name in one object.
class Choice {
 public:
  Choice(const SymbolTable& in, const char* name, bool oldest) : in_(in), name_(name), oldest_(oldest) {}

  void consider(std::size_t index) {
    if (!matches(in_, index, name_)) return;
    const ElfW(Half) version = in_.versions ? in_.versions[index] : version_global;
    const ElfW(Half) number = static_cast<ElfW(Half)>(version & ~version_hidden);
    if (number == version_local) return;
    if (number > version_global && !begins_with(version_name(in_, number), "GLIBC_", 6)) return;
    // Default versions first; among old ones the newest, which has the highest number.
    const unsigned rank = oldest_ ? version_hidden - number : (version & version_hidden ? 0 : version_hidden) + number;
    if (best_ && rank <= rank_) return;
    best_ = &in_.symbols[index];
    rank_ = rank;
  }

  const ElfW(Sym) * best() const { return best_; }

 private:
  const SymbolTable& in_;
  const char* name_;
  const bool oldest_;
  const ElfW(Sym) * best_ = nullptr;
  unsigned rank_ = 0;
};

void search_gnu_hash(const std::uint32_t* table, const char* name, Choice& choice) {
  std::uint32_t hash = 5381;
  for (const char* p = name; *p; ++p) hash = hash * 33 + static_cast<unsigned char>(*p);

  const std::uint32_t bucket_count = table[0];
  const std::uint32_t first_symbol = table[1];
  const std::uint32_t bloom_size = table[2];
  const std::uint32_t bloom_shift = table[3];
  const auto* bloom = reinterpret_cast<const ElfW(Addr)*>(table + 4);
  const auto* buckets = reinterpret_cast<const std::uint32_t*>(bloom + bloom_size);
  const std::uint32_t* chain = buckets + bucket_count;
  if (!bucket_count || !bloom_size) return;

  constexpr unsigned bits = sizeof(ElfW(Addr)) * 8;
  const ElfW(Addr) word = bloom[hash / bits % bloom_size];
  if (!(word >> hash % bits & word >> (hash >> bloom_shift) % bits & 1)) return;

  std::uint32_t index = buckets[hash % bucket_count];
  if (index < first_symbol) return;
  for (;; ++index) {
    const std::uint32_t entry = chain[index - first_symbol];
    if ((entry | 1) == (hash | 1)) choice.consider(index);
    if (entry & 1) return;  // the last of this bucket
  }
}

void search_sysv_hash(const std::uint32_t* table, const char* name, Choice& choice) {
  std::uint32_t hash = 0;
  for (const char* p = name; *p; ++p) {
    hash = (hash << 4) + static_cast<unsigned char>(*p);
    hash ^= hash >> 24 & 0xf0;
    hash &= 0x0fffffff;
  }
  const std::uint32_t bucket_count = table[0];
  const std::uint32_t* buckets = table + 2;
  const std::uint32_t* chain = buckets + bucket_count;
  if (!bucket_count) return;
  for (std::uint32_t index = buckets[hash % bucket_count]; index; index = chain[index]) choice.consider(index);
}

const ElfW(Sym) * search(const SymbolTable& in, const char* name, bool oldest) {
  if (!in.symbols || !in.strings) return nullptr;
  Choice choice(in, name, oldest);
  if (in.gnu_hash)
    search_gnu_hash(in.gnu_hash, name, choice);
  else if (in.sysv_hash)
    search_sysv_hash(in.sysv_hash, name, choice);
  return choice.best();
}

const ElfW(Dyn) * dynamic_section(ElfW(Addr) base, const ElfW(Phdr) * headers, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i)
    if (headers[i].p_type == PT_DYNAMIC) return reinterpret_cast<const ElfW(Dyn)*>(base + headers[i].p_vaddr);
  return nullptr;
}

/// The loader's list for debuggers, which the program's dynamic section points to (DT_DEBUG); null if there is none.
const link_map* debugger_list() {
  const auto* headers = reinterpret_cast<const ElfW(Phdr)*>(getauxval(AT_PHDR));
  const std::size_t count = getauxval(AT_PHNUM);
  // If musl's loader was called with the program's name, these are the loader's own headers, without a PT_PHDR.
  const ElfW(Dyn)* entry = nullptr;
  for (std::size_t i = 0; headers && i < count; ++i)
    if (headers[i].p_type == PT_PHDR)
      entry = dynamic_section(reinterpret_cast<ElfW(Addr)>(headers) - headers[i].p_vaddr, headers, count);
  for (; entry && entry->d_tag != DT_NULL; ++entry)
    if (entry->d_tag == DT_DEBUG && entry->d_un.d_ptr)
      return reinterpret_cast<const r_debug*>(entry->d_un.d_ptr)->r_map;
  return nullptr;
}

int visit_reported(dl_phdr_info* info, std::size_t, void* data) {
  const auto& visitor = *static_cast<const Visitor*>(data);
  const LoadedObject object{info->dlpi_addr, dynamic_section(info->dlpi_addr, info->dlpi_phdr, info->dlpi_phnum),
                            info->dlpi_name ? info->dlpi_name : "", info->dlpi_phdr, info->dlpi_phnum};
  return object.dynamic && visitor(object);
}

}  // namespace

ElfW(Xword) LoadedObject::value(ElfW(Sxword) tag) const {
  for (const ElfW(Dyn)* entry = dynamic; entry->d_tag != DT_NULL; ++entry)
    if (entry->d_tag == tag) return entry->d_un.d_val;
  return 0;
}

const void* LoadedObject::address(ElfW(Sxword) tag) const {
  const ElfW(Addr) at = value(tag);
  if (!at) return nullptr;
  // The base is a difference and may have any value, so of the two possible addresses the one near the object is taken.
  const auto distance = [&](ElfW(Addr) address) {
    const auto here = reinterpret_cast<ElfW(Addr)>(dynamic);
    return address > here ? address - here : here - address;
  };
  return reinterpret_cast<const void*>(distance(at) < distance(base + at) ? at : base + at);
}

const char* LoadedObject::soname() const {
  const ElfW(Xword) offset = value(DT_SONAME);
  const auto* strings = static_cast<const char*>(address(DT_STRTAB));
  return offset && strings ? strings + offset : "";
}

SymbolTable::SymbolTable(const LoadedObject& object)
    : symbols(static_cast<const ElfW(Sym) *>(object.address(DT_SYMTAB))),
      strings(static_cast<const char*>(object.address(DT_STRTAB))),
      versions(static_cast<const ElfW(Half) *>(object.address(DT_VERSYM))),
      definitions(static_cast<const ElfW(Verdef) *>(object.address(DT_VERDEF))),
      gnu_hash(static_cast<const std::uint32_t*>(object.address(DT_GNU_HASH))),
      sysv_hash(gnu_hash ? nullptr : static_cast<const std::uint32_t*>(object.address(DT_HASH))) {}

const ElfW(Sym) * SymbolTable::find(const char* name) const { return search(*this, name, false); }
const ElfW(Sym) * SymbolTable::find_oldest(const char* name) const { return search(*this, name, true); }

const void* defined_in(const LoadedObject& object, const char* name) {
  const ElfW(Sym)* symbol = SymbolTable(object).find(name);
  if (!symbol) return nullptr;
  const auto* at = reinterpret_cast<const void*>(object.base + symbol->st_value);
  if (ELF64_ST_TYPE(symbol->st_info) != STT_GNU_IFUNC) return at;
  using Resolver = const void* (*)(unsigned long);
  return reinterpret_cast<Resolver>(const_cast<void*>(at))(getauxval(AT_HWCAP));
}

bool for_each_from_start(Visitor visitor) {
  const link_map* map = debugger_list();
  if (!map) return for_each_loaded(visitor);
  for (; map; map = map->l_next) {
    if (!map->l_ld) continue;
    const LoadedObject object{map->l_addr, map->l_ld, map->l_name ? map->l_name : "", nullptr, 0};
    if (visitor(object)) return true;
  }
  return false;
}

bool for_each_loaded(Visitor visitor) { return dl_iterate_phdr(visit_reported, &visitor) != 0; }

extern "C" __attribute__((visibility("hidden"))) const ElfW(Ehdr) __ehdr_start;  // set by the linker

// Our code knows two addresses that no other object has. Tools change what is recorded of them: patchelf moves _DYNAMIC
// (declared in link.h), and prelink moves the place that the base is measured from.
bool is_ourselves(const LoadedObject& object) {
  return object.base == reinterpret_cast<ElfW(Addr)>(&__ehdr_start) || object.dynamic == _DYNAMIC;
}

// Tracers and profilers define the first of these as well, to be called before main; only libc defines the second.
bool is_libc(const LoadedObject& object) {
  return defined_in(object, "__libc_start_main") && defined_in(object, "localeconv");
}

const char* own_path() {
  const char* path = nullptr;
  for_each_from_start([&](const LoadedObject& object) {
    if (is_ourselves(object)) path = object.name;
    return path != nullptr;
  });
  return path;
}

}  // namespace devshm
