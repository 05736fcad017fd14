// SPDX-License-Identifier: MIT
//
// Lists what is below /dev/shm: the objects of both stores, and the processes that have them open. `devshm ls`, `devshm
// df` and `devshm rm` use it; like `devshm check` they run in a program that ends before its main begins.
#pragma once

#include <sys/stat.h>

#include <cstddef>

#include "../amount.h"

namespace devshm {

/// Stands for a size that this user may not see.
inline constexpr Bytes unknown = ~0ull;

struct Object {
  char* name;          ///< relative to /dev/shm
  const char* kind;    ///< "memory", "disk", "link", "socket", "pipe" or "device"
  struct stat status;  ///< the object's, not that of the link that its name is
  Bytes resident;      ///< bytes in memory; `unknown`
  int* processes;      ///< those that have it open or mapped and may be examined, in order
  std::size_t process_count;
};

/// The objects, sorted by name. What is removed meanwhile is left out.
class Objects {
 public:
  /// Looks at everything below the backing directory. `errno` is not 0 if that can't be read; a missing one is empty.
  explicit Objects(const char* dir);
  Objects(const Objects&) = delete;

  const Object* begin() const { return all_; }
  const Object* end() const { return all_ + count_; }
  std::size_t size() const { return count_; }
  int error() const { return error_; }

  /// Fills in which processes have them open.
  void find_processes();

 private:
  void add_directory(int fd, const char* name);
  void add(int dir, const char* entry, const char* name);
  void note(const struct stat& file, int process);
  void look_at_descriptors(int process);
  void look_at_mappings(int process);

  Object* all_ = nullptr;
  std::size_t count_ = 0;
  int error_ = 0;
};

/// `devshm ls`, `df` and `rm`; each returns its exit status. The names of rm follow each other, each with its NUL.
int list_objects(bool as_json);
int report_room(bool as_json);
int remove_objects(bool as_json, const char* names, const char* end);

}  // namespace devshm
