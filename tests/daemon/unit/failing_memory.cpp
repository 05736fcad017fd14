// SPDX-License-Identifier: MIT
#include "failing_memory.h"

#include <cstdlib>
#include <new>

namespace failing_memory {
namespace {

constexpr long unlimited = -1;
thread_local long left = unlimited;

void* allocate(std::size_t size) {
  if (left == 0) return nullptr;
  if (left != unlimited) --left;
  return std::malloc(size ? size : 1);
}

}  // namespace

After::After(long count) { left = count; }
After::~After() { left = unlimited; }

}  // namespace failing_memory

void* operator new(std::size_t size) {
  void* memory = failing_memory::allocate(size);
  if (!memory) throw std::bad_alloc();
  return memory;
}
// std::stable_sort's. All of a kind: AddressSanitizer compares them.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return failing_memory::allocate(size); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
