// SPDX-License-Identifier: MIT
#include "child_environment.h"

#include <alloca.h>
#include <unistd.h>

#include "loaded_objects.h"
#include "path_rule.h"
#include "settings.h"
#include "sys.h"
#include "text.h"

namespace devshm {
namespace {

constexpr char preload[] = "LD_PRELOAD=";
constexpr char library_path[] = "LD_LIBRARY_PATH=";
constexpr char disable[] = "DEVSHM_DISABLE=";

// The separators of the components (ld.so(8)), which can't be quoted.
bool separates_libraries(char c) { return c == ':' || c == ' '; }
bool separates_directories(char c) { return c == ':' || c == ';'; }

using IsSeparator = bool (*)(char);

bool contains(const char* text, IsSeparator is_separator) {
  while (*text && !is_separator(*text)) ++text;
  return *text;
}

/// Whether a child can load the library by this path. It can't if the path has a separator in it, or from inside a
/// chroot: the loader would report that on standard error, for every program.
bool can_be_loaded(const char* path) {
  if (!path || !*path) return false;
  return !contains(path, separates_libraries) && sys::access(path, R_OK) == 0;
}

bool equal(const char* begin, const char* end, const char* text) {
  const std::size_t length = static_cast<std::size_t>(end - begin);
  return length == length_of(text) && begins_with(begin, text, length);
}

/// Whether the library is among the components of an LD_PRELOAD. Its base name is enough: the library may be named
/// without a directory, or by another path.
bool names_library(const char* value, const char* library) {
  const char* library_base = last_component(library);
  for (const char* begin = value; *begin;) {
    const char* end = begin;
    while (*end && !separates_libraries(*end)) ++end;
    if (equal(last_component(begin, end), end, library_base)) return true;
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

  /// Adds a new entry: begin(), any number of put(), end().
  void begin() { keep(text_); }
  void put(const char* part) { put(part, length_of(part)); }
  void put(const char* part, std::size_t length) {
    if (text_) {
      __builtin_memcpy(text_, part, length);
      text_ += length;
    }
    text_size += length;
  }
  void end() { put("", 1); }

  std::size_t entries = 0;
  std::size_t text_size = 0;

 private:
  char** entry_ = nullptr;
  char* text_ = nullptr;
};

/// Adds a setting, unless the environment sets it already.
void pass_on(const char* variable, const char* value, char* const* given, Assembler& out) {
  const std::size_t length = length_of(variable);
  for (char* const* entry = given; entry && *entry; ++entry)
    if (begins_with(*entry, variable) && (*entry)[length] == '=') return;
  out.begin();
  out.put(variable);
  out.put("=");
  out.put(value);
  out.end();
}

/// What follows /dev/shm in one component of a list, if it is an absolute path below that; else null.
[[gnu::noinline]] const char* rest_in_overlay(const char* begin, std::size_t length) {
  if (*begin != '/') return nullptr;
  char* path = static_cast<char*>(alloca(length + 1));
  __builtin_memcpy(path, begin, length);
  path[length] = '\0';
  const Verdict verdict = judge(path, Start::root);
  return verdict.kind == Verdict::inside ? begin + (verdict.rest - path) : nullptr;
}

/// Copies a list of paths to `out`, if there is one, with those below /dev/shm rewritten to the backing directory.
/// Returns whether there are any. A directory with a separator in its name can't stand in the list, so nothing is
/// rewritten then.
bool rewrite_list(const char* list, IsSeparator is_separator, Assembler* out) {
  bool any = false;
  if (!may_match(list) || contains(settings().dir, is_separator)) {
    if (out) out->put(list);
    return false;
  }
  for (const char* begin = list;;) {
    const char* end = begin;
    while (*end && !is_separator(*end)) ++end;
    const char* rest = rest_in_overlay(begin, static_cast<std::size_t>(end - begin));
    any |= rest != nullptr;
    if (out && rest) out->put(settings().dir);
    if (!rest) rest = begin;
    if (out) out->put(rest, static_cast<std::size_t>(end - rest) + (*end ? 1 : 0));
    if (!*end) return any;
    begin = end + 1;
  }
}

/// Keeps an entry, or adds a rewritten one, with `library` at its end if that is not null.
void add_list(char* entry, const char* variable, IsSeparator is_separator, const char* library, Assembler& out) {
  const char* value = entry + length_of(variable);
  if (!library && !rewrite_list(value, is_separator, nullptr)) return out.keep(entry);
  out.begin();
  out.put(variable);
  rewrite_list(value, is_separator, &out);
  if (library) {
    out.put(":");
    out.put(library);
  }
  out.end();
}

/// Assembles the complete environment. If that needs no new text, the given one is complete already.
void assemble(char* const* given, const char* library, Assembler& out) {
  bool preloads = false;
  for (char* const* entry = given; entry && *entry; ++entry) {
    // Of two entries with the same name one libc uses the first, another the last: both are completed.
    if (const char* value = after(*entry, preload)) {
      preloads = true;
      add_list(*entry, preload, separates_libraries, names_library(value, library) ? nullptr : library, out);
    } else if (begins_with(*entry, library_path)) {
      add_list(*entry, library_path, separates_directories, nullptr, out);
    } else {
      out.keep(*entry);
    }
  }
  if (!preloads) {
    out.begin();
    out.put(preload);
    out.put(library);
    out.end();
  }
  const Settings& set = settings();
  for (std::size_t i = 0; i < setting_count; ++i)
    if (set.for_children[i]) pass_on(setting_rows[i].variable, set.for_children[i], given, out);
  out.keep(nullptr);
}

bool is_empty_list(const char* value) {
  while (separates_libraries(*value)) ++value;
  return !*value;
}

/// Whether the environment turns devshm off.
bool declines(char* const* given) {
  const char* disabled = nullptr;
  for (char* const* entry = given; entry && *entry; ++entry) {
    if (const char* value = after(*entry, preload); value && is_empty_list(value)) return true;
    if (!disabled) disabled = after(*entry, disable);
  }
  return disables(disabled);
}

}  // namespace

ChildEnvironment::ChildEnvironment(char* const* given, const Program& program) : given_(given) {
  const Settings& set = settings();
  if (!set.active || !set.propagate || declines(given)) return;
  library_ = own_path();
  if (!library_) return;
  Assembler measure;
  assemble(given, library_, measure);
  if (!measure.text_size || !can_be_loaded(library_) || !could_load_us(program)) return;
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
