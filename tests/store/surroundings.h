// SPDX-License-Identifier: MIT
//
// What a program may find itself in: another process, another namespace, a filter of system calls.
#pragma once

#include <sys/types.h>

#include <functional>

/// What in_child() returns for a process that was killed: 128 and the signal. SIGALRM: it hung.
inline constexpr int hung = 128 + 14;
/// Its surroundings could not be made.
inline constexpr int no_surroundings = 250;

/// What a function returns that runs in a process of its own: 0 to 127. The process may take some minutes.
int in_child(const std::function<int()>& function);

/// As another user, with no capabilities.
int as_user(uid_t user, const std::function<int()>& function);

/// As process 1 of a pid namespace, with a mount namespace of its own. `proc_options`: /proc is mounted anew with
/// these; null: it stays that of the namespace outside.
int as_process_one(const char* proc_options, const std::function<int()>& function);

/// In a user namespace in which the process is `inside`.
int in_user_namespace(uid_t inside, const std::function<int()>& function);

/// From now on the kernel answers a system call with an errno, if argument number `argument` has all bits of `bits`.
/// For all that this process starts as well. False: it can't be done.
bool refuse(long call, int error, int argument = 0, unsigned bits = 0);
