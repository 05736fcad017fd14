// SPDX-License-Identifier: MIT
//
// wordexp: where a word of the text begins with /dev/shm, glibc gets the backing directory to expand there, and the
// words that come of it are shown as what was meant. (musl leaves the work to a shell, which is under devshm itself.)
//
// What a command substitution says is left alone: the shell that runs it is under devshm too. Nor is a word found that
// begins so only after an expansion ($DIR/*): it is expanded, but its file names are looked for by libc alone.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <wordexp.h>

#include <algorithm>

#include "../backing_dir.h"
#include "../reverse.h"
#include "../settings.h"
#include "../text.h"
#include "gnu_libc.h"
#include "wrapper.h"

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

/// Steps over what belongs together: a character, an escaped one, or a substitution ($(...), ${...}, `...`), in which
/// spaces part no words. Not all that a shell knows of nesting; a slip means a name that is exchanged where it need not
/// be, and it leads to the same file.
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

/// The backing directory in a spelling that no program uses, so that its words are told from the program's own: with a
/// slash more than it needs, or with as many as make it no shorter than what it stands for.
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

/// The text with the marker in it, from malloc; null if there is nothing to exchange (errno 0) or no memory for it.
[[gnu::cold]] char* exchange(const char* text, const Marker& marker) {
  errno = 0;
  std::size_t room = strlen(text) + 1;
  for (const char* p = text; *p; ++p)
    if (begins_with(p, shown_dir)) room += marker.length();
  char* exchanged = static_cast<char*>(malloc(room));
  if (!exchanged) return nullptr;
  char* out = exchanged;
  char quote = '\0';
  bool word_begins = true, found = false;
  while (*text) {
    if (word_begins && begins_with_shown_dir(text)) {
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
  if (!set.active || !is_plain(set.dir) || !is_gnu_libc() || ensure_backing_dir() != 0) return next(text, out, flags);
  const Marker marker(set);
  char* exchanged = exchange(text, marker);
  if (!exchanged && errno) return WRDE_NOSPACE;
  errno = error;
  const int result = next(exchanged ? exchanged : text, out, flags);
  if (!exchanged) return result;
  free(exchanged);
  if (result != 0 && result != WRDE_NOSPACE) return result;  // there is nothing new in `out`
  char** words = out->we_wordv + (flags & WRDE_DOOFFS ? out->we_offs : 0);
  for (std::size_t i = 0; i < out->we_wordc; ++i) {
    if (!marker.begins(words[i])) continue;
    const std::size_t length = strlen(words[i]);
    words[i][put_shown(words[i], length, words[i], length, marker.length())] = '\0';
  }
  return result;
}

}  // namespace

EXPORT int wordexp(const char* text, wordexp_t* out, int flags) {
  return may_match(text) ? expand(text, out, flags) : NEXT(wordexp)(text, out, flags);
}

}  // namespace devshm
