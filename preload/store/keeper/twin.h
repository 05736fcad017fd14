// SPDX-License-Identifier: MIT
//
// The keeper's twin: a second process that shares the table of descriptors and the record of objects, and does nothing
// but wait for the keeper's death.
#pragma once

namespace devshm::store {

class Twin {
 public:
  /// Which of the two has returned from start().
  enum class Side : unsigned char { keeper, twin };

  /// Starts one. Returns at once in the keeper, also where that was impossible. In the twin it returns when the keeper
  /// is dead; the twin is the keeper from then on, and has no twin yet.
  Side start();
  bool is_there() const { return process_ > 0; }
  /// Learns whether it has died.
  void reap();
  /// The descriptor that becomes readable when it may have died.
  int signal_fd() const { return signals_; }
  /// Ends it, so that nothing takes over.
  void end();

  /// Blocks the signals of both, once, before the first start(). 0, or a negative errno.
  int begin();

 private:
  int process_ = 0;
  int signals_ = -1;
};

}  // namespace devshm::store
