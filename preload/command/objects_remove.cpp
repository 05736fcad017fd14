// SPDX-License-Identifier: MIT
//
// Does the work of `devshm rm`: removes names below /dev/shm, and nothing else. No symbolic link is followed: one in
// the place of a directory is refused, and one at the end is removed itself, as an object's name is.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../escape.h"
#include "../path_rule.h"
#include "../settings.h"
#include "../sys.h"
#include "../text.h"
#include "objects.h"

namespace devshm {
namespace {

/// The part of a name below /dev/shm; null if it leads elsewhere. "/dev/shm/a" and "a" are the same.
const char* below_dev_shm(const char* name) {
  const char* rest = name;
  if (*name == '/') {
    const Verdict verdict = judge(name, Start::root);
    if (verdict.kind != Verdict::inside) return nullptr;
    rest = verdict.rest;
  }
  while (*rest == '/') ++rest;
  for (const char* part = rest; *part; part = find_letter(part, '/')) {
    while (*part == '/') ++part;
    if (part[0] == '.' && part[1] == '.' && (!part[2] || part[2] == '/')) return nullptr;
  }
  return *rest ? rest : nullptr;
}

/// Returns null, or why it is not removed.
const char* remove_one(const char* name) {
  const char* rest = below_dev_shm(name);
  if (!rest) return "is not below /dev/shm";
  if (strlen(rest) >= 4096) return strerror(ENAMETOOLONG);
  char text[4096];
  put(text, rest);
  int dir = open(settings().dir, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  char* part = text;
  while (char* const slash = dir < 0 ? nullptr : strchr(part, '/')) {
    *slash = '\0';
    const int next = openat(dir, part, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    const int error = errno;
    close(dir);
    dir = next;
    errno = error;
    part = slash + 1;
    while (*part == '/') ++part;
  }
  if (dir < 0)
    return errno == ELOOP || errno == ENOTDIR ? "leads through something that is not a directory" : strerror(errno);
  const int result = *part ? unlinkat(dir, part, 0) : -1;
  const int error = *part ? errno : EISDIR;
  close(dir);
  return result == 0 ? nullptr : error == EISDIR ? "is a directory" : strerror(error);
}

}  // namespace

int remove_objects(bool as_json, const char* names, const char* end) {
  int status = 0;
  bool is_first = true;
  if (as_json) printf("{\"names\":[");
  for (const char* name = names; name < end; name += strlen(name) + 1) {
    const char* const problem = remove_one(name);
    if (problem) status = 1;
    FILE* const out = as_json ? stdout : stderr;
    if (!as_json && !problem) continue;
    fputs(as_json ? is_first ? "{\"name\":\"" : ",{\"name\":\"" : "devshm: ", out);
    is_first = false;
    escape(name, strlen(name), [&](const char* text, std::size_t size) {
      if (as_json && size == 1 && *text == '"') fputc('\\', out);
      fwrite(text, 1, size, out);
    });
    if (as_json)
      fprintf(out, "\",\"removed\":%s,\"error\":%s%s%s}", problem ? "false" : "true", problem ? "\"" : "",
              problem ? problem : "null", problem ? "\"" : "");
    else
      fprintf(out, ": %s\n", problem);
  }
  if (as_json) printf("]}\n");
  return status;
}

}  // namespace devshm
