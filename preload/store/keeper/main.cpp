// SPDX-License-Identifier: MIT
//
// Makes libdevshm.so a program. The kernel starts it here, without a loader and without libc: nothing is relocated, so
// nothing here may need a table of addresses.
#include "../kernel.h"
#include "../start_keeper.h"
#include "keeper.h"
#include "settle.h"

namespace devshm::store {
namespace {

constexpr char usage[] = "libdevshm.so " DEVSHM_VERSION
                         ": gives programs a working /dev/shm where the machine has none\n"
                         "\n"
                         "  LD_PRELOAD=/path/to/libdevshm.so COMMAND...    run a command with it\n"
                         "\n"
                         "With DEVSHM_STORE=memory it also runs itself, as "
                         "devshm-keeper: the process that holds the memory.\n";

void say(int fd, const char* text) { sys::write(fd, text, text_length(text)); }

bool parse_seconds(const char* text, long& out) {
  out = 0;
  if (!*text) return false;
  for (; *text; ++text) {
    if (*text < '0' || *text > '9' || out > 1000000) return false;
    out = out * 10 + (*text - '0');
  }
  return true;
}

/// Whether it was started by start_keeper().
bool is_asked_to_keep(long count, char** arguments, long& seconds) {
  return count == 5 && text_length(arguments[1]) == sizeof keeper_word - 1 &&
         same_bytes(arguments[1], keeper_word, sizeof keeper_word) && parse_seconds(arguments[4], seconds) &&
         sys::fcntl(keeper_ready_fd, F_GETFD, 0) >= 0;
}

int keep(const char* path, const char* backing_dir, long seconds) {
  const Root root(path, text_length(path));
  Keeper keeper(root, backing_dir, seconds);
  int error = settle();
  if (!error) error = keeper.begin();
  if (error) keeper.unlock();
  if (!keeper.has_taken_over()) {
    sys::write(keeper_ready_fd, &error, sizeof error);
    sys::close(keeper_ready_fd);
  }
  if (error) return 1;
  keeper.run();
  return 0;
}

}  // namespace

/// `stack`: what the kernel has put there: the number of arguments, and their addresses.
extern "C" [[noreturn, gnu::used, gnu::visibility("hidden")]] void devshm_keeper_main(long* stack) {
  char** const arguments = reinterpret_cast<char**>(stack + 1);
  long seconds;
  int status = 2;
  if (is_asked_to_keep(*stack, arguments, seconds)) {
    status = keep(arguments[2], arguments[3], seconds);
  } else {
    say(1, usage);
    status = 0;
  }
  sys::end_process(status);
}

#if defined(__x86_64__)
__asm__(
    ".text\n.globl devshm_keeper_entry\n.hidden devshm_keeper_entry\n.type devshm_keeper_entry, %function\n"
    "devshm_keeper_entry:\n\t"
    "xor %ebp, %ebp\n\t"
    "mov %rsp, %rdi\n\t"
    "and $-16, %rsp\n\t"
    "call devshm_keeper_main\n\t"
    "ud2\n");
#else
__asm__(
    ".text\n.globl devshm_keeper_entry\n.hidden devshm_keeper_entry\n.type devshm_keeper_entry, %function\n"
    "devshm_keeper_entry:\n\t"
    "mov x29, xzr\n\t"
    "mov x30, xzr\n\t"
    "mov x0, sp\n\t"
    "bl devshm_keeper_main\n\t"
    "brk #0\n");
#endif

}  // namespace devshm::store
