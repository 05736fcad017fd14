// SPDX-License-Identifier: MIT
//
// Preloaded behind libdevshm.so: before main it has the kernel refuse system calls, as REFUSE says.
//
//   REFUSE="CALL:ERRNO ..."        a number or a name of `calls`, and what it answers; ERRNO "kill" ends the process
//
//   REFUSE_FROM=devshm (default)   only those that libdevshm.so makes itself: by where the instruction lies
//
//   REFUSE_FROM=all                from anywhere, as a container's filter does
//
//   REFUSE_OTHERS=1                and ends the process for every call of devshm's that REFUSE does not name
#include <errno.h>
#include <link.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace {

struct Range {
  uintptr_t begin, end;
};

int find_devshm(dl_phdr_info* info, size_t, void* data) {
  if (!strstr(info->dlpi_name, "libdevshm.so")) return 0;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = info->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD || !(segment.p_flags & PF_X)) continue;
    *static_cast<Range*>(data) = {info->dlpi_addr + segment.p_vaddr,
                                  info->dlpi_addr + segment.p_vaddr + segment.p_memsz};
    return 1;
  }
  return 0;
}

[[noreturn]] void give_up(const char* why) {
  dprintf(2, "refuse: %s (errno %d)\n", why, errno);
  _exit(99);
}

constexpr int most = 256;
sock_filter program[most];
unsigned short length = 0;

void add(sock_filter instruction) {
  if (length == most) give_up("too many calls");
  program[length++] = instruction;
}

constexpr uint32_t low(uintptr_t address) { return static_cast<uint32_t>(address); }
constexpr uint32_t high(uintptr_t address) { return static_cast<uint32_t>(address >> 32); }

/// Goes on behind it only with calls from that range. An address has two halves, which are compared one by one: the
/// range may lie across a multiple of 4 GiB.
void allow_outside(const Range& range) {
  constexpr size_t low_half = offsetof(seccomp_data, instruction_pointer), high_half = low_half + 4;
  add(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, high_half));
  add(BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, high(range.begin), 4, 0));
  add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, high(range.begin), 0, 2));
  add(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, low_half));
  add(BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, low(range.begin), 1, 0));
  add(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  add(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, high_half));
  add(BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, high(range.end), 0, 4));
  add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, high(range.end), 0, 2));
  add(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, low_half));
  add(BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, low(range.end), 0, 1));
  add(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
}

__attribute__((constructor)) void refuse() {
  const char* wanted = getenv("REFUSE");
  if (!wanted) return;
  const char* from = getenv("REFUSE_FROM");
  const bool all = from && !strcmp(from, "all");
  if (!all) {
    Range text{};
    dl_iterate_phdr(find_devshm, &text);
    // A child of a program that has left devshm: nothing of it is there to be refused.
    if (!text.begin) return;
    allow_outside(text);
  }
  add(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)));
  for (const char* next = wanted; *next;) {
    char* end;
    const auto call = static_cast<uint32_t>(strtoul(next, &end, 10));
    if (end == next || *end != ':') give_up("REFUSE is no list of NUMBER:ERRNO");
    next = end + 1;
    uint32_t answer;
    if (!strncmp(next, "kill", 4)) {
      answer = SECCOMP_RET_KILL_PROCESS;
      end = const_cast<char*>(next) + 4;
    } else if (!strncmp(next, "allow", 5)) {
      answer = SECCOMP_RET_ALLOW;
      end = const_cast<char*>(next) + 5;
    } else {
      answer = SECCOMP_RET_ERRNO | static_cast<uint32_t>(strtoul(next, &end, 10));
    }
    add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1));
    add(BPF_STMT(BPF_RET | BPF_K, answer));
    for (next = end; *next == ' ';) ++next;
  }
  add(BPF_STMT(BPF_RET | BPF_K, getenv("REFUSE_OTHERS") ? SECCOMP_RET_KILL_PROCESS : SECCOMP_RET_ALLOW));
  const sock_fprog filter{length, program};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) give_up("PR_SET_NO_NEW_PRIVS");
  // Not by syscall(), which is one of devshm's wrappers: it would have its settings before it can be refused the
  // memory.
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) give_up("seccomp");
}

}  // namespace
