/* For CRIU 4.1 where it asks for more than it gets: the limits of another process without CAP_SYS_RESOURCE (they can be
 * read in /proc), limits of its own that can't be raised, and two options that TCP sockets lost in Linux 6.16. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char* const limit_names[] = {
    "Max cpu time",       "Max file size",     "Max data size",         "Max stack size",
    "Max core file size", "Max resident set",  "Max processes",         "Max open files",
    "Max locked memory",  "Max address space", "Max file locks",        "Max pending signals",
    "Max msgqueue size",  "Max nice priority", "Max realtime priority", "Max realtime timeout",
};

static long kernel(long number, const long* a) {
  long result;
#if defined __x86_64__
  register long r10 __asm__("r10") = a[3];
  register long r8 __asm__("r8") = a[4];
  register long r9 __asm__("r9") = a[5];
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
#elif defined __aarch64__
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a[0];
  register long x1 __asm__("x1") = a[1];
  register long x2 __asm__("x2") = a[2];
  register long x3 __asm__("x3") = a[3];
  register long x4 __asm__("x4") = a[4];
  register long x5 __asm__("x5") = a[5];
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
  result = x0;
#endif
  if (result < 0 && result > -4096) {
    errno = (int)-result;
    return -1;
  }
  return result;
}

static rlim_t value(const char* text) { return text[0] == 'u' ? RLIM_INFINITY : strtoull(text, NULL, 10); }

static int limit(pid_t process, int resource, const void* wanted, struct rlimit* found) {
  const long arguments[6] = {process, resource, (long)wanted, (long)found};
  if (kernel(SYS_prlimit64, arguments) == 0) return 0;
  if (errno != EPERM) return -1;
  if (!found) return 0;
  char name[64], line[256], soft[32], hard[32];
  snprintf(name, sizeof name, "/proc/%d/limits", (int)process);
  FILE* file = fopen(name, "r");
  if (!file) return -1;
  while (fgets(line, sizeof line, file)) {
    if (strncmp(line, limit_names[resource], strlen(limit_names[resource])) == 0 &&
        sscanf(line + 26, "%31s %31s", soft, hard) == 2) {
      found->rlim_cur = value(soft);
      found->rlim_max = value(hard);
    }
  }
  fclose(file);
  return 0;
}

int prlimit(pid_t process, __rlimit_resource_t resource, const struct rlimit* wanted, struct rlimit* found) {
  return limit(process, (int)resource, wanted, found);
}

int prlimit64(pid_t process, __rlimit_resource_t resource, const struct rlimit64* wanted, struct rlimit64* found) {
  return limit(process, (int)resource, wanted, (struct rlimit*)found);
}

long syscall(long number, ...) {
  long a[6];
  va_list list;
  va_start(list, number);
  for (int i = 0; i < 6; i++) a[i] = va_arg(list, long);
  va_end(list);
  if (number == SYS_prlimit64) return limit((pid_t)a[0], (int)a[1], (const void*)a[2], (struct rlimit*)a[3]);
  return kernel(number, a);
}

int getsockopt(int socket, int level, int option, void* restrict found, socklen_t* restrict size) {
  const long arguments[6] = {socket, level, option, (long)found, (long)size};
  long result = kernel(SYS_getsockopt, arguments);
  if (result == -1 && errno == EOPNOTSUPP && level == SOL_SOCKET && (option == SO_PASSCRED || option == SO_PASSSEC)) {
    memset(found, 0, *size);
    return 0;
  }
  return (int)result;
}
