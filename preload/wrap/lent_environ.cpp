// SPDX-License-Identifier: MIT
#include "lent_environ.h"

#include <unistd.h>

#include "../child_environment.h"
#include "../sys.h"
#include "../text.h"
#include "environment_memory.h"
#include "process_lock.h"

namespace devshm {
namespace {

constinit ProcessLock environ_lock;

/// The array that was lent last, and its size in bytes with the texts. It is used again while it is still correct, so
/// that a program that calls popen repeatedly does not lose a page each time.
constinit std::atomic<char**> last_lent{nullptr};
std::size_t last_size = 0;

bool is_within(const char* text, char** array, std::size_t size) {
  return text >= reinterpret_cast<char*>(array) && text < reinterpret_cast<char*>(array) + size;
}

bool is_still_right(char** lent, char** wanted, std::size_t size) {
  if (!lent || size != last_size) return false;
  std::size_t i = 0;
  for (; wanted[i] && lent[i]; ++i) {
    const bool made = is_within(wanted[i], wanted, size) && is_within(lent[i], lent, size);
    if (made ? !same(wanted[i], lent[i]) : wanted[i] != lent[i]) return false;
  }
  return wanted[i] == lent[i];
}

/// The completed `environ`, in memory that stays; null if there is no memory.
char** environ_to_lend(const ChildEnvironment& child) {
  char** const lent = last_lent.load(std::memory_order_relaxed);
  const bool is_right =
      with_environment(child, [&](char** wanted) { return is_still_right(lent, wanted, child.size()); });
  if (is_right) return lent;
  void* const memory = sys::allocate(child.size());
  if (!memory) return nullptr;
  char** const fresh = child.build(memory);
  last_lent.store(fresh, std::memory_order_relaxed);
  last_size = child.size();
  return fresh;
}

}  // namespace

char** own_environ() {
  char** const seen = environ;
  if (!seen || seen != last_lent.load(std::memory_order_relaxed)) return seen;
  environ_lock.lock();
  char** const own = environ;
  environ_lock.unlock();
  return own;
}

LentEnviron::LentEnviron() {
  environ_lock.lock();
  own_ = environ;
  const ChildEnvironment child(own_);
  lent_ = child.is_complete() ? nullptr : environ_to_lend(child);
  if (lent_) environ = lent_;
}

LentEnviron::~LentEnviron() {
  if (lent_ && environ == lent_) environ = own_;
  environ_lock.unlock();
}

}  // namespace devshm
