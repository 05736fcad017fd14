// SPDX-License-Identifier: MIT
//
// Wrappers where programs least expect to be interrupted by anything: each step as the first thing that its process
// does with /dev/shm.
//
//   contexts prepare PROGRAM LIBRARY    makes what the steps need
//   contexts families                   the families of functions that have a step
//   contexts CONTEXT                    one line a step, "ok" or "FAIL"; exits 1 if any has failed
//
//   plain      nothing special: the steps themselves work
//   signal     in a signal handler, on a stack with 1.5 KiB left and nothing below it
//   vfork      in a child of vfork
//   before     before any constructor has run, those of libraries included (run contexts-before for it)
//   malloc     inside the program's malloc, the first time that it is called (run contexts-malloc for it)
//   threads    in 64 threads at once
//   chroot     after chroot, with the old root's directory already in use, and not
//
// In signal, vfork, before and malloc only the light steps: what libc allocates for, or locks, nobody may call there.
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "steps.h"

namespace {

int failures;

void report(const char* context, const Step& step, int error) {
  if (error) ++failures;
  if (error > 1000)
    printf("FAIL %s %s: killed by signal %d\n", context, step.function, error - 1000);
  else if (error)
    printf("FAIL %s %s: %s\n", context, step.function, strerror(error));
  else
    printf("ok   %s %s\n", context, step.function);
}

/// Takes the step by `action` in a child: a fresh process as far as devshm goes, since this one has not used it.
void in_child(const char* context, const Step& step, int (*action)(const Step&)) {
  fflush(stdout);
  const pid_t child = fork();
  if (child == 0) _exit(action(step));
  int status = 0;
  waitpid(child, &status, 0);
  report(context, step, WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status));
}

int plainly(const Step& step) { return step.take(); }

// --- signal ---

// What docs/limits.md says that a call needs.
constexpr size_t left_for_handlers = 1536;
#ifdef __x86_64__
constexpr size_t at_least = 1024;
#else
constexpr size_t at_least = 4608;
#endif

const Step* in_handler;
volatile int handled = -1;

void handler(int) { handled = in_handler->take(); }

