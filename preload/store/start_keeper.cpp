// SPDX-License-Identifier: MIT
#include "start_keeper.h"

#include <errno.h>

#include "ask.h"
#include "child.h"
#include "lock.h"
#include "make_root.h"

namespace devshm::store {
namespace {

constexpr std::size_t stack_size = 16384;
constexpr long ready_milliseconds = 5000;
// A killed keeper holds its lock until the kernel has removed the process, which may take a while on a busy machine.
constexpr long ending_milliseconds = 500;

/// Shared with the children, which run in this process's memory while it waits.
struct Start {
  const char* program;
  const char* arguments[6];
  char* inner_stack_end;
  int ready;
  long result;
};

/// Copies a program into memory. The copy is open only for reading, because a file that is open for writing can't be
/// executed. Returns its descriptor, or a negative errno.
int copy_of(const char* program) {
  const sys::Descriptor original(sys::openat(AT_FDCWD, program, O_RDONLY | O_CLOEXEC));
  if (!original.is_open()) return original.get();
  const sys::Descriptor copy(sys::executable_memfd(keeper_name));
  if (!copy.is_open()) return copy.get();
  for (;;) {
    const long sent = sys::call(SYS_sendfile, copy.get(), original.get(), 0, 1 << 20);
    if (sent < 0) return static_cast<int>(sent);
    if (sent == 0) break;
  }
  return sys::openat(AT_FDCWD, descriptor_path(copy.get()).c_str(), O_RDONLY | O_CLOEXEC);
}

/// Executes the program. Libraries are often installed without execute permission, or on a file system mounted noexec:
/// then a copy in memory is executed. Returns only on failure, with a negative errno.
long execute(const Start& start) {
  const char* const environment[] = {nullptr};
  const long arguments = sys::word(start.arguments);
  const long result = sys::call(SYS_execve, sys::word(start.program), arguments, sys::word(environment));
  if (result != -EACCES) return result;
  const int copy = copy_of(start.program);
  if (copy < 0) return copy;
  return sys::call(SYS_execveat, copy, sys::word(""), arguments, sys::word(environment), AT_EMPTY_PATH);
}

/// Runs in the child that becomes the keeper, which has its own table of descriptors.
void execute_keeper(void* data) {
  Start& start = *static_cast<Start*>(data);
  sys::call(SYS_setsid);
  const int ready =
      start.ready == keeper_ready_fd ? sys::fcntl(start.ready, F_SETFD, 0) : sys::dup3(start.ready, keeper_ready_fd, 0);
  if (ready < 0) {
    start.result = ready;
    sys::end_process(0);
  }
#if defined(SYS_close_range)
  sys::call(SYS_close_range, keeper_ready_fd + 1, ~0u, 0);  // Linux 5.9; the keeper itself closes what is left
#endif
  start.result = execute(start);
  sys::end_process(0);
}

/// Runs in the child that starts the keeper and ends.
void start_and_end(void* data) {
  Start& start = *static_cast<Start*>(data);
  const long child = clone_to(CLONE_VM | CLONE_VFORK | SIGCHLD, start.inner_stack_end, execute_keeper, data);
  if (child < 0) start.result = child;
  sys::end_process(0);
}

int run(Start& start) {
  char* const stacks = static_cast<char*>(sys::allocate(2 * stack_size));
  if (!stacks) return -ENOMEM;
  start.inner_stack_end = stacks + stack_size;
  start.result = 0;
  {
    const sys::SignalsBlocked blocked;  // a handler must not run in the children
    const long child = clone_to(CLONE_VM | CLONE_VFORK, stacks + 2 * stack_size, start_and_end, &start);
    if (child < 0) {
      start.result = child;
    } else {
      while (sys::call(SYS_wait4, child, 0, __WCLONE, 0) == -EINTR) {
      }
    }
  }
  sys::munmap(stacks, 2 * stack_size);
  return static_cast<int>(start.result);
}

/// Waits until the keeper reports that it is ready, or why it is not.
int wait_until_ready(int fd) {
  if (const int error = sys::Patience(ready_milliseconds).wait_for_input(fd)) return error;
  int result = -EIO;
  return sys::read(fd, &result, sizeof result) == sizeof result ? result : -EIO;
}

int start(const Place& place, const Root& root) {
  int pipe[2];
  if (const long error = sys::call(SYS_pipe2, sys::word(pipe), O_CLOEXEC)) return static_cast<int>(error);
  const sys::Descriptor reading(pipe[0]);
  Start start = {place.program,
                 {keeper_name, keeper_word, root.c_str(), place.backing_dir, place.idle_seconds, nullptr},
                 nullptr,
                 pipe[1],
                 0};
  const int error = run(start);
  sys::close(pipe[1]);
  if (error == -EAGAIN) return -ESRCH;  // too many processes; elsewhere -EAGAIN means that a lock is busy
  return error ? error : wait_until_ready(pipe[0]);
}

/// Lets one process at a time start a keeper, while the others wait.
class Turn {
 public:
  explicit Turn(const Root& root) : fd_(open_locked(root, Locked::start, Lock::Kind::exclusive, ready_milliseconds)) {}
  ~Turn() {
    if (fd_ >= 0) unlock_and_close(fd_);
  }
  Turn(const Turn&) = delete;
  int error() const { return fd_ < 0 ? fd_ : 0; }

 private:
  int fd_;
};

/// Removes what was made, because it takes space that a file needs. Another process may be using it already: the lock
/// is not removed while somebody else holds it, or has just made it; and a directory only if it is empty.
int give_up(const Root& root, int error) {
  if (error != -ENOSPC && error != -EDQUOT) return error;
  const Lock lock(root, Lock::Kind::exclusive, 0);
  if (lock.is_held() && !has_keeper(root)) remove_root(root);
  if (lock.error() == -ENOENT) {
    sys::rmdir(root.entry("pool").c_str());
    sys::rmdir(root.c_str());
  }
  return error;
}

bool is_ending(int error) { return error == -ENOENT || error == -ECONNREFUSED || error == -ECONNRESET; }

}  // namespace

int start_keeper(const Place& place, const Root& root) {
  sys::Patience patience(ending_milliseconds);
  int error;
  do {
    error = make_root(root);
    if (error == -ENOENT) continue;  // a keeper that ends has removed everything
    if (error) return give_up(root, error);
    {
      const Turn turn(root);
      error = turn.error();
      if (error == -ENOENT) continue;
      if (error) return error;
      if (!has_keeper(root)) {
        error = give_up(root, start(place, root));
        return error == -ENOSPC ? -ESRCH : error;  // it is not full: it can't make objects at all
      }
    }
    error = ask_for_refill(root);  // all processes that waited do this at once
    if (!is_ending(error)) return error;
  } while (patience.wait());
  return error;
}

}  // namespace devshm::store
