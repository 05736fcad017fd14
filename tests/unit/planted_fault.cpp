// SPDX-License-Identifier: MIT
//
// What sanitizers have to find, in code of preload/ and in the tests': run only where they are on, and expected to
// fail.
#include <climits>
#include <cstring>
#include <memory>

#include "../../preload/path_rule.h"

int main(int count, char** arguments) {
  volatile int result;  // and no exit status: without sanitizers all ends well
  if (count == 2 && !std::strcmp(arguments[1], "address")) {
    const auto unended = std::make_unique<char[]>(5);
    std::memcpy(unended.get(), "/dev/", 5);
    result = devshm::judge(unended.get(), devshm::Start::root).kind;
  } else {
    const volatile int largest = INT_MAX;
    result = largest + count;
  }
  static_cast<void>(result);
  return 0;
}
