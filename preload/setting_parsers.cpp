// SPDX-License-Identifier: MIT
#include "setting_parsers.h"

#include <limits.h>

#include "path_rule.h"
#include "text.h"

namespace devshm {
namespace {

constexpr char amount_expected[] = "must have a size like 64M, 2G or 25%";

bool has_dots(const char* path) {
  for (const char* p = path; *p; ++p)
    if (p[0] == '/' && p[1] == '.' && (!p[2] || p[2] == '/' || (p[2] == '.' && (!p[3] || p[3] == '/')))) return true;
  return false;
}

bool is_root(const char* path) {
  while (*path == '/') ++path;
  return !*path;
}

}  // namespace

Objection Directory::parse(char* text, const char*, Value& out) {
  if (text[0] != '/') return {"must be an absolute path"};
  // Leaves room for the names below it. An object's name has up to 255 bytes.
  if (length_of(text) >= PATH_MAX - NAME_MAX - 2) return {"is too long"};
  if (judge(text, Start::root).kind != Verdict::outside) return {"must not lie in /dev/shm itself"};
  if (has_dots(text)) return {"must not have . or .. in it"};
  if (is_root(text)) return {"must not be the root directory"};
  text[length_before_last_slashes(text)] = '\0';
  out = text;
  return {};
}

Objection LogTarget::parse(char* text, const char*, Value& out) {
  if (!same(text, "stderr") && text[0] != '/') return {"must be stderr or an absolute path"};
  out = text;
  return {};
}

Objection Occasion::parse(char* text, const char* values, Value& out) {
  Value value = {When::small};
  if (const char* size = after(text, "small:")) {
    if (!parse_amount(size, value.least)) return {amount_expected};
  } else {
    const int index = index_of_word(text, values);
    if (index < 0 || index > static_cast<int>(When::small)) return {"must be one of ", values};
    value.when = static_cast<When>(index);
  }
  out = value;
  return {};
}

Objection Size::parse(char* text, const char*, Value& out) {
  return parse_amount(text, out) ? Objection{} : Objection{amount_expected};
}

}  // namespace devshm
