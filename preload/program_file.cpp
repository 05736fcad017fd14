// SPDX-License-Identifier: MIT
#include "program_file.h"

#include <alloca.h>
#include <elf.h>
#include <stdlib.h>
#include <unistd.h>

#include "path_rule.h"
#include "settings.h"
#include "start_dir.h"
#include "sys.h"
#include "text.h"

namespace devshm {
namespace {

#if defined(__x86_64__)
constexpr Elf64_Half own_machine = EM_X86_64;
#else
constexpr Elf64_Half own_machine = EM_AARCH64;
#endif

constexpr int deepest_script = 4;  // the kernel's limit

/// The first bytes of a program, with a zero behind them.
struct Head {
  char bytes[129];
  long length;
};

int open_program(int dir, const char* path) {
  constexpr int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK;
  const Verdict verdict = may_match(path) ? judge_from(dir, path) : Verdict{Verdict::outside, nullptr};
  if (verdict.kind == Verdict::outside) return sys::openat(dir, path, flags);
  const Settings& set = settings();
  const char* head = verdict.kind == Verdict::inside ? set.dir : "/dev";
  char* rewritten = static_cast<char*>(alloca(length_of(head) + length_of(verdict.rest) + 1));
  put(put(rewritten, head), verdict.rest);
  return sys::openat(AT_FDCWD, rewritten, flags);
}

bool read_head(int dir, const char* path, Head& out) {
  const int fd = *path ? open_program(dir, path) : dir;
  if (fd < 0) return false;
  out.length = sys::call(SYS_pread64, fd, sys::word(out.bytes), sizeof out.bytes - 1, 0);
  if (*path) sys::close(fd);
  if (out.length < 0) return false;
  out.bytes[out.length] = '\0';
  return true;
}

/// The interpreter in a "#!" line, cut off at its end; null if there is none.
char* interpreter_in(Head& head) {
  char* name = head.bytes;
  if (!begins_with(name, "#!")) return nullptr;
  for (name += 2; *name == ' ' || *name == '\t';) ++name;
  char* end = name;
  while (*end && *end != ' ' && *end != '\t' && *end != '\n') ++end;
  *end = '\0';
  return *name ? name : nullptr;
}

bool is_foreign(const Head& head) {
  if (head.length < static_cast<long>(EI_NIDENT + 2 * sizeof(Elf64_Half)) || !begins_with(head.bytes, ELFMAG))
    return false;
  Elf64_Half machine;  // behind e_type, in every class
  __builtin_memcpy(&machine, head.bytes + EI_NIDENT + sizeof machine, sizeof machine);
  return head.bytes[EI_CLASS] != ELFCLASS64 || head.bytes[EI_DATA] != ELFDATA2LSB || machine != own_machine;
}

bool search(const char* file, Head& out) {
  const char* entry = getenv("PATH");
  if (!entry) entry = "/bin:/usr/bin";  // execvp(3)
  char* path = static_cast<char*>(alloca(length_of(entry) + length_of(file) + 2));
  for (;; ++entry) {
    const auto length = static_cast<std::size_t>(find_letter(entry, ':') - entry);
    __builtin_memcpy(path, entry, length);
    if (length) path[length] = '/';  // an empty entry is the working directory
    put(path + length + (length ? 1 : 0), file);
    if (read_head(AT_FDCWD, path, out)) return true;
    entry += length;
    if (!*entry) return false;
  }
}

}  // namespace

bool could_load_us(const Program& program) {
  if (!program.path) return true;
  Head head;
  const bool is_read = program.is_searched && !has_slash(program.path) ? search(program.path, head)
                                                                       : read_head(program.dir, program.path, head);
  if (!is_read) return true;
  for (int depth = 0; depth < deepest_script; ++depth) {
    const char* interpreter = interpreter_in(head);
    if (!interpreter) return !is_foreign(head);
    Head next;
    if (!read_head(AT_FDCWD, interpreter, next)) return true;
    head = next;
  }
  return true;
}

}  // namespace devshm
