// SPDX-License-Identifier: MIT
//
// Wraps wordexp: if a word of the text begins with /dev/shm, glibc gets the backing directory to expand instead, and
// the resulting words are shown with the original name. (musl leaves the work to a shell, which is under devshm
// itself.)
//
// glibc searches for the names of a pattern by itself, and can't follow a link in the overlay whose text begins with
// /dev/shm. So a word that is only a pattern (no quotes, no substitution) is passed in quotes and with a mark: it comes
// back unchanged, and our own glob finds its names.
//
// The output of a command substitution is left alone: the shell that runs it is under devshm too. A word that begins
// with /dev/shm only after an expansion ($DIR/*) is not recognised: it is expanded, but only libc searches for its file
// names.
#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <wordexp.h>

#include <algorithm>

#include "../backing_dir.h"
#include "../settings.h"
#include "../shown_name.h"
#include "../text.h"
#include "gnu_libc.h"
#include "wrapper.h"

INNER(glob);

namespace devshm {

namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n'; }
bool is_quote(char c) { return c == '"' || c == '\''; }

/// Whether `text` begins with /dev/shm as a whole component; a quote may end between it and what follows.
bool begins_with_shown_dir(const char* text) {
  if (!begins_with(text, shown_dir)) return false;
  const char* after = text + shown_dir_length;
  while (is_quote(*after)) ++after;
  return !*after || *after == '/' || is_space(*after);
}

/// A directory's name that means nothing to wordexp, in quotes or out of them.
bool is_plain(const char* dir) {
  for (; *dir; ++dir)
    if (!(*dir >= 'a' && *dir <= 'z') && !(*dir >= 'A' && *dir <= 'Z') && !(*dir >= '0' && *dir <= '9') &&
        !has_letter("/._-+,:@%=", *dir))
      return false;
  return true;
}

/// Skips one unit: a character, an escaped one, or a substitution ($(...), ${...}, `...`), in which spaces separate no
/// words. It does not cover all of a shell's nesting; after a mistake a name is replaced needlessly, and it leads to
/// the same file.
const char* step(const char* at) {
  if (*at == '\\' && at[1]) return at + 2;
  if (*at == '`') {
    const char* end = find_letter(at + 1, '`');
    return *end ? end + 1 : at + 1;
  }
  if (*at != '$' || (at[1] != '(' && at[1] != '{')) return at + 1;
  const char open = at[1], close = open == '(' ? ')' : '}';
  int depth = 0;
  for (++at; *at; ++at) {
    if (*at == open) ++depth;
    if (*at == close && --depth == 0) return at + 1;
  }
  return at;
}

/// The backing directory in a spelling that no program uses, so that its words can be distinguished from the program's
/// own: with one slash more than necessary, or with enough to make it no shorter than what it replaces.
class Marker {
 public:
  explicit Marker(const Settings& set)
      : slashes_(std::max(set.dir_length + 1, shown_dir_length) - set.dir_length), dir_(set.dir) {}

  std::size_t length() const { return slashes_ + strlen(dir_); }
  char* write(char* out) const {
    memset(out, '/', slashes_);
    return put(out + slashes_, dir_);
  }
  bool begins(const char* word) const {
    for (std::size_t i = 0; i < slashes_; ++i)
      if (word[i] != '/') return false;
    if (!begins_with(word + slashes_, dir_)) return false;
    const char after = word[length()];
    return !after || after == '/';
  }

