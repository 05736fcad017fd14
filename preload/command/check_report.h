// SPDX-License-Identifier: MIT
//
// Reports what `devshm check` has found, a row each: for people as a table, for programs as JSON. It writes each row at
// once, to descriptor 1, by system calls.
#pragma once

#include "../text.h"

namespace devshm {

enum class Finding : unsigned char { good, bad, neutral };

class CheckReport {
 public:
  explicit CheckReport(bool as_json) : as_json_(as_json) {}
  CheckReport(const CheckReport&) = delete;

  void row(const char* subject, const char* finding, Finding verdict);
  void row(const char* subject, const char* finding, bool good) {
    row(subject, finding, good ? Finding::good : Finding::bad);
  }
  /// Advice on the row before; there may be more than one.
  void advice(const char* text);

  void begin();
  /// Ends the report. `library`: the path of the loaded library, or null.
  void end(const char* library, bool active);

  int problems() const { return problems_; }

 private:
  void end_row();

  bool as_json_;
  bool in_row_ = false, in_advice_ = false, any_row_ = false;
  int problems_ = 0;
};

}  // namespace devshm
