// SPDX-License-Identifier: MIT
#include "start_variables.h"

#include <unistd.h>

#include "sys.h"
#include "text.h"

namespace devshm {
namespace {

constexpr std::size_t first_size = std::size_t{16} << 10;
constexpr std::size_t largest_size = std::size_t{8} << 20;  // more than the kernel lets through

/// The value in "NAME=value" if its name is `name`, else null.
const char* value_in(const char* entry, const char* name) {
  const std::size_t length = length_of(name);
  return begins_with(entry, name) && entry[length] == '=' ? entry + length + 1 : nullptr;
}

const char* find_in_environ(const char* name) {
  if (!environ) return nullptr;
  for (char** entry = environ; *entry; ++entry)
    if (const char* value = value_in(*entry, name)) return value;
  return nullptr;
}

/// Reads a whole file into `out`; returns its length, `size` if there is more, or a negative errno.
long read_all(int fd, char* out, std::size_t size) {
  std::size_t length = 0;
  while (length < size) {
    const long got = sys::call(SYS_pread64, fd, sys::word(out + length), static_cast<long>(size - length),
                               static_cast<long>(length));
    if (got < 0) return got;
    if (got == 0) break;
    length += static_cast<std::size_t>(got);
  }
  return static_cast<long>(length);
}

}  // namespace

StartVariables::StartVariables() {
  if (find_in_environ("LD_PRELOAD")) return;
  const sys::Descriptor file(sys::openat(AT_FDCWD, "/proc/self/environ", O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) return;
  for (std::size_t size = first_size; size <= largest_size && !block_; size *= 2) {
    char* block = static_cast<char*>(sys::allocate(size));
    if (!block) break;
    const long length = read_all(file.get(), block, size);
    // A zero byte stays after the texts, whatever the last of them ends with.
    if (length >= 0 && static_cast<std::size_t>(length) < size) {
      block_ = block;
      size_ = size;
      end_ = block + length;
    } else {
      sys::munmap(block, size);
    }
    if (length < 0) break;
  }
}

StartVariables::~StartVariables() {
  if (block_) sys::munmap(block_, size_);
}

const char* StartVariables::find(const char* name) const {
  if (const char* value = find_in_environ(name)) return value;
  for (const char* entry = block_; entry < end_; entry += length_of(entry) + 1)
    if (const char* value = value_in(entry, name)) return value;
  return nullptr;
}

}  // namespace devshm
