// SPDX-License-Identifier: MIT
// Turns each row of operations.def into an enumerator and a row of facts.
#pragma once

#include <cstddef>
#include <iterator>

namespace devshmd {

enum class Operation {
#define OPERATION(name, needs_space, modifies) name,
#define VARIANT OPERATION
#include "operations.def"
};

struct OperationFacts {
  const char* name;
  bool needs_space;
  bool modifies;
};

inline constexpr OperationFacts operation_table[] = {
#define OPERATION(name, needs_space, modifies) {#name, needs_space, modifies},
#define VARIANT OPERATION
#include "operations.def"
};
inline constexpr std::size_t operation_count = std::size(operation_table);

constexpr const OperationFacts& facts_of(Operation operation) {
  return operation_table[static_cast<std::size_t>(operation)];
}
constexpr const char* name_of(Operation operation) { return facts_of(operation).name; }

}  // namespace devshmd
