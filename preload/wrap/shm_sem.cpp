// SPDX-License-Identifier: MIT
//
// Wraps shared memory and semaphores by name. libc's own functions do the work, with the backing directory as their
// constant; the wrappers make sure that both are in place. After that nothing of ours is between program and libc:
// sem_wait, sem_post, sem_close and the rest are never touched. (sem_close pairs with libc's own sem_open.) Not here:
// mq_open and mq_unlink, whose names are not below /dev/shm.
#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdarg.h>
#include <sys/mman.h>

#include "../backing_dir.h"
#include "../constant_dir.h"
#include "../libc_constant.h"
#include "../memory.h"
#include "../report.h"
#include "../settings.h"
#include "../text.h"
#include "shm_sem.h"
#include "wrapper.h"

namespace devshm {
namespace {

/// Whether a function's libc object is prepared, for each function: with glibc <= 2.33 the objects may be loaded one by
/// one.
using Ready = std::atomic<bool>;

/// Returns 0, real_one_serves, or the errno value to fail with.
int make_ready(Ready& ready) {
  if (const int error = ensure_backing_dir()) return error;
  if (ready.load(std::memory_order_relaxed) && constant_dir_holds()) return 0;
  if (const int error = put_constant_in_place()) return error;
  ready.store(true, std::memory_order_relaxed);
  return 0;
}

long call_by_name(Ready& ready, const Call& call, const Function& function, const char* name) {
  if (!settings().active) return call.invoke();
  if (const int error = make_ready(ready)) return error == real_one_serves ? call.invoke() : call.fail(error);
  log_reroute(function.name(), name, settings().dir);
  const long result = call.invoke();
  const bool again = call.found_nothing(result) && overlay_was_remade() && put_constant_in_place() == 0;
  return again ? call.invoke() : result;
}

template <class Next, class... Arguments>
typename Next::Result by_name(Ready& ready, Next next, const char* name, Arguments... others) {
  Words words = {as_word(name), as_word(others)...};
  const Call call(next.function, next.real, Paths(), words);
  return from_word<typename Next::Result>(call_by_name(ready, call, next.function, name));
}

constinit Ready sem_open_ready{false}, sem_unlink_ready{false}, shm_open_ready{false}, shm_unlink_ready{false};

}  // namespace

EXPORT WORDS_ONLY sem_t* sem_open(const char* name, int flags, ...) NOTHROW {
  mode_t mode = 0;
  unsigned value = 0;
  if (flags & O_CREAT) {
    va_list rest;
    va_start(rest, flags);
    mode = va_arg(rest, mode_t);
    value = va_arg(rest, unsigned);
    va_end(rest);
  }
  return by_name(sem_open_ready, NEXT_LATE(sem_open), name, flags, mode, value);
}

EXPORT int sem_unlink(const char* name) NOTHROW { return by_name(sem_unlink_ready, NEXT_LATE(sem_unlink), name); }

EXPORT int shm_open(const char* name, int flags, mode_t mode) {
  if (settings().store == Store::memory) {
    if (const int fd = shm_open_memory(name, flags, mode); fd != not_memory) return fd < 0 ? fail_with<int>(-fd) : fd;
  }
  const int fd = by_name(shm_open_ready, NEXT_LATE(shm_open), name, flags, mode);
  // Another process may have created it with DEVSHM_STORE=memory: its name is a link, which libc does not follow. But
  // if the backing directory itself is a link, it is refused.
  if (__builtin_expect(fd == -1 && errno == ELOOP, 0) && ensure_backing_dir() == 0) {
    const int opened = shm_open_link(name, flags);
    if (opened != not_memory) return opened < 0 ? fail_with<int>(-opened) : opened;
  }
  return fd;
}

EXPORT int shm_unlink(const char* name) { return by_name(shm_unlink_ready, NEXT_LATE(shm_unlink), name); }

void* wrapper_instead(void* found, const char* name) {
  const auto is = [&](const char* function, auto next) { return same(name, function) && next.real == found; };
  if (is("sem_open", NEXT_LATE(sem_open))) return reinterpret_cast<void*>(&sem_open);
  if (is("sem_unlink", NEXT_LATE(sem_unlink))) return reinterpret_cast<void*>(&sem_unlink);
  if (is("shm_open", NEXT_LATE(shm_open))) return reinterpret_cast<void*>(&shm_open);
  if (is("shm_unlink", NEXT_LATE(shm_unlink))) return reinterpret_cast<void*>(&shm_unlink);
  return found;
}

}  // namespace devshm
