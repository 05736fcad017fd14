// SPDX-License-Identifier: MIT
// operator new that fails on demand, for the thread that asks for it.
#pragma once

namespace failing_memory {

/// From now on `count` more allocations succeed, and then none until this is gone.
class After {
 public:
  explicit After(long count);
  ~After();
  After(const After&) = delete;
  After& operator=(const After&) = delete;
};

}  // namespace failing_memory
