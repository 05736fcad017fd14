// SPDX-License-Identifier: MIT
#include "sweep.h"

#include <dirent.h>

#include "../directory.h"
#include "../make_root.h"

namespace devshm::store {
namespace {

constexpr int deepest = 64;

void sweep(const Root& root, const Directory& directory, int depth) {
  if (!reaches(root, directory.fd(), ".")) return;
  directory.for_each([&](const char* name, unsigned char type) {
    if (type == DT_DIR && depth < deepest) sweep(root, Directory(directory.fd(), name), depth + 1);
    if (type != DT_LNK && type != DT_UNKNOWN) return;
    char text[160];
    const long length = sys::readlinkat(directory.fd(), name, text, sizeof text);
    LinkText link;
    if (length <= 0 || !parse_link(text, static_cast<std::size_t>(length), link)) return;
    if (link.root_length == root.size() && same_bytes(text, root.c_str(), root.size()))
      sys::unlinkat(directory.fd(), name, 0);
  });
}

void remove_entries(const Directory& directory) {
  directory.for_each([&](const char* name, unsigned char) { sys::unlinkat(directory.fd(), name, 0); });
}

}  // namespace

void remove_old_pool(const Root& root) { remove_entries(Directory(root.entry("pool").c_str())); }

void remove_old_generations(const Root& root) {
  const Directory directory(root.c_str());
  directory.for_each([&](const char* name, unsigned char) {
    std::uint64_t generation;
    if (parse_generation(name, text_length(name), generation)) sys::unlinkat(directory.fd(), name, 0);
    constexpr std::size_t count = sizeof Root::making_letters - 1;
    if (text_length(name) <= count || !same_bytes(name, Root::making_letters, count)) return;
    remove_entries(Directory(directory.fd(), name));
    sys::unlinkat(directory.fd(), name, AT_REMOVEDIR);
  });
}

void remove_dangling_names(const Root& root, const char* backing_dir) { sweep(root, Directory(backing_dir), 0); }

}  // namespace devshm::store
