// SPDX-License-Identifier: MIT
#include "path_argument.h"

#include <errno.h>
#include <limits.h>

#include "../backing_dir.h"
#include "../report.h"
#include "../settings.h"
#include "../start_dir.h"
#include "../text.h"

namespace devshm {

int JudgedPath::judge(std::size_t& room) {
  if (!may_match(text_) || (role_ == Role::sought && !__builtin_strchr(text_, '/'))) return 0;
  const Verdict verdict = judge_from(base_, text_);
  if (verdict.kind == Verdict::outside) return 0;
  const Settings& set = settings();
  if (!set.active) return 0;
  verdict_ = verdict;
  head_ = is_inside() ? set.dir : "/dev";
  head_length_ = is_inside() ? set.dir_length : 4;
  rest_length_ = length_of(verdict.rest);
  // The kernel's own limit, for the path as it came and as it goes on.
  if (length_of(text_) >= PATH_MAX || head_length_ + rest_length_ >= PATH_MAX) return ENAMETOOLONG;
  room += head_length_ + rest_length_ + 1;
  if (!is_inside()) return 0;
  if (const int error = ensure_backing_dir()) return error;
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

void JudgedPath::settle() const {
  if (role_ == Role::pattern && is_rewritten())
    __builtin_memcpy(const_cast<char*>(verdict_.rest), placed_ + head_length_, rest_length_);
}

void JudgedPath::log(const char* function) const {
  if (is_rewritten()) log_reroute(function, text_, placed_);
}

}  // namespace devshm
