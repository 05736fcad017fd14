// SPDX-License-Identifier: MIT
#include "usage.h"

#include "directory.h"

namespace devshm::store {
namespace {

/// Whether it is an object, and not another descriptor of the keeper, or of a process that has got the id of an ended
/// keeper.
bool is_object(int dir, const char* name) {
  constexpr char head[] = "/memfd:devshm:";
  char text[sizeof head - 1];
  return sys::readlinkat(dir, name, text, sizeof text) == sizeof text && same_bytes(text, head, sizeof text);
}

}  // namespace

Usage usage_of(const Root& root) {
  Usage usage;
  bool is_done = false;
  const Directory generations(root.c_str());
  // All generations that lead somewhere lead to the same table.
  generations.for_each([&](const char* name, unsigned char) {
    std::uint64_t generation;
    if (is_done || !parse_generation(name, text_length(name), generation)) return;
    const Directory descriptors(generations.fd(), name, Directory::follow);
    descriptors.for_each([&](const char* number, unsigned char) {
      struct stat object;
      if (!is_object(descriptors.fd(), number) || sys::fstatat(descriptors.fd(), number, &object, 0) != 0) return;
      usage.size += static_cast<unsigned long long>(object.st_size);
      usage.resident += static_cast<unsigned long long>(object.st_blocks) * 512;
      is_done = true;
    });
  });
  return usage;
}

}  // namespace devshm::store
