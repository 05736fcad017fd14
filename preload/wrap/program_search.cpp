// SPDX-License-Identifier: MIT
#include "program_search.h"

#include "../settings.h"
#include "../sys.h"
#include "../text.h"
#include "path.h"

namespace devshm {
namespace {

const char* end_of(const char* entry) {
  while (*entry && *entry != ':') ++entry;
  return entry;
}

/// What a path leads to.
struct Found {
  enum : unsigned char { nothing, refused, program } what;
  bool is_rewritten;
};

Found look_at(const char* path) {
  Found result{Found::nothing, true};  // a path that can't be rewritten leads to nothing
  with_kernel_path(path, [&](const KernelPath& real) {
    result.is_rewritten = real.is_rewritten;
    struct stat found {};
    if (sys::fstatat(AT_FDCWD, real.text, &found, 0) != 0) return;
    const bool may_run = S_ISREG(found.st_mode) && sys::access(real.text, X_OK) == 0;
    result.what = may_run ? Found::program : Found::refused;
  });
  return result;
}

}  // namespace

std::size_t size_for_search(const char* file, const char* path) {
  if (!file || !*file || !path || has_slash(file)) return 0;
  // The letters are also in an entry "shm", which leads to /dev/shm if /dev is the working directory.
  if (!may_match(path) || !settings().active) return 0;
  return length_of(path) + 1 + length_of(file) + 1;
}

const char* find_program(const char* file, const char* path, char* memory) {
  const auto put = [=](const char* entry, std::size_t length) {
    __builtin_memcpy(memory, entry, length);
    // An empty entry is the working directory.
    if (length) memory[length] = '/';
    __builtin_memcpy(memory + length + (length ? 1 : 0), file, length_of(file) + 1);
    return memory;
  };
  // To return if there is no program: the first file that may not be executed, for its error; otherwise any name that
  // is missing.
  const char* last = nullptr;
  std::size_t last_length = 0;
  bool was_refused = false, was_rewritten = false;
  for (const char* entry = path;; ++entry) {
    const std::size_t length = static_cast<std::size_t>(end_of(entry) - entry);
    const Found found = look_at(put(entry, length));
    was_rewritten |= found.is_rewritten;
    if (found.what == Found::program) return was_rewritten ? memory : file;
    if (!was_refused && (found.what == Found::refused || found.is_rewritten)) {
      last = entry;
      last_length = length;
      was_refused = found.what == Found::refused;
    }
    entry += length;
    if (!*entry) return was_rewritten ? put(last, last_length) : file;
  }
}

}  // namespace devshm
