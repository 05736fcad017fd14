// SPDX-License-Identifier: MIT
// Implements NodeTable's contents and extended attributes, and charges for the space that they take.
#include <fcntl.h>
#include <sys/xattr.h>

#include <algorithm>
#include <cerrno>

#include "node_table.h"

namespace devshmd {
namespace {

// As many bytes as one call can set.
constexpr std::size_t longest_value = 65536;

}  // namespace

int attribute_name_error(std::string_view name) {
  for (const std::string_view space : {"user.", "trusted.", "security."})
    if (name.starts_with(space)) return name.size() > space.size() ? 0 : EINVAL;
  return EOPNOTSUPP;
}

std::uint64_t NodeTable::charge_of(const Node& node, std::uint64_t size, std::uint64_t allocated) const {
  if (!space_.promises()) return allocated;
  return std::max(allocated, pages_of(std::max(size, node.promised_end)));
}

std::uint64_t NodeTable::recount(Node& node) {
  if (!node.file) return 0;
  const MemoryFile::Facts facts = node.file->facts();
  use_pages(node, facts.pages, facts.in_memory);
  const std::uint64_t charge = charge_of(node, facts.size, facts.pages);
  space_.recharge(node.charged, charge);
  node.charged = charge;

  if (!node.changes_unseen) return facts.size;
  if (node.seen_modified < facts.modified) {
    node.seen_modified = facts.modified;
    if (node.modified < facts.modified) node.touch(facts.modified);
  }
  // Like `relatime`: the time of access changes only while it is older than that of modification.
  if (node.seen_read < facts.read) {
    node.seen_read = facts.read;
    if (!(node.modified < node.accessed) && node.accessed < facts.read) node.accessed = facts.read;
  }
  return facts.size;
}

std::uint64_t NodeTable::admit_write(Node& node, std::uint64_t offset, std::uint64_t size, std::uint64_t& charged) {
  charged = 0;
  if (size == 0 || space_.page_limit() == Space::unlimited) return size;
  if (space_.kernel_counts() && !space_.promises())
    return node.file->needs_own_page(offset, size) && !reserve_elsewhere(1) ? 0 : size;
  const std::uint64_t left = space_.pages_left();

  if (space_.promises()) {
    // Pages within the size are charged already; beyond it every page up to the end of the write counts.
    const std::uint64_t needed = pages_of(offset + size);
    if (needed > node.charged && needed - node.charged > left) {
      const std::uint64_t end = (node.charged + left) * page_size;
      if (end <= offset) return 0;
      size = end - offset;
    }
    const std::uint64_t pages = pages_of(offset + size);
    charged = pages > node.charged ? pages - node.charged : 0;
  } else {
    const std::uint64_t first = offset / page_size, pages = pages_of(offset + size) - first;
    charged = pages;
    if (pages > left) {
      // Nearly full: see how much fits, page by page. Pages that fallocate reserved look like holes and cost nothing.
      const std::uint64_t length = node.file->facts().size;
      const std::uint64_t written = pages_of(length) - node.file->holes(0, length);
      const std::uint64_t reserved = node.used > written ? node.used - written : 0;
      const auto cost = [&] {
        const std::uint64_t holes = node.file->holes(offset, size);
        return holes > reserved ? holes - reserved : 0;
      };
      while ((charged = cost()) > left) {
        const std::uint64_t end = (offset + size - 1) / page_size * page_size;
        if (end <= offset) return charged = 0;
        size = end - offset;
      }
    }
  }
  space_.take_pages(charged);
  return size;
}

int NodeTable::truncate(Node& node, std::uint64_t size) {
  recount(node);
  const std::uint64_t before = node.file->facts().size;
  if (size > before && space_.promises()) {
    const std::uint64_t pages = pages_of(size);
    if (pages > node.charged && pages - node.charged > space_.pages_left()) return ENOSPC;
  }
  const int result = node.file->truncate(static_cast<off_t>(size));
  if (result < 0) return -result;
  if (size < before) node.promised_end = size;
  // The contents have a new time even if nothing changed; the caller knows whether that counts.
  node.seen_modified = node.file->facts().modified;
  recount(node);
  return 0;
}

int NodeTable::fallocate(Node& node, int mode, std::uint64_t offset, std::uint64_t length) {
  const bool punches = mode & FALLOC_FL_PUNCH_HOLE;
  std::uint64_t charged = 0;
  if (!punches && space_.page_limit() != Space::unlimited) {
    recount(node);
    // All or nothing, unlike a write.
    if (admit_write(node, offset, length, charged) < length) {
      space_.give_pages(charged);
      return ENOSPC;
    }
  }
  const int result = node.file->fallocate(mode, static_cast<off_t>(offset), static_cast<off_t>(length));
  space_.give_pages(charged);
  if (result == 0 && !punches && (mode & FALLOC_FL_KEEP_SIZE))
    node.promised_end = std::max(node.promised_end, offset + length);
  recount(node);
  return -result;
}

void NodeTable::save_descriptor(Node& node) {
  if (!node.file || MemoryFile::descriptors() < descriptors_enough_ || !reserve_elsewhere(1)) return;
  recount(node);  // takes over the times of the descriptor before it is closed
  node.file->take_descriptor_back();
  recount(node);
}

int NodeTable::set_attribute(Node& node, std::string_view name, std::string_view value, int flags) {
  if (const int error = attribute_name_error(name)) return error;
  if (name.size() > longest_name) return ERANGE;
  if (value.size() > longest_value) return E2BIG;
  const auto found = node.attributes.find(name);
  const bool there = found != node.attributes.end();
  if ((flags & XATTR_CREATE) && there) return EEXIST;
  if ((flags & XATTR_REPLACE) && !there) return ENODATA;
  std::string text(value);
  if (!space_.take_bytes(attribute_bytes(name.size(), value.size()))) return ENOSPC;
  if (there) {
    space_.give_bytes(attribute_bytes(name.size(), found->second.size()));
    found->second.swap(text);
  } else {
    try {
      node.attributes.emplace(name, std::move(text));
    } catch (...) {
      space_.give_bytes(attribute_bytes(name.size(), value.size()));
      throw;
    }
  }
  node.changed = now();
  return 0;
}

int NodeTable::remove_attribute(Node& node, std::string_view name) {
  if (const int error = attribute_name_error(name)) return error;
  const auto found = node.attributes.find(name);
  if (found == node.attributes.end()) return ENODATA;
  space_.give_bytes(attribute_bytes(name.size(), found->second.size()));
  node.attributes.erase(found);
  node.changed = now();
  return 0;
}

}  // namespace devshmd
