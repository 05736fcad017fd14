// SPDX-License-Identifier: MIT
//
// A process that lays out the files and looks at them in place of the program's own.
//
// What the program does to see a call's effects is fifty system calls, and what it has called is a few. A tracer stops
// it at each of them: so, where it is traced, another process does the looking, one that isn't traced.
#pragma once

#include <string>

namespace parity::keeper {

/// What can be asked of it: the functions of ground.h, and to be in another mount namespace.
enum Wish : char { lay_out = 'l', lay_out_programs = 'p', changes = 'c', enter = 'e' };

/// Runs the command, the first of which is a path, with a keeper beside it. Returns the command's exit status.
int run_with_keeper(char** command);

/// Whether this process was started by run_with_keeper().
bool is_there();

/// Lets it, if there is one, see the mounts that this process sees by now. With the next family's files it is back.
void follow();

/// Has it done, and returns its answer. Ends the process if there is none.
std::string ask(Wish wish);

}  // namespace parity::keeper
