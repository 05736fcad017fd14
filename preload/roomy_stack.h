// SPDX-License-Identifier: MIT
//
// Does work that needs some KiB of stack. A signal handler may run on an alternate stack of two KiB (sigaltstack(2),
// MINSIGSTKSZ), most of which the kernel takes. Then the work is done on a stack of its own.
//
// Async-signal-safe and thread-safe; errno stays as it was.
#pragma once

namespace [[gnu::visibility("hidden")]] devshm {

/// Calls function(argument). While it runs on another stack, all signals are blocked: a signal handler would find the
/// alternate stack unused, and begin at its top. So the function must neither wait for long nor call libc.
void call_with_room(void (*function)(void*), void* argument);

/// The same for a function object. Returns its result.
template <class Function>
auto with_room(const Function& function) {
  struct Work {
    const Function& function;
    decltype(function()) result;
  } work = {function, {}};
  call_with_room(
      [](void* argument) {
        Work& asked = *static_cast<Work*>(argument);
        asked.result = asked.function();
      },
      &work);
  return work.result;
}

}  // namespace devshm
