// SPDX-License-Identifier: MIT
#include "path_argument.h"

#include <errno.h>
#include <limits.h>

#include <algorithm>

#include "../backing_dir.h"
#include "../report.h"
#include "../settings.h"
#include "../start_dir.h"
#include "../text.h"

namespace devshm {

// Not inline: what it sets to zero would be fifty bytes in each of its users.
JudgedPath::JudgedPath(const char* text, int base, Role role) : text_(text), base_(base), role_(role) {}

int JudgedPath::judge(std::size_t& room) {
  if (!may_match(text_) || (role_ == Role::sought && !has_slash(text_))) return 0;
  // The kernel refuses it by its length, in its own order among what else is wrong with the call.
  if (length_of(text_) >= PATH_MAX) return 0;
  const Verdict verdict = judge_from(base_, text_);
  if (verdict.kind == Verdict::outside) return 0;
  const Settings& set = settings();
  if (!set.active) return 0;
  if (verdict.kind == Verdict::inside)
    if (const int error = ensure_backing_dir()) return error == real_one_serves ? 0 : error;
  verdict_ = verdict;
  head_ = is_inside() ? set.dir : "/dev";
  head_length_ = is_inside() ? set.dir_length : 4;
  rest_length_ = own_tail_ = length_of(verdict.rest);
  if (head_length_ + rest_length_ >= PATH_MAX) return ENAMETOOLONG;
  room += placed_size();
  return role_ == Role::removed && is_overlay_root() ? EBUSY : 0;
}

bool JudgedPath::is_overlay_root() const {
  if (!is_inside()) return false;
  for (const char* p = verdict_.rest; *p; ++p)
    if (*p != '/') return false;
  return true;
}

const char* JudgedPath::place(char*& memory) {
  if (!is_rewritten()) return text_;
  placed_ = memory;
  __builtin_memcpy(memory, head_, head_length_);
  __builtin_memcpy(memory + head_length_, verdict_.rest, rest_length_ + 1);
  memory += head_length_ + rest_length_ + 1;
  return placed_;
}

std::size_t JudgedPath::find_link(bool last_too) {
  if (!is_inside()) return 0;
  link_ = find_overlay_link(placed_, head_length_, last_too);
  return link_.end ? link_.text_length + length_of(placed_ + link_.end) + 1 : 0;
}

bool JudgedPath::follow(char*& memory) {
  if (!is_inside() || !link_.end || !follow_overlay_link(placed_, link_, memory)) return false;
  const Verdict verdict = devshm::judge(memory, Start::root);
  const std::size_t rest_length = length_of(verdict.rest);
  if (verdict.kind != Verdict::inside || head_length_ + rest_length >= PATH_MAX) return false;
  own_tail_ = std::min(own_tail_, length_of(placed_ + link_.end));
  verdict_ = verdict;
  rest_length_ = rest_length;
  memory += length_of(memory) + 1;
  return true;
}

void JudgedPath::settle() const {
  if (role_ != Role::pattern || !is_rewritten()) return;
  char* end = const_cast<char*>(text_) + length_of(text_);
  __builtin_memcpy(end - own_tail_, placed_ + head_length_ + rest_length_ - own_tail_, own_tail_);
}

void JudgedPath::log(const char* function) const {
  if (is_rewritten()) log_reroute(function, text_, placed_);
}

}  // namespace devshm
