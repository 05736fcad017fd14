// SPDX-License-Identifier: MIT
#include "settle.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "../kernel.h"
#include "../start_keeper.h"
#include "objects.h"

namespace devshm::store {
namespace {

constexpr int signals = 64;
// Used if a filter refuses to report the limit. The kernel enforces the real one.
constexpr unsigned usual_descriptor_limit = 1024;

/// A signal's action, as the kernel takes it.
struct KernelAction {
  void* handler;
  unsigned long flags;
  void* restorer;
  std::uint64_t mask;
};

void reset_signals() {
  for (int signal = 1; signal <= signals; ++signal) {
    KernelAction action;
    action.handler = nullptr;  // SIG_DFL
    action.flags = 0;
    action.restorer = nullptr;
    action.mask = 0;
    sys::call(SYS_rt_sigaction, signal, sys::word(&action), 0, sizeof action.mask);
  }
  const std::uint64_t none = 0;
  sys::call(SYS_rt_sigprocmask, SIG_SETMASK, sys::word(&none), 0, sizeof none);
}

void raise_limit(int resource) {
  struct rlimit64 limit;
  if (sys::call(SYS_prlimit64, 0, resource, 0, sys::word(&limit)) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  sys::call(SYS_prlimit64, 0, resource, sys::word(&limit), 0);
}

void drop_capabilities() {
  struct {
    std::uint32_t version;
    int pid;
  } header = {0x20080522, 0};
  std::uint32_t none[6];
  for (std::uint32_t& word : none) word = 0;
  sys::call(SYS_capset, sys::word(&header), sys::word(none));
}

void close_descriptors() {
  constexpr unsigned first = keeper_ready_fd + 1;
#if defined(SYS_close_range)
  if (sys::call(SYS_close_range, first, ~0u, 0) == 0) return;
#endif
  for (unsigned fd = first; fd < 65536; ++fd) sys::close(static_cast<int>(fd));
}

/// Makes the real and the saved user, or group, the effective one: processes without those ids could not look into the
/// keeper's /proc otherwise. Makes no call if there is nothing to change, because filters refuse it, as AWS Lambda's
/// does.
int use_one_id(long get, long set) {
  unsigned real = 0;
  unsigned effective = 0;
  unsigned saved = 0;
  if (const long error = sys::call(get, sys::word(&real), sys::word(&effective), sys::word(&saved)))
    return static_cast<int>(error);
  if (real == effective && saved == effective) return 0;
  return static_cast<int>(sys::call(set, effective, effective, effective));
}

/// In the place of the standard descriptors. Where there are no devices, memory that nobody reads.
int use_dev_null() {
  int null = sys::openat(AT_FDCWD, "/dev/null", O_RDWR);
  if (null < 0) null = sys::memfd_create("null", 0);
  if (null < 0) return null;
  for (int fd = 0; fd < 3; ++fd)
    if (null != fd) sys::dup3(null, fd, 0);
  if (null > 2) sys::close(null);
  return 0;
}

}  // namespace

unsigned descriptor_limit() {
  struct rlimit64 limit;
  if (sys::call(SYS_prlimit64, 0, RLIMIT_NOFILE, 0, sys::word(&limit)) != 0) return usual_descriptor_limit;
  return limit.rlim_cur > most_objects ? most_objects : static_cast<unsigned>(limit.rlim_cur);
}

int settle() {
  reset_signals();
  close_descriptors();
  if (const int error = use_dev_null()) return error;
  sys::call(SYS_chdir, sys::word("/"));
  sys::call(SYS_umask, 0);
  if (const int error = use_one_id(SYS_getresgid, SYS_setresgid)) return error;
  if (const int error = use_one_id(SYS_getresuid, SYS_setresuid)) return error;
  drop_capabilities();
  sys::call(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  sys::call(SYS_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0);
  sys::call(SYS_prctl, PR_SET_NAME, sys::word(keeper_name), 0, 0, 0);
  raise_limit(RLIMIT_NOFILE);
  raise_limit(RLIMIT_CPU);
  const int normal_priority = 0;
  sys::call(SYS_sched_setscheduler, 0, SCHED_OTHER, sys::word(&normal_priority));
  return 0;
}

}  // namespace devshm::store
