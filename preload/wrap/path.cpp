// SPDX-License-Identifier: MIT
#include "path.h"

#include <alloca.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#include <algorithm>

#include "../backing_dir.h"
#include "../constant_dir.h"
#include "../report.h"
#include "../start_dir.h"
#include "../text.h"

namespace devshm {

bool JudgedPath::judge(const char* text, int base, Role role, bool matches) {
  text_ = text;
  base_ = base;
  role_ = role;
  verdict_ = {Verdict::outside, nullptr};
  if (!matches || (role == Role::searched && !has_slash(text))) return false;
  // The kernel reads no more than this. It refuses a longer path, perhaps after it has found something else to be
  // wrong.
  text_length_ = strnlen(text, PATH_MAX);
  if (text_length_ == PATH_MAX) return false;
  verdict_ = *text == '/' ? judge_absolute(text, text_length_) : judge_from(base, text);
  return is_rewritten();
}

int JudgedPath::prepare(const Settings& set, std::size_t& size) {
  if (!is_rewritten()) return 0;
  if (is_inside()) {
    if (const int error = ensure_backing_dir()) {
      verdict_.kind = Verdict::outside;
      return error == real_one_serves ? 0 : error;
    }
  }
  rest_length_ = own_tail_ = text_length_ - static_cast<std::size_t>(verdict_.rest - text_);
  prefix_ = prefix_for(verdict_, set);
  if (prefix_.length + rest_length_ >= PATH_MAX) return ENAMETOOLONG;
  if (is_inside()) {
    if (role_ == Role::removed && is_overlay_root()) return EBUSY;
    if (role_ == Role::moved && is_overlay_root()) {
      // Use a mount point that exists instead: the kernel refuses it as it would refuse /dev/shm, and reports all
      // errors that come first, such as those of the other name, as it would for this one.
      text_ = "/dev/.";
      verdict_.kind = Verdict::outside;
      return 0;
    }
  }
  size += placed_size();
  return 0;
}

bool JudgedPath::is_overlay_root() const {
  if (!is_inside()) return false;
  const char* rest = verdict_.rest;
  while (*rest == '/') ++rest;
  return !*rest;
}

const char* JudgedPath::place(char*& memory) {
  if (!is_rewritten()) return text_;
  placed_ = memory;
  // Not memcpy: gcc would make it an instruction that is slow for a few bytes on many processors (rep movsb).
  __builtin_memmove(memory, prefix_.text, prefix_.length);
  __builtin_memmove(memory + prefix_.length, verdict_.rest, rest_length_ + 1);
  memory += placed_size();
  return placed_;
}

std::size_t JudgedPath::find_link(bool last_too) {
  if (!is_inside()) return 0;
  link_ = find_overlay_link(placed_, prefix_.length, last_too);
  return link_.end ? link_.text_length + length_of(placed_ + link_.end) + 1 : 0;
}

bool JudgedPath::follow(char*& memory) {
  if (!is_inside() || !link_.end || !follow_overlay_link(placed_, link_, memory)) return false;
  const Verdict verdict = devshm::judge(memory, Start::root);
  const std::size_t rest_length = length_of(verdict.rest);
  if (verdict.kind != Verdict::inside || prefix_.length + rest_length >= PATH_MAX) return false;
  own_tail_ = std::min(own_tail_, length_of(placed_ + link_.end));
  verdict_ = verdict;
  rest_length_ = rest_length;
  memory += length_of(memory) + 1;
  return true;
}

void JudgedPath::write_back() const {
  if (!is_rewritten()) return;
  char* end = const_cast<char*>(text_) + text_length_;
  __builtin_memcpy(end - own_tail_, placed_ + prefix_.length + rest_length_ - own_tail_, own_tail_);
}

void JudgedPath::log(const char* function) const {
  if (is_rewritten()) log_reroute(function, text_, placed_);
}

bool is_rewritten(const char* path, Role role) {
  return may_match(path) && JudgedPath().judge(path, AT_FDCWD, role, true) && settings().active;
}

int with_kernel_path(const char* path, FunctionRef<void(const KernelPath&)> use, Links followed) {
  JudgedPath judged;
  const bool is_rewritten = judged.judge(path, AT_FDCWD, Role::named, may_match(path));
  const Settings& set = settings();
  if (!is_rewritten || !set.active) {
    use({path, false, false});
    return 0;
  }
  std::size_t size = 0;
  if (const int error = judged.prepare(set, size)) return error;
  for (int links = 0; links <= most_links; ++links) {
    // A rewritten path is never empty. NOLINTNEXTLINE(clang-analyzer-optin.portability.UnixAPI)
    char* memory = static_cast<char*>(alloca(judged.placed_size()));
    const char* const placed = judged.place(memory);
    size = followed == Links::none ? 0 : judged.find_link(followed == Links::all);
    char* at = size ? static_cast<char*>(alloca(size)) : nullptr;
    if (at && judged.follow(at)) continue;
    use({placed, judged.is_rewritten(), judged.is_inside()});
    return 0;
  }
  return ELOOP;
}

bool overlay_was_remade() {
  const bool dir_is_new = backing_dir_was_remade();
  const bool link_is_new = constant_dir_was_remade();
  return dir_is_new || link_is_new;
}

}  // namespace devshm
