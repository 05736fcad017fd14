// SPDX-License-Identifier: MIT
//
// Does the work of `devshm ls` and `devshm df`: prints the objects and the space as a table, or as JSON.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../escape.h"
#include "../line_reader.h"
#include "../memory_room.h"
#include "../settings.h"
#include "../text.h"
#include "objects.h"

namespace devshm {
namespace {

/// Prints a name, escaped (escape.h).
void print_name(const char* name, bool as_json) {
  escape(name, strlen(name), [as_json](const char* text, std::size_t size) {
    if (as_json && size == 1 && *text == '"') putchar('\\');
    fwrite(text, 1, size, stdout);
  });
}

/// Writes a size like "1.5G", in at most five letters; "-" if it is unknown.
void put_size(char (&out)[24], Bytes bytes) {
  const char* unit = " KMGTPE";
  double number = static_cast<double>(bytes);
  while (number >= 1024) number /= 1024, ++unit;
  if (bytes == unknown)
    snprintf(out, sizeof out, "-");
  else if (*unit == ' ')
    snprintf(out, sizeof out, "%llu", bytes);
  else
    snprintf(out, sizeof out, number < 10 ? "%.1f%c" : "%.0f%c", number, *unit);
}

void print_number(const char* key, Bytes number) {
  if (number == unknown)
    printf(",\"%s\":null", key);
  else
    printf(",\"%s\":%llu", key, number);
}

/// Writes the user's name. Only /etc/passwd is searched, because NSS would load its libraries.
void put_user(char (&out)[24], uid_t user) {
  char memory[1024];
  LineReader lines("/etc/passwd", memory, sizeof memory);
  snprintf(out, sizeof out, "%u", user);
  while (char* line = lines.next()) {
    char* const name_end = strchr(line, ':');
    char* const number = name_end ? strchr(name_end + 1, ':') : nullptr;
    Bytes found;
    if (!number || !read_number(number + 1, found) || found != user) continue;
    *name_end = '\0';
    if (strlen(line) < sizeof out) put(out, line);
    return;
  }
}

void print_json(const Object& object) {
  char user[24];
  put_user(user, object.status.st_uid);
  printf("{\"name\":\"/dev/shm/");
  print_name(object.name, true);
  printf("\",\"size\":%llu", static_cast<Bytes>(object.status.st_size));
  print_number("resident", object.resident);
  printf(",\"uid\":%u,\"owner\":\"", object.status.st_uid);
  print_name(user, true);
  printf("\",\"store\":\"%s\",\"processes\":[", object.kind);
  for (std::size_t i = 0; i < object.process_count; ++i) printf(i ? ",%d" : "%d", object.processes[i]);
  printf("]}");
}

void print_row(const Object& object) {
  char size[24], resident[24], user[24];
  put_size(size, static_cast<Bytes>(object.status.st_size));
  put_size(resident, object.resident);
  put_user(user, object.status.st_uid);
  printf("%8s %8s  %-10s %-7s ", size, resident, user, object.kind);
  int width = 0;
  for (std::size_t i = 0; i < object.process_count; ++i) width += printf(i ? ",%d" : "%d", object.processes[i]);
  printf("%*s  /dev/shm/", width < 14 ? 14 - width : 0, object.process_count ? "" : "-             ");
  print_name(object.name, false);
  putchar('\n');
}

int complain_of(const Objects& objects) {
  fprintf(stderr, "devshm: can't read %s: %s\n", settings().dir, strerror(objects.error()));
  return 1;
}

struct Sums {
  Bytes count = 0, size = 0, resident = 0;
};

Sums sums_of(const Objects& objects, bool of_memory) {
  Sums sums;
  for (const Object& object : objects) {
    if (same(object.kind, "memory") != of_memory) continue;
    ++sums.count;
    sums.size += static_cast<Bytes>(object.status.st_size);
    sums.resident += of_memory ? object.resident : static_cast<Bytes>(object.status.st_blocks) * 512;
  }
  return sums;
}

void print_store(const char* store, const Sums& sums, Bytes total, Bytes available, const char* where, bool as_json) {
  if (as_json) {
    printf("{\"store\":\"%s\",\"objects\":%llu,\"size\":%llu,\"used\":%llu,\"total\":%llu,\"available\":%llu}", store,
           sums.count, sums.size, sums.resident, total, available);
    return;
  }
  char size[24], used[24], all[24], left[24];
  put_size(size, sums.size);
  put_size(used, sums.resident);
  put_size(all, total);
  put_size(left, available);
  printf("%-7s %8llu %8s %8s %8s %9s  ", store, sums.count, size, used, all, left);
  print_name(where, false);
  putchar('\n');
}

}  // namespace

int list_objects(bool as_json) {
  Objects objects(settings().dir);
  if (objects.error()) return complain_of(objects);
  objects.find_processes();
  if (as_json) printf("{\"objects\":[");
  if (!as_json && objects.size())
    printf("%8s %8s  %-10s %-7s %-14s  %s\n", "SIZE", "RESIDENT", "OWNER", "STORE", "OPEN IN", "NAME");
  bool is_first = true;
  for (const Object& object : objects) {
    if (as_json && !is_first) putchar(',');
    is_first = false;
    as_json ? print_json(object) : print_row(object);
  }
  if (as_json) printf("]}\n");
  return 0;
}

int report_room(bool as_json) {
  const Objects objects(settings().dir);
  if (objects.error()) return complain_of(objects);
  const Room memory = memory_room();
  struct statfs disk {};
  if (sys::statfs(settings().dir, &disk) != 0) sys::statfs("/tmp", &disk);
  const auto unit = static_cast<Bytes>(disk.f_bsize);
  if (as_json)
    printf("{\"stores\":[");
  else
    printf("%-7s %8s %8s %8s %8s %9s  %s\n", "STORE", "OBJECTS", "SIZE", "USED", "TOTAL", "AVAILABLE", "WHERE");
  print_store("memory", sums_of(objects, true), memory.total, memory.available, "memory", as_json);
  if (as_json) putchar(',');
  print_store("disk", sums_of(objects, false), disk.f_blocks * unit, disk.f_bavail * unit, settings().dir, as_json);
  if (as_json) printf("]}\n");
  return 0;
}

}  // namespace devshm
