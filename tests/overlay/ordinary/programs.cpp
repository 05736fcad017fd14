// SPDX-License-Identifier: MIT
//
// Functions that start a program, and those that load a library.
#include <dlfcn.h>
#include <sched.h>
#include <spawn.h>
#include <sys/wait.h>

#include "calls.h"

namespace ordinary {

void programs(const Way& way) {
  const std::string missing_text = way.dir + "missing-program";
  const char* missing = missing_text.c_str();
  char* arguments[] = {const_cast<char*>("missing"), nullptr};
  CALL(execve, missing, arguments, environ);
  CALL(execv, missing, arguments);
  CALL(execvp, missing, arguments);
  CALL(execvpe, missing, arguments, environ);
  CALL(execl, missing, "missing", nullptr);
  CALL(execlp, missing, "missing", nullptr);
  CALL(execle, missing, "missing", nullptr, environ);
  CALL(execveat, AT_FDCWD, missing, arguments, environ, 0);
  CALL(fexecve, -1, arguments, environ);
  pid_t child = -1;
  const auto wait_for_it = [&] {
    if (child > 0) waitpid(child, nullptr, 0);
    child = -1;
  };
  CALLS(posix_spawn, posix_spawn(&child, "/bin/true", nullptr, nullptr, arguments, environ));
  wait_for_it();
  CALLS(posix_spawnp, posix_spawnp(&child, "true", nullptr, nullptr, arguments, environ));
  wait_for_it();
  int descriptor = -1;
  CALLS(pidfd_spawn, pidfd_spawn(&descriptor, "/bin/true", nullptr, nullptr, arguments, environ));
  CALLS(pidfd_spawnp, pidfd_spawnp(&descriptor, "true", nullptr, nullptr, arguments, environ));
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  CALL(posix_spawn_file_actions_addopen, &actions, 0, missing, O_RDONLY, 0);
  CALL(posix_spawn_file_actions_addchdir_np, &actions, missing);
  posix_spawn_file_actions_destroy(&actions);
  CALL(system, "exit 3");
  CALLS(popen, {
    if (FILE* stream = popen("true", "r")) pclose(stream);
  });
  CALLS(_IO_popen, {
    if (FILE* stream = _IO_popen("true", "r")) pclose(stream);
  });
}

void libraries(const Way& way) {
  const std::string missing_text = way.dir + "missing";
  const char* missing = missing_text.c_str();
  CALL(dlopen, missing, RTLD_NOW);
  CALL(dlopen, nullptr, RTLD_NOW);
  CALL(dlmopen, LM_ID_NEWLM, missing, RTLD_NOW);
  CALL(dlsym, RTLD_DEFAULT, "open");
  CALL(dlsym, RTLD_DEFAULT, "shm_open");
  CALL(dlvsym, RTLD_DEFAULT, "shm_open", "GLIBC_2.2.5");
  Dl_info about;
  CALL(dladdr, reinterpret_cast<const void*>(&libraries), &about);
  CALL(dladdr1, reinterpret_cast<const void*>(&libraries), &about, nullptr, 0);
}

}  // namespace ordinary
