// SPDX-License-Identifier: MIT
// How much room there is, counted as a tmpfs counts: pages of contents, and a budget for inodes that extra links and
// extended attributes draw on as well. Pure numbers; the table holds them right.
#pragma once

#include <cstdint>

namespace devshmd {

class Space {
 public:
  static constexpr std::uint64_t unlimited = 0;
  static constexpr std::uint64_t inode_bytes = 1024;  ///< what an inode counts in the budget, as in the kernel's tmpfs

  /// `promise`: a file is charged for its whole size, holes too. That is for contents that the daemon does not see
  /// being written (stores into mappings that the kernel writes back later): what was let in then has its room for
  /// certain.
  Space(std::uint64_t page_limit, std::uint64_t inode_limit, bool promise)
      : page_limit_(page_limit), inode_limit_(inode_limit), promise_(promise) {}

  bool promises() const { return promise_; }
  /// Where every store that finds no room is refused by the kernel (passthrough), nothing has to be promised.
  void promise(bool on) { promise_ = on; }
  /// Contents lie where the kernel keeps the limit: writes need not be judged here.
  bool kernel_counts() const { return kernel_counts_; }
  void let_kernel_count() { kernel_counts_ = true; }
  std::uint64_t page_limit() const { return page_limit_; }
  std::uint64_t inode_limit() const { return inode_limit_; }

  std::uint64_t pages_left() const {
    if (page_limit_ == unlimited) return UINT64_MAX;
    return charged_ >= page_limit_ ? 0 : page_limit_ - charged_;
  }
  /// Charges `more` pages; false if there is no room for them. `less` gives back.
  bool take_pages(std::uint64_t more) {
    if (more > pages_left()) return false;
    charged_ += more;
    return true;
  }
  void give_pages(std::uint64_t less) { charged_ -= less; }
  void recharge(std::uint64_t before, std::uint64_t after) { charged_ += after - before; }

  /// Pages that really hold something: what statfs shows as used.
  void reuse(std::uint64_t before, std::uint64_t after) { used_ += after - before; }
  std::uint64_t pages_used() const { return used_; }
  /// Long texts of symbolic links take pages that lie nowhere else.
  void use_link_page(bool more) { link_pages_ += more ? 1 : UINT64_MAX; }
  std::uint64_t link_pages() const { return link_pages_; }
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
  std::uint64_t charged_ = 0, used_ = 0, link_pages_ = 0, budget_used_ = 0;
};

}  // namespace devshmd
