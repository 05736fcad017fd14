// SPDX-License-Identifier: MIT
#include "deep_binding.h"

#include <sys/auxv.h>

#include "loaded_objects.h"
#include "sys.h"
#include "text.h"

namespace devshm {
namespace {

#if defined(__x86_64__)
constexpr unsigned jump_slot = R_X86_64_JUMP_SLOT, got_entry = R_X86_64_GLOB_DAT, absolute = R_X86_64_64;
#else
constexpr unsigned jump_slot = R_AARCH64_JUMP_SLOT, got_entry = R_AARCH64_GLOB_DAT, absolute = R_AARCH64_ABS64;
#endif

using Address = ElfW(Addr);

struct Range {
  Address begin, end;
  bool has(Address at) const { return begin <= at && at < end; }
};

/// The addresses of an object, from its first loaded segment to the end of the last.
Range extent(const LoadedObject& object) {
  Range range{~Address{0}, 0};
  for (std::size_t i = 0; i < object.header_count; ++i) {
    const ElfW(Phdr)& segment = object.headers[i];
    if (segment.p_type != PT_LOAD) continue;
    if (object.base + segment.p_vaddr < range.begin) range.begin = object.base + segment.p_vaddr;
    if (object.base + segment.p_vaddr + segment.p_memsz > range.end)
      range.end = object.base + segment.p_vaddr + segment.p_memsz;
  }
  return range;
}

/// What to redirect: the references to libc's functions of one object and of all objects that it needs.
struct Work {
  Range family[4];  // the objects that make up libc
  unsigned family_count = 0;
  LoadedObject own{};

  // The object and those that it needs; the first `done` of them are redirected. They stay loaded as long as the handle
  // is open.
  static constexpr unsigned most = 256;
  const ElfW(Dyn) * objects[most];
  Address bases[most];
  unsigned count = 0, done = 0;
  const char* strings = nullptr;  // the string table of the object being redirected

  bool is_of_family(Address at) const {
    for (unsigned i = 0; i < family_count; ++i)
      if (family[i].has(at)) return true;
    return false;
  }
  bool knows(const LoadedObject& object) const {
    for (unsigned i = 0; i < count; ++i)
      if (objects[i] == object.dynamic) return true;
    return false;
  }
};

/// Decides by name: it is called with glibc alone, and for every loaded object.
bool is_part_of_libc(const char* soname) {
  return same(soname, "libc.so.6") || same(soname, "libpthread.so.0") || same(soname, "librt.so.1") ||
         same(soname, "libdl.so.2");
}

void collect(const LoadedObject& object, Work& work) {
  if (is_ourselves(object))
    work.own = object;
  else if (work.family_count < sizeof work.family / sizeof *work.family && is_part_of_libc(object.soname()))
    work.family[work.family_count++] = extent(object);
}

/// Changes the slots of one object.
class Redirection {
 public:
  Redirection(const Work& work, const LoadedObject& object)
      : work_(work), object_(object), symbols_(object), own_(work.own), page_size_(getauxval(AT_PAGESZ)) {
    // Rounded as the loader does: a partial last page stays writable.
    for (std::size_t i = 0; i < object.header_count; ++i) {
      const ElfW(Phdr)& segment = object.headers[i];
      if (segment.p_type != PT_GNU_RELRO) continue;
      relro_.begin = (object.base + segment.p_vaddr) & ~(page_size_ - 1);
      relro_.end = (object.base + segment.p_vaddr + segment.p_memsz) & ~(page_size_ - 1);
    }
  }
  ~Redirection() {
    if (is_open_) protect(PROT_READ);
  }
  Redirection(const Redirection&) = delete;

  void go_over(ElfW(Sxword) table, ElfW(Sxword) size) {
    const auto* entry = static_cast<const ElfW(Rela)*>(object_.address(table));
    if (!entry || !symbols_.symbols) return;
    for (const auto* end = entry + object_.value(size) / sizeof *entry; entry < end; ++entry) look_at(*entry);
  }

 private:
  void look_at(const ElfW(Rela) & entry) {
    const unsigned type = ELF64_R_TYPE(entry.r_info);
    if ((type != jump_slot && type != got_entry && type != absolute) || entry.r_addend != 0) return;
    auto* slot = reinterpret_cast<Address*>(object_.base + entry.r_offset);
    if (!work_.is_of_family(__atomic_load_n(slot, __ATOMIC_RELAXED))) return;
    const char* name = symbols_.strings + symbols_.symbols[ELF64_R_SYM(entry.r_info)].st_name;
    const ElfW(Sym)* wrapper = own_.find(name);
    if (wrapper && can_write(slot)) __atomic_store_n(slot, work_.own.base + wrapper->st_value, __ATOMIC_RELEASE);
  }

  bool can_write(const Address* slot) {
    const auto at = reinterpret_cast<Address>(slot);
    if (relro_.has(at)) return is_open_ || (is_open_ = protect(PROT_READ | PROT_WRITE));
    for (std::size_t i = 0; i < object_.header_count; ++i) {
      const ElfW(Phdr)& segment = object_.headers[i];
      if (segment.p_type == PT_LOAD && segment.p_flags & PF_W && at - object_.base - segment.p_vaddr < segment.p_memsz)
        return true;
    }
    return false;  // a relocation in code
  }

  bool protect(int protection) const {
    return sys::mprotect(reinterpret_cast<void*>(relro_.begin), relro_.end - relro_.begin, protection) == 0;
  }

  const Work& work_;
  const LoadedObject& object_;
  const SymbolTable symbols_, own_;
  const Address page_size_;
  Range relro_{0, 0};
  bool is_open_ = false;
};

/// Whether the object being redirected needs one of this name. Itself and libc do not count.
bool is_needed(const Work& work, const LoadedObject& object) {
  const char* soname = object.soname();
  const char* file = last_component(object.name);
  for (const ElfW(Dyn)* entry = work.objects[work.done]; entry->d_tag != DT_NULL; ++entry) {
    if (entry->d_tag != DT_NEEDED) continue;
    const char* name = work.strings + entry->d_un.d_val;
    if (same(name, soname) || same(last_component(name), file)) return !is_part_of_libc(soname);
  }
  return false;
}

void visit(const LoadedObject& object, Work& work) {
  if (object.dynamic == work.objects[work.done]) {
    Redirection redirection(work, object);
    redirection.go_over(DT_RELA, DT_RELASZ);
    redirection.go_over(DT_JMPREL, DT_PLTRELSZ);
  } else if (work.count < Work::most && object.dynamic != work.own.dynamic && is_needed(work, object) &&
             !work.knows(object)) {
    work.bases[work.count] = object.base;
    work.objects[work.count++] = object.dynamic;
  }
}

}  // namespace

void redirect_calls(void* handle) {
  Work work;
  for_each_loaded([&](const LoadedObject& object) {
    collect(object, work);
    return false;
  });
  if (!work.own.dynamic) return;
  work.bases[0] = static_cast<const link_map*>(handle)->l_addr;
  work.objects[work.count++] = static_cast<const link_map*>(handle)->l_ld;
  for (; work.done < work.count; ++work.done) {
    const LoadedObject object{work.bases[work.done], work.objects[work.done], "", nullptr, 0};
    work.strings = static_cast<const char*>(object.address(DT_STRTAB));
    if (!work.strings) continue;
    for_each_loaded([&](const LoadedObject& loaded) {
      visit(loaded, work);
      return false;
    });
  }
}

}  // namespace devshm