int by_signal(const Step& step) {
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  // What the processor's registers take of the stack differs by machine, and the constant MINSIGSTKSZ, 2 KiB on x86_64,
  // is less than that on the newest.
  size_t size = at_least + left_for_handlers;
#ifdef AT_MINSIGSTKSZ
  if (const size_t frame = getauxval(AT_MINSIGSTKSZ)) size = frame + left_for_handlers;
#endif
  const size_t room = (size + page - 1) / page * page;
  char* memory = static_cast<char*>(mmap(nullptr, page + room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  if (memory == MAP_FAILED || mprotect(memory + page, room, PROT_READ | PROT_WRITE) != 0) return errno;
  stack_t stack{};
  stack.ss_sp = memory + page;
  stack.ss_size = size;
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = SA_ONSTACK;
  in_handler = &step;
  if (sigaltstack(&stack, nullptr) != 0 || sigaction(SIGUSR1, &action, nullptr) != 0) return errno;
  raise(SIGUSR1);
  return handled;
}

// --- vfork ---

int by_vfork(const Step& step) {
  const pid_t child = vfork();
  if (child == 0) _exit(step.take());
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : EFAULT;
}

// --- threads ---

constexpr int thread_count = 64;
pthread_barrier_t barrier;

void* by_thread(void* number) {
  const auto which = static_cast<int>(reinterpret_cast<intptr_t>(number));
  // Those that change the working directory, which threads share, or fork.
  const auto is_unfit = [](const Step& step) {
    return strcmp(step.function, "chdir") == 0 || strcmp(step.function, "getcwd") == 0;
  };
  int at = which % step_count;
  while (is_unfit(steps[at])) at = (at + 1) % step_count;
  pthread_barrier_wait(&barrier);
  const int error = steps[at].take();
  return reinterpret_cast<void*>(static_cast<intptr_t>(error ? at * 1000 + error : 0));
}

/// All at once, as the first use of this process. `first` says which steps the 64 begin with.
int all_threads(int first) {
  pthread_t threads[thread_count];
  pthread_barrier_init(&barrier, nullptr, thread_count);
  for (intptr_t i = 0; i < thread_count; ++i)
    if (pthread_create(&threads[i], nullptr, by_thread, reinterpret_cast<void*>(first + i)) != 0) return 1;
  int failed = 0;
  for (pthread_t thread : threads) {
    void* result;
    pthread_join(thread, &result);
    const auto code = static_cast<int>(reinterpret_cast<intptr_t>(result));
    if (code) printf("FAIL threads %s: %s\n", steps[code / 1000].function, strerror(code % 1000));
    failed |= code;
  }
  fflush(stdout);
  return failed ? 1 : 0;
}

void many_threads() {
  for (int round = 0; round < 60; ++round) {
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
      alarm(60);
      _exit(all_threads(round));
    }
    int status = 0;
    waitpid(child, &status, 0);
    if (status == 0) continue;
    ++failures;
    printf("FAIL threads, round %d: status %x\n", round, static_cast<unsigned>(status));
  }
  if (!failures) printf("ok   threads: 60 processes of 64\n");
}

// --- chroot ---

bool make_root(const char* root) {
  const char* const directories[] = {"", "/tmp", "/dev"};
  for (const char* directory : directories) {
    char path[64];
    snprintf(path, sizeof path, "%s%s", root, directory);
    if (mkdir(path, 0755) != 0 && errno != EEXIST) return false;
  }
  return true;
}

int in_new_root(bool used_before) {
  if (used_before && access("/dev/shm/file", F_OK) != 0) return errno;
  const char* root = used_before ? "/tmp/root-used" : "/tmp/root-fresh";
  if (!make_root(root) || chroot(root) != 0 || chdir("/") != 0) return errno;
  // The old root's directory is not this one's: here it has to be made, by the first name or path.
  if (access("/dev/shm/file", F_OK) == 0) return EEXIST;
  const int fd = open("/dev/shm/file", O_CREAT | O_EXCL | O_WRONLY, 0644);
  if (fd < 0 || write(fd, "text", 4) != 4) return errno;
  if (access("/tmp/shm/file", F_OK) != 0) return errno;
  const int named = shm_open("/named", O_CREAT | O_EXCL | O_RDWR, 0600);
  if (named < 0 || access("/tmp/shm/named", F_OK) != 0) return errno;
  return 0;
}

int chroot_fresh(const Step&) { return in_new_root(false); }
int chroot_used(const Step&) { return in_new_root(true); }
int after_chroot(const Step& step) {
  // A root that is the same as before, so that each step finds its files: what counts is that nothing is remembered.
  if (chroot("/") != 0) return errno;
  return step.take();
}

}  // namespace

int main(int count, char** arguments) {
  const char* mode = count > 1 ? arguments[1] : "";
  if (strcmp(mode, "prepare") == 0 && count == 4) {
    if (prepare(arguments[2], arguments[3])) return 0;
    perror("contexts: prepare");
    return 1;
  }
  if (strcmp(mode, "families") == 0) {
    for (int i = 0; i < step_count; ++i) printf("%s\n", steps[i].family);
    return 0;
  }
  struct {
    const char* name;
    int (*action)(const Step&);
    bool all;
  } const contexts[] = {{"plain", plainly, true},
                        {"signal", by_signal, false},
                        {"vfork", by_vfork, false},
                        {"chroot", after_chroot, true}};
  if (strcmp(mode, "threads") == 0) {
    many_threads();
    return failures ? 1 : 0;
  }
  for (const auto& context : contexts) {
    if (strcmp(mode, context.name) != 0) continue;
    for (int i = 0; i < step_count; ++i)
      if (context.all || !steps[i].heavy) in_child(mode, steps[i], context.action);
    if (strcmp(mode, "chroot") == 0) {
      in_child(mode, {"", "to a fresh root", true, nullptr}, chroot_fresh);
      in_child(mode, {"", "to a fresh root, after use", true, nullptr}, chroot_used);
    }
    return failures ? 1 : 0;
  }
  fprintf(stderr, "usage: contexts prepare PROGRAM LIBRARY|families|plain|signal|vfork|threads|chroot\n");
  return 2;
}
