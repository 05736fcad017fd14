// SPDX-License-Identifier: MIT
#include "libc_constant.h"

#include <atomic>
#include <cstdint>

#if defined(__SSE2__)
#include <emmintrin.h>
#else
#include <arm_neon.h>
#endif

#include "constant_change.h"
#include "constant_dir.h"
#include "report.h"
#include "sem_open_operand.h"
#include "text.h"

namespace devshm {
namespace {

constexpr char original[] = "/dev/shm";
static_assert(sizeof original - 1 == constant_length);

using Page = std::uintptr_t;

/// Whether what follows the eight bytes is one of the known forms. `left` bytes can be read.
bool is_known_form(const char* after, std::size_t left) {
  const auto is = [&](const char* text, std::size_t size) { return left >= size && begins_with(after, text, size); };
  return is("/", 2) || is("", 1) || is("/sem.", 5) || is("/tmp-%d", 8);
}

// --- Finding the constant. ---

/// The bytes that a vector unit compares at once.
using Block __attribute__((vector_size(16), may_alias)) = std::uint32_t;
constexpr Page block_size = sizeof(Block);

template <class Truths>
inline bool any_of(Truths truths) {
#if defined(__SSE2__)
  return _mm_movemask_epi8(reinterpret_cast<__m128i>(truths)) != 0;
#else
  return vmaxvq_u32(reinterpret_cast<uint32x4_t>(truths)) != 0;
#endif
}

/// What has been found in a segment.
struct Seen {
  bool any, in_template;
};

/// A process waits for this when it first uses a name, so it takes only some ten instructions per block.
Seen find_in_segment(const LoadedObject& object, const ElfW(Phdr) & segment, const char* text,
                     FunctionRef<void(const ConstantPlace&)> found) {
  if (segment.p_type != PT_LOAD || !(segment.p_flags & PF_R) || segment.p_flags & PF_W) return {};
  // Eight bytes at any address hold a whole aligned word of four, which is one of these.
  std::uint32_t words[4];
  Block patterns[4];
  for (std::size_t i = 0; i < 4; ++i) {
    __builtin_memcpy(&words[i], text + i, 4);
    // cppcheck-suppress [constStatement, uninitvar]; each is a vector
    patterns[i] = Block{} + words[i];
  }
  const char* begin = reinterpret_cast<const char*>(object.base + segment.p_vaddr);
  const char* end = begin + segment.p_filesz;
  Seen seen{};
  // A block lies within a page, and the pages of the first and the last one are mapped as a whole.
  const auto* block = reinterpret_cast<const Block*>(reinterpret_cast<Page>(begin) & ~(block_size - 1));
  for (; reinterpret_cast<const char*>(block) < end; ++block) {
    const Block bytes = *block;
    const auto like_a_word =
        (bytes == patterns[0]) | (bytes == patterns[1]) | (bytes == patterns[2]) | (bytes == patterns[3]);
    if (__builtin_expect(!any_of(like_a_word), 1)) continue;
    for (std::size_t i = 0; i < 16; ++i) {
      const std::size_t word = i / 4, shift = i % 4;  // the block's word, and where in the text it would be
      if (bytes[word] != words[shift]) continue;
      const char* place = reinterpret_cast<const char*>(block) + 4 * word - shift;
      if (place < begin || place + constant_length >= end || !holds(place, text)) continue;
      const char* after = place + constant_length;
      if (!is_known_form(after, static_cast<std::size_t>(end - after))) continue;
      found({object, place, (segment.p_flags & PF_X) != 0, false});
      seen = {true, seen.in_template || (*after == '/' && after[1] == 's')};
    }
  }
  return seen;
}

// --- Remembers which objects are changed, so that later calls are quick. ---

struct Done {
  std::atomic<ElfW(Addr)> base;
  std::atomic<const char*> at;  // a place in it; null: it has none (librt 2.26)
};

// libc, libpthread and librt, and each once more in case it is unloaded and loaded again somewhere else.
constinit Done done[6] = {};

bool is_mapped(const LoadedObject& object, const char* at) {
  const ElfW(Addr) offset = reinterpret_cast<ElfW(Addr)>(at) - object.base;
  for (std::size_t i = 0; i < object.header_count; ++i) {
    const ElfW(Phdr)& segment = object.headers[i];
    if (segment.p_type == PT_LOAD && offset >= segment.p_vaddr &&
        offset + constant_length <= segment.p_vaddr + segment.p_filesz)
      return true;
  }
  return false;
}

bool is_done(const LoadedObject& object, const char* text) {
  for (const Done& entry : done) {
    if (entry.base.load(std::memory_order_acquire) != object.base) continue;
    const char* at = entry.at.load(std::memory_order_relaxed);
    // A library that was unloaded and loaded again at the same address has its own text again.
    return !at || (is_mapped(object, at) && holds(at, text));
  }
  return false;
}

/// What an object that was changed holds now; false if it holds its own text (it is new, or was loaded again).
bool copy_last_text(const LoadedObject& object, char (&out)[constant_length]) {
  for (const Done& entry : done) {
    if (entry.base.load(std::memory_order_acquire) != object.base) continue;
    const char* at = entry.at.load(std::memory_order_relaxed);
    if (!at || !is_mapped(object, at) || !begins_with(at, "/tmp/")) return false;  // where all short links are
    __builtin_memcpy(out, at, constant_length);
    return true;
  }
  return false;
}

void remember(const LoadedObject& object, const char* at) {
  for (Done& entry : done) {
    const ElfW(Addr) base = entry.base.load(std::memory_order_relaxed);
    if (base && base != object.base) continue;
    entry.at.store(at, std::memory_order_relaxed);
    entry.base.store(object.base, std::memory_order_release);
    return;
  }
}

// --- Going over the objects. ---

struct Work {
  explicit Work(const char* wanted) : text(wanted) {}