 private:
  std::size_t slashes_;
  const char* dir_;
};

/// The mark of a pattern. No word of the program begins like it, because nothing can lie below a file.
constexpr char nowhere[] = "/dev/null/";
constexpr std::size_t nowhere_length = sizeof nowhere - 1;

/// Whether the word that begins here is a pattern, in which every other letter stands for itself.
bool is_plain_pattern(const char* word) {
  bool is_pattern = false;
  for (; *word && !is_space(*word); ++word) {
    if (has_letter("\\\"'$`|&;<>(){}", *word)) return false;  // wordexp refuses these, or they have a meaning
    is_pattern |= has_letter("*?[", *word);
  }
  return is_pattern;
}

/// Replaces word number `at` by the names that the pattern matches, or by the pattern itself if there are none. Returns
/// how many there are; 0 if there is no memory for them.
std::size_t replace_by_names(wordexp_t& out, std::size_t offset, std::size_t at) {
  char* const pattern = out.we_wordv[offset + at] + nowhere_length;
  glob_t found{};
  if (devshm_inner_glob(pattern, GLOB_NOCHECK, nullptr, &found) != 0) return 0;
  const std::size_t count = found.gl_pathc;
  char** const names = static_cast<char**>(malloc(count * sizeof(char*)));
  std::size_t copied = 0;
  while (names && copied < count && (names[copied] = strdup(found.gl_pathv[copied]))) ++copied;
  globfree(&found);
  const std::size_t behind = out.we_wordc - at - 1;
  char** const words = static_cast<char**>(
      copied == count ? realloc(out.we_wordv, (offset + at + count + behind + 1) * sizeof(char*)) : nullptr);
  if (words) {
    free(words[offset + at]);
    memmove(words + offset + at + count, words + offset + at + 1, (behind + 1) * sizeof(char*));
    memcpy(words + offset + at, names, count * sizeof(char*));
    out.we_wordv = words;
    out.we_wordc += count - 1;
  } else {
    while (copied) free(names[--copied]);
  }
  free(names);
  return words ? count : 0;
}

/// The text with the marker in it, from malloc; null if there is nothing to replace (errno 0) or no memory for it.
[[gnu::cold]] char* exchange(const char* text, const Marker& marker) {
  errno = 0;
  std::size_t room = strlen(text) + 1;
  for (const char* p = text; *p; ++p)
    if (begins_with(p, shown_dir)) room += std::max(marker.length(), nowhere_length + 2);
  char* exchanged = static_cast<char*>(malloc(room));
  if (!exchanged) return nullptr;
  char* out = exchanged;
  char quote = '\0';
  bool word_begins = true, found = false;
  while (*text) {
    if (word_begins && begins_with_shown_dir(text) && is_plain_pattern(text)) {
      *out++ = '\'';
      out = put(out, nowhere);
      while (*text && !is_space(*text)) *out++ = *text++;
      *out++ = '\'';
      word_begins = false;
      found = true;
    } else if (word_begins && begins_with_shown_dir(text)) {
      out = marker.write(out);
      text += shown_dir_length;
      word_begins = false;
      found = true;
    } else if (is_quote(*text) && (!quote || quote == *text)) {
      quote = quote ? '\0' : *text;
      *out++ = *text++;
    } else {
      word_begins = !quote && is_space(*text);
      const char* next = quote == '\'' ? text + 1 : step(text);
      while (text < next) *out++ = *text++;
    }
  }
  *out = '\0';
  if (found) return exchanged;
  free(exchanged);
  return nullptr;
}

[[gnu::cold, gnu::noinline]] int expand(const char* text, wordexp_t* out, int flags) {
  const auto next = NEXT(wordexp);
  const Settings& set = settings();
  const int error = errno;
  if (!set.active || !is_plain(set.dir) || !is_gnu_libc()) return next(text, out, flags);
  const Marker marker(set);
  char* exchanged = exchange(text, marker);
  if (!exchanged && errno) return WRDE_NOSPACE;
  errno = error;
  if (!exchanged || ensure_backing_dir() != 0) {
    free(exchanged);
    return next(text, out, flags);
  }
  int result = next(exchanged, out, flags);
  free(exchanged);
  if (result != 0 && result != WRDE_NOSPACE) return result;  // there is nothing new in `out`
  const std::size_t offset = flags & WRDE_DOOFFS ? out->we_offs : 0;
  for (std::size_t i = 0; i < out->we_wordc; ++i) {
    char* const word = out->we_wordv[offset + i];
    if (begins_with(word, nowhere) && begins_with_shown_dir(word + nowhere_length)) {
      const std::size_t names = replace_by_names(*out, offset, i);
      if (names) {
        i += names - 1;
        continue;
      }
      result = WRDE_NOSPACE;
      memmove(word, word + nowhere_length, strlen(word + nowhere_length) + 1);
    } else if (marker.begins(word)) {
      const std::size_t length = strlen(word);
      word[put_shown(word, length, word, length, marker.length())] = '\0';
    }
  }
  return result;
}

}  // namespace

EXPORT int wordexp(const char* text, wordexp_t* out, int flags) {
  return may_match(text) ? expand(text, out, flags) : NEXT(wordexp)(text, out, flags);
}

}  // namespace devshm
