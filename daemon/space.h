// SPDX-License-Identifier: MIT
// Counts the space as a tmpfs does: pages of contents, and a budget for inodes, which also pays for further links and
// for extended attributes. It holds only numbers; NodeTable keeps them right.
#pragma once

#include <cstdint>

namespace devshmd {

class Space {
 public:
  static constexpr std::uint64_t unlimited = 0;
  static constexpr std::uint64_t inode_bytes = 1024;  ///< the cost of an inode, as in the kernel's tmpfs

  /// `promise`: a file is charged for its whole size, holes too. The kernel writes stores into a mapping back later,
  /// when they can't be refused any more; so their room is promised when the file gets its size.
  Space(std::uint64_t page_limit, std::uint64_t inode_limit, bool promise)
      : page_limit_(page_limit), inode_limit_(inode_limit), promise_(promise) {}

  bool promises() const { return promise_; }
  /// With passthrough the kernel refuses a store that finds no room, so nothing has to be promised.
  void promise(bool on) { promise_ = on; }
  /// Whether the kernel enforces the limit, so that writes need no check here.
  bool kernel_counts() const { return kernel_counts_; }
  void let_kernel_count() { kernel_counts_ = true; }
  std::uint64_t page_limit() const { return page_limit_; }
  std::uint64_t inode_limit() const { return inode_limit_; }

  std::uint64_t pages_left() const {
    if (page_limit_ == unlimited) return UINT64_MAX;
    return charged_ >= page_limit_ ? 0 : page_limit_ - charged_;
  }
  /// Charges `more` pages; false if there is no room for them.
  bool take_pages(std::uint64_t more) {
    if (more > pages_left()) return false;
    charged_ += more;
    return true;
  }
  void give_pages(std::uint64_t less) { charged_ -= less; }
  void recharge(std::uint64_t before, std::uint64_t after) { charged_ += after - before; }

  /// Pages that are allocated: statfs shows them as used.
  void reuse(std::uint64_t before, std::uint64_t after) { used_ += after - before; }
  std::uint64_t pages_used() const { return used_; }
  /// Pages in use that are in no file with a descriptor: small contents, and long targets of symbolic links.
  void reuse_elsewhere(std::uint64_t before, std::uint64_t after) { elsewhere_ += after - before; }
  std::uint64_t pages_elsewhere() const { return elsewhere_; }
  std::uint64_t pages_charged() const { return charged_; }

  bool take_bytes(std::uint64_t bytes) {
    if (inode_limit_ != unlimited && bytes > inode_limit_ * inode_bytes - budget_used_) return false;
    budget_used_ += bytes;
    return true;
  }
  void give_bytes(std::uint64_t bytes) { budget_used_ -= bytes; }
  bool take_inode() { return take_bytes(inode_bytes); }
  void give_inode() { give_bytes(inode_bytes); }
  std::uint64_t inodes_left() const {
    return inode_limit_ == unlimited ? 0 : (inode_limit_ * inode_bytes - budget_used_) / inode_bytes;
  }

 private:
  const std::uint64_t page_limit_, inode_limit_;
  bool promise_, kernel_counts_ = false;
  std::uint64_t charged_ = 0, used_ = 0, elsewhere_ = 0, budget_used_ = 0;
};

}  // namespace devshmd
