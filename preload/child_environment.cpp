// SPDX-License-Identifier: MIT
#include "child_environment.h"

#include <unistd.h>

#include <initializer_list>

#include "loaded_objects.h"
#include "settings.h"
#include "sys.h"
#include "text.h"

namespace devshm {
namespace {

constexpr char preload[] = "LD_PRELOAD=";
constexpr char disable[] = "DEVSHM_DISABLE=";
// What LD_PRELOAD's components are separated by (ld.so(8)); there is no way to quote them.
constexpr char separators[] = ": ";

bool is_separator(char c) { return c == separators[0] || c == separators[1]; }

/// The path that this library was loaded from.
const char* own_path() {
  const char* path = nullptr;
  for_each_from_start(
      [](const LoadedObject& object, void* data) {
        if (!is_ourselves(object)) return false;
        *static_cast<const char**>(data) = object.name;
        return true;
      },
      &path);
  return path;
}

/// Can a child load it by this path? Not with a separator in it, nor from inside a chroot: the loader would complain
/// of that on standard error, for every program.
bool can_be_loaded(const char* path) {
  if (!path || !*path) return false;
  for (const char* p = path; *p; ++p)
    if (is_separator(*p)) return false;
  return sys::access(path, R_OK) == 0;
}

const char* base_name(const char* begin, const char* end) {
  const char* base = begin;
  for (const char* p = begin; p != end; ++p)
    if (*p == '/') base = p + 1;
  return base;
}

bool equal(const char* begin, const char* end, const char* text) {
  const std::size_t length = static_cast<std::size_t>(end - begin);
  return length == length_of(text) && begins_with(begin, text, length);
}

/// Is the library among the components of an LD_PRELOAD? By its base name too: it may be given without a directory,
/// or by another way to the same place.
bool names_library(const char* value, const char* library) {
  const char* library_base = base_name(library, library + length_of(library));
  for (const char* begin = value; *begin;) {
    const char* end = begin;
    while (*end && !is_separator(*end)) ++end;
    if (equal(base_name(begin, end), end, library_base)) return true;
    begin = *end ? end + 1 : end;
  }
  return false;
}

/// Puts an environment together; without memory it only measures.
class Assembler {
 public:
  Assembler() = default;
  Assembler(char** entries, char* text) : entry_(entries), text_(text) {}

  void keep(char* entry) {
    if (entry_) *entry_++ = entry;
    ++entries;
  }

  void make(std::initializer_list<const char*> parts) {
    keep(text_);
    for (const char* part : parts) put(part, length_of(part));
    put("", 1);
  }

  std::size_t entries = 0;
  std::size_t text_size = 0;

 private:
  void put(const char* part, std::size_t length) {
    if (text_) {
      __builtin_memcpy(text_, part, length);
      text_ += length;
    }
    text_size += length;
  }

  char** entry_ = nullptr;
  char* text_ = nullptr;
};

/// Adds a setting, unless the environment says something else of it.
void pass_on(const char* variable, const char* value, char* const* given, Assembler& out) {
  const std::size_t length = length_of(variable);
  for (char* const* entry = given; entry && *entry; ++entry)
    if (begins_with(*entry, variable) && (*entry)[length] == '=') return;
  out.make({variable, "=", value});
}

/// The complete environment; true if it differs from the one that was given.
bool assemble(char* const* given, const char* library, Assembler& out) {
  bool preloads = false;
  std::size_t kept = 0;
  for (char* const* entry = given; entry && *entry; ++entry) {
    // Of two with the same name one libc takes the first, another the last: each is made right.
    if (!begins_with(*entry, preload)) {
      out.keep(*entry);
      ++kept;
      continue;
    }
    preloads = true;
    const char* value = *entry + sizeof preload - 1;
    if (names_library(value, library)) {
      out.keep(*entry);
      ++kept;
    } else {
      out.make({preload, library, *value ? ":" : "", value});
    }
  }
  if (!preloads) out.make({preload, library});

  const Settings& set = settings();
  for (std::size_t i = 0; i < setting_count; ++i)
    if (set.for_children[i]) pass_on(setting_rows[i].variable, set.for_children[i], given, out);
  const bool differs = out.entries != kept;
  out.keep(nullptr);
  return differs;
}

bool is_disabled_in(char* const* given) {
  for (char* const* entry = given; entry && *entry; ++entry)
    if (begins_with(*entry, disable)) return disables(*entry + sizeof disable - 1);
  return false;
}

}  // namespace

ChildEnvironment::ChildEnvironment(char* const* given) : given_(given) {
  const Settings& set = settings();
  if (!set.active || !set.propagate || is_disabled_in(given)) return;
  library_ = own_path();
  if (!library_) return;
  Assembler measure;
  if (!assemble(given, library_, measure) || !can_be_loaded(library_)) return;
  entries_ = measure.entries;
  size_ = entries_ * sizeof(char*) + measure.text_size;
}

char** ChildEnvironment::build(void* memory) const {
  if (is_complete()) return const_cast<char**>(given_);
  char** entries = static_cast<char**>(memory);
  Assembler out(entries, reinterpret_cast<char*>(entries + entries_));
  assemble(given_, library_, out);
  return entries;
}

}  // namespace devshm
