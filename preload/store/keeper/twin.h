// SPDX-License-Identifier: MIT
//
// Starts the keeper's twin: a second process that shares the table of descriptors and the record of objects, and only
// waits for the keeper's death.
#pragma once

namespace devshm::store {

class Twin {
 public:
  /// Which of the two has returned from start().
  enum class Side : unsigned char { keeper, twin };

  /// Starts a twin. Returns at once in the keeper, even if no twin could be started. In the twin it returns when the
  /// keeper is dead; from then on the twin is the keeper, and has no twin yet.
  Side start();
  bool is_there() const { return process_ > 0; }
  /// Finds out whether the twin has died.
  void reap();
  /// The descriptor that becomes readable when the twin may have died.
  int signal_fd() const { return signals_; }
  /// Ends the twin, so that nothing takes over.
  void end();

  /// Blocks the signals of both, once, before the first start(). Returns 0, or a negative errno.
  int begin();

 private:
  int process_ = 0;
  int signals_ = -1;
};

}  // namespace devshm::store
