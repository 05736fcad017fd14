// SPDX-License-Identifier: MIT
//
// A 32-bit program that needs no libc: writes its environment, a line each.
static void put(const char* text, int size) {
  int result;
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(4), "b"(1), "c"(text), "d"(size) : "memory");
}

__attribute__((used)) static void run(char** at) {
  while (*at) ++at;  // the arguments; behind their end the environment begins
  for (++at; *at; ++at) {
    int size = 0;
    while ((*at)[size]) ++size;
    put(*at, size);
    put("\n", 1);
  }
  __asm__ volatile("int $0x80" : : "a"(1), "b"(7));
}

__asm__(".globl _start\n_start:\n lea 4(%esp), %eax\n push %eax\n call run\n");
