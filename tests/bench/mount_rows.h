// SPDX-License-Identifier: MIT
//
// What programs do with a file system at /dev/shm, a row for each thing: `mounted` measures its time, `mount_steps`
// does it a given number of times, so that the requests behind it can be counted.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>

namespace bench {

/// The constructor of a row prepares, its destructor clears away. All of them end the process, with a message, when the
/// file system refuses something.
class Row {
 public:
  Row() = default;
  virtual ~Row() = default;
  Row(const Row&) = delete;
  Row& operator=(const Row&) = delete;

  /// Does it once.
  virtual void step() = 0;
  /// How long the last step took, where not all of it counts; zero: all of it does.
  virtual std::chrono::nanoseconds counted() const { return std::chrono::nanoseconds::zero(); }
  /// How many operations a step consists of.
  virtual int operations() const { return 1; }
};

/// Null: there is no such row.
std::unique_ptr<Row> make_row(const char* name);
/// The names of all rows, in the order of the report; null after the last one.
const char* row_name(std::size_t index);

}  // namespace bench
