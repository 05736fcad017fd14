// SPDX-License-Identifier: MIT
//
// On a busy machine a keeper may answer later than the store waits for it. A file is made then in place of an object,
// and for a while all others of the process are files. Tells such files from those that have another reason.
#pragma once

#include <atomic>

#include "../../preload/store/create_object.h"
#include "../../preload/store/kernel.h"

class LateAnswers {
 public:
  static long now() { return devshm::sys::monotonic_milliseconds(); }

  /// After each creation; `begun` is now() before it.
  void note(long begun) {
    if (now() - begun > late_milliseconds) last_ = now();
  }
  /// Whether it should be removed and created again.
  bool explain(const devshm::store::Created& made) const {
    using devshm::store::Why;
    const bool has_no_answer = made.file == Why::no_keeper || made.file == Why::lock_busy;
    return made.fd_or_error >= 0 && has_no_answer && now() - last_ <= lasting_milliseconds;
  }

 private:
  // The store's shortest limit for an answer is a little longer; the time without another attempt is shorter.
  static constexpr long late_milliseconds = 400, lasting_milliseconds = 4000;
  std::atomic<long> last_{-lasting_milliseconds};
};
