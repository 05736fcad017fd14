// SPDX-License-Identifier: MIT
#include "cgroup.h"

#include <limits.h>

#include <cstddef>

#include "line_reader.h"
#include "sys.h"
#include "text.h"

namespace devshm {
namespace {

/// The files of a version, and how its table of mounts names it.
struct Version {
  const char* file_system;
  const char* limit;
  const char* usage;
  const char* droppable;  // in memory.stat: file pages that have not been used lately
};
constexpr Version version_1 = {"cgroup", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file "};
constexpr Version version_2 = {"cgroup2", "memory.max", "memory.current", "inactive_file "};

constexpr std::size_t longest_file = 32;       // "/memory.limit_in_bytes"
constexpr Bytes least_unlimited = 1ull << 62;  // version 1 says "no limit" by a large number

/// Wrappers run on small stacks.
struct Memory {
  char line[8192];
  char group[PATH_MAX];  // the process's, as the kernel names it
  char path[PATH_MAX];   // of a directory, then of a file in it
};

/// Ends the text's next word, which ends with `end`, and returns what follows; null if there is no such letter.
char* split(char* text, char end) {
  char* at = const_cast<char*>(find_letter(text, end));
  if (!*at) return nullptr;
  *at = '\0';
  return at + 1;
}

/// Whether a list like "cpu,memory" has "memory".
bool has_memory(const char* list) {
  for (;;) {
    const char* rest = begins_with(list, "memory") ? list + sizeof "memory" - 1 : nullptr;
    if (rest && (!*rest || *rest == ',')) return true;
    list = find_letter(list, ',');
    if (!*list++) return false;
  }
}

/// Finds the group that counts the process's memory: in version 1 if that has the controller. Lines are
/// "4:memory:/path", and "0::/path" for version 2.
const Version* find_group(const char* groups, Memory& memory) {
  const Version* found = nullptr;
  LineReader reader(groups, memory.line, sizeof memory.line);
  while (char* line = reader.next()) {
    char* controllers = split(line, ':');
    char* path = controllers ? split(controllers, ':') : nullptr;
    if (!path || length_of(path) >= sizeof memory.group) continue;
    const Version* version = has_memory(controllers) ? &version_1 : *controllers ? nullptr : &version_2;
    if (!version || found == &version_1) continue;
    found = version;
    put(memory.group, path);
  }
  return found;
}

/// What follows `head` in a path, at the boundary of a component; null if it begins otherwise.
const char* below(const char* path, const char* head) {
  if (same(head, "/")) return path;
  const char* rest = after(path, head);
  return rest && (!*rest || *rest == '/') ? rest : nullptr;
}

/// Puts the group's directory into `path`, and returns how much of it is the mount point; 0 if there is none. A line
/// of mountinfo (proc(5)) has the root of the mount, its point, and after " - " the type, source and options.
std::size_t find_directory(const char* mounts, const Version& version, Memory& memory) {
  std::size_t found = 0;
  LineReader reader(mounts, memory.line, sizeof memory.line);
  while (char* root = reader.next()) {
    for (int field = 0; root && field < 3; ++field) root = split(root, ' ');
    char* point = root ? split(root, ' ') : nullptr;
    char* rest = point ? split(point, ' ') : nullptr;
    while (rest && !begins_with(rest, "- ")) rest = split(rest, ' ');
    char* type = rest ? rest + 2 : nullptr;
    char* source = type ? split(type, ' ') : nullptr;
    char* options = source ? split(source, ' ') : nullptr;
    if (!options || !same(type, version.file_system)) continue;
    if (&version == &version_1 && !has_memory(options)) continue;
    // The mount may show another part of the tree than the table names (in a container with the host's table, or after
    // the process has left a namespace). Then it shows the container's own group.
    const char* group = below(memory.group, root);
    const bool is_shown = group && !begins_with(group, "/..");
    if (!is_shown && found) continue;
    if (!is_shown) group = "";
    if (length_of(point) + length_of(group) + longest_file > sizeof memory.path) continue;
    put(put(memory.path, point), group);
    memory.path[length_before_last_slashes(memory.path)] = '\0';
    found = length_of(point);
    if (is_shown) break;
  }
  return found;
}

/// Reads a file that has one number. False for "max".
bool read_file(Memory& memory, std::size_t dir_length, const char* name, Bytes& out) {
  put(put(memory.path + dir_length, "/"), name);
  LineReader reader(memory.path, memory.line, sizeof memory.line);
  const char* line = reader.next();
  return line && read_number(line, out);
}

Bytes read_droppable(Memory& memory, std::size_t dir_length, const Version& version) {
  put(memory.path + dir_length, "/memory.stat");
  LineReader reader(memory.path, memory.line, sizeof memory.line);
  Bytes bytes = 0;
  while (const char* line = reader.next())
    if (const char* number = after(line, version.droppable)) {
      read_number(number, bytes);
      break;
    }
  return bytes;
}

/// The levels from the group up to the mount point.
CgroupMemory read_levels(Memory& memory, std::size_t mount_length, const Version& version) {
  CgroupMemory result;
  std::size_t length = length_of(memory.path);
  for (;;) {
    Bytes limit, usage;
    if (read_file(memory, length, version.limit, limit) && limit < least_unlimited) {
      result.limit = limit;
      if (read_file(memory, length, version.usage, usage)) {
        const Bytes droppable = read_droppable(memory, length, version);
        const Bytes used = usage > droppable ? usage - droppable : 0;
        const Bytes left = limit > used ? limit - used : 0;
        if (left < result.available) result.available = left;
      }
    }
    while (length > mount_length && memory.path[length - 1] != '/') --length;
    if (length <= mount_length) return result;
    --length;
  }
}

}  // namespace

CgroupMemory read_cgroup_memory(const char* groups, const char* mounts) {
  auto* memory = static_cast<Memory*>(sys::allocate(sizeof(Memory)));
  if (!memory) return {};
  CgroupMemory result;
  if (const Version* version = find_group(groups, *memory))
    if (const std::size_t mount_length = find_directory(mounts, *version, *memory))
      result = read_levels(*memory, mount_length, *version);
  sys::munmap(memory, sizeof(Memory));
  return result;
}

}  // namespace devshm
