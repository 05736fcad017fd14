// SPDX-License-Identifier: MIT
#include "memory_size.h"

#include "cgroup.h"
#include "line_reader.h"
#include "sys.h"
#include "text.h"

namespace devshm {
namespace {

Bytes lesser(Bytes a, Bytes b) { return a < b ? a : b; }

/// A line of /proc/meminfo (proc(5)); no_limit without it.
Bytes read_meminfo(const char* field) {
  char memory[256];
  LineReader reader("/proc/meminfo", memory, sizeof memory);
  while (const char* line = reader.next()) {
    const char* number = after(line, field);
    Bytes kibibytes;
    if (!number) continue;
    while (*number == ' ') ++number;
    if (read_number(number, kibibytes)) return kibibytes << 10;
  }
  return no_limit;
}

}  // namespace

Bytes machine_memory() { return read_meminfo("MemTotal:"); }

Bytes total_memory() { return lesser(machine_memory(), read_cgroup_memory().limit); }

Bytes available_memory() { return lesser(read_meminfo("MemAvailable:"), read_cgroup_memory().available); }

Bytes bytes_of(const Amount& amount) { return amount.percent ? total_memory() / 100 * amount.percent : amount.bytes; }

}  // namespace devshm