  const char* text;
  const char* object_name = "";  // an object whose constant could not be changed
  const char* last_place = nullptr;
  int in_place = 0;
  int refused = 0;
  bool services = false;    // sem_open or shm_open is there (with glibc <= 2.33 it may not be, yet)
  bool incomplete = false;  // an object has it in a place that devshm does not know
};

void change_place(const ConstantPlace& place, Work& work) {
  if (change_constant(place, work.text)) {
    ++work.in_place;
    work.last_place = place.at;
  } else {
    ++work.refused;
    work.object_name = place.object.name;
  }
}

/// Changes all places in an object. False if it has one that was not found.
bool change_places(const LoadedObject& object, const char* text, Work& work) {
  return find_constant(object, text, [&](const ConstantPlace& place) { change_place(place, work); });
}

void put_in_place(const LoadedObject& object, Work& work) {
  if (!is_of_libc(object)) return;
  work.services |= defined_in(object, "sem_open") || defined_in(object, "shm_open");
  if (is_done(object, work.text)) {
    ++work.in_place;
    return;
  }
  work.last_place = nullptr;
  const int refused_before = work.refused;
  // Replaces libc's own text, or a short link that can't be used any more.
  char last[constant_length];
  const bool was_changed = copy_last_text(object, last);
  work.incomplete |= !change_places(object, was_changed ? last : original, work);
  if (work.refused == refused_before) remember(object, work.last_place);
}

}  // namespace

bool is_of_libc(const LoadedObject& object) {
  const char* soname = object.soname();
  return same(soname, "libpthread.so.0") || same(soname, "librt.so.1") || is_libc(object);
}

bool find_constant(const LoadedObject& object, const char* text, FunctionRef<void(const ConstantPlace&)> found) {
  // All are in one segment: the last one before the data or, with older linkers and on aarch64, that of the code. The
  // search goes from the end, so that code, which is most of a libc, is searched only if nothing else has them.
  Seen seen{};
  for (std::size_t i = object.header_count; i-- > 0 && !seen.any;)
    seen = find_in_segment(object, object.headers[i], text, found);
  if (seen.in_template || !has_template(object)) return true;
  const char* operand = operand_in_sem_open(object, text);
  if (operand) found({object, operand, true, true});
  return operand != nullptr;
}

int put_constant_in_place(bool quietly) {
  char text[constant_length];
  if (const int error = constant_dir(text)) return error;
  Work work(text);
  for_each_loaded([&](const LoadedObject& object) {
    put_in_place(object, work);
    return false;
  });
  if (quietly) return 0;
  if (work.refused)
    say_once(Topic::constant, {"this system refuses the change of libc's directory in ", work.object_name,
                               "; sem_open and shm_open still use /dev/shm; run 'devshm check'"});
  else if (work.services && !work.in_place)
    say_once(Topic::constant, {"can't find where this libc keeps the directory /dev/shm; sem_open and shm_open "
                               "still use it; run 'devshm check'"});
  else if (work.incomplete)
    say_once(Topic::constant, {"can't find where this libc's sem_open keeps the directory /dev/shm; it can't make a "
                               "semaphore (shm_open works); run 'devshm check'"});
  return 0;
}

void undo_constant() {
  char text[constant_length];
  if (!done[0].base.load(std::memory_order_acquire) || constant_dir(text) != 0) return;
  Work work(original);
  for_each_loaded([&](const LoadedObject& object) {
    if (is_of_libc(object)) change_places(object, text, work);
    return false;
  });
}

}  // namespace devshm
