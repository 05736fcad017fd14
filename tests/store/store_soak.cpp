// SPDX-License-Identifier: MIT
//
// store_soak SECONDS: processes create, open, rename, link and unlink objects by a few names, while they and the
// keepers are killed at random. Every object says which family of names it was created for, and never leaves it, so
// every open can be checked: one that returns another family's object is wrong. At the end nothing may be left.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <random>

#include "scratch_store.h"

namespace {

constexpr int processes = 6;
constexpr int families = 12;
constexpr int names_each = 4;

struct Counts {
  std::atomic<long> opens, created, files, wrong, empty, stale, failed, kills, twins_killed, both_killed;
};

std::string name_of(int family, int name) { return "f" + std::to_string(family) + "." + std::to_string(name); }

class Worker {
 public:
  Worker(const ScratchStore& store, Counts& counts, unsigned seed) : store_(store), counts_(counts), random_(seed) {}

  [[noreturn]] void run() {
    for (;;) step();
  }

 private:
  int any(int below) { return static_cast<int>(random_() % static_cast<unsigned>(below)); }

  void step() {
    const int family = any(families);
    const std::string name = name_of(family, any(names_each));
    const std::string other = name_of(family, any(names_each));
    switch (any(10)) {
      case 0:
      case 1: create(name, family, O_EXCL); break;
      case 2: create(name, family, 0); break;
      case 3: rename(store_.path(name).c_str(), store_.path(other).c_str()); break;
      case 4: (void)!link(store_.path(name).c_str(), store_.path(other).c_str()); break;
      case 5:
      case 6: unlink(store_.path(name).c_str()); break;
      default: look(name, family);
    }
  }

  void create(const std::string& name, int family, int excl) {
    const Created made = store_.create(name, O_RDWR | O_CREAT | excl);
    const int fd = made.fd_or_error;
    if (fd < 0) {
      if (fd != -EEXIST) complain("create", name, fd);
      return;
    }
    ++counts_.opens;
    if (excl) {
      ++counts_.created;
      counts_.files += made.file != Why::is_memory;
    }
    if (text_from(fd).empty()) {
      const std::string text = std::to_string(family);
      if (pwrite(fd, text.data(), text.size(), 0) < 0) complain("write", name, -errno);
    } else {
      check(fd, name, family);
    }
    close(fd);
  }

  void look(const std::string& name, int family) {
    const Opened opened = store_.open(name);
    int fd = opened.fd_or_error;
    switch (opened.found) {
      case Found::absent:
      case Found::other_link: return;
      case Found::stale: ++counts_.stale; return;
      case Found::failed: complain("open", name, fd); return;
      case Found::ordinary: fd = open(store_.path(name).c_str(), O_RDWR | O_NOFOLLOW);
      case Found::opened: break;
    }
    if (fd < 0) return;
    ++counts_.opens;
    check(fd, name, family);
    close(fd);
  }

  void check(int fd, const std::string& name, int family) {
    const std::string text = text_from(fd);
    if (text.empty())
      ++counts_.empty;  // its creator is about to write it, or was killed before
    else if (text != std::to_string(family))
      wrong(text.c_str(), name);
  }

  void wrong(const char* what, const std::string& name) {
    ++counts_.wrong;
    fprintf(stderr, "WRONG: %s has %s\n", name.c_str(), what);
  }

  void complain(const char* what, const std::string& name, int error) {
    if (++counts_.failed < 20) fprintf(stderr, "%s %s: %s\n", what, name.c_str(), strerror(-error));
  }

  const ScratchStore& store_;
  Counts& counts_;
  std::mt19937 random_;
};

double now() {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

pid_t start(const ScratchStore& store, Counts& counts, unsigned seed) {
  const pid_t child = fork();
  if (child == 0) Worker(store, counts, seed).run();
  return child;
}

void kill_some_keeper(const ScratchStore& store, Counts& counts, std::mt19937& random) {
  const std::vector<pid_t> keepers = store.keepers();
  if (keepers.empty()) return;
  if (random() % 8 == 0) {
    store.kill_keepers();
    ++counts.both_killed;
  } else {
    kill(keepers[random() % keepers.size()], SIGKILL);
    ++counts.twins_killed;
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    fprintf(stderr, "usage: store_soak SECONDS [SEED]\n");
    return 2;
  }
  const double seconds = atof(argv[1]);
  const unsigned seed = argc > 2 ? static_cast<unsigned>(atol(argv[2])) : std::random_device()();
  printf("seed %u\n", seed);
  fflush(stdout);
  std::mt19937 random(seed);
  auto& counts =
      *static_cast<Counts*>(mmap(nullptr, sizeof(Counts), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  const ScratchStore store;
  std::vector<pid_t> workers;
  for (int i = 0; i < processes; ++i) workers.push_back(start(store, counts, random()));

  // Longer on a busy machine, until enough has happened.
  const double end = now() + seconds, latest = end + 120 + seconds;
  const auto is_enough = [&] {
    return counts.opens > static_cast<long>(seconds * 100) && counts.files * 2 < counts.created;
  };
  double next_line = now() + 10;
  while (now() < end || (now() < latest && !is_enough())) {
    usleep(1000 * (10 + random() % 60));
    if (random() % 3 == 0) kill_some_keeper(store, counts, random);
    if (random() % 3 == 0) {
      pid_t& victim = workers[random() % workers.size()];
      kill(victim, SIGKILL);
      waitpid(victim, nullptr, 0);
      ++counts.kills;
      victim = start(store, counts, random());
    }
    if (now() < next_line) continue;
    next_line += 10;
    printf("%ld opens\n", counts.opens.load());
    fflush(stdout);
  }
  for (const pid_t worker : workers) {
    kill(worker, SIGKILL);
    waitpid(worker, nullptr, 0);
  }

  for (int family = 0; family < families; ++family)
    for (int name = 0; name < names_each; ++name) unlink(store.path(name_of(family, name)).c_str());
  // Whatever state the keepers were left in, a creation works, and then nothing but the pool is held.
  // (On a busy machine it may be a file at first, since no keeper has answered in time.)
  const bool works = comes_true([&] {
    const Created last = store.create("last", exclusively);
    if (last.fd_or_error < 0) return false;
    close(last.fd_or_error);
    unlink(store.path("last").c_str());
    return last.file == Why::is_memory;
  });
  const int pool = static_cast<int>(devshm::store::pool_size);
  const bool empty = comes_true([&] { return store.held_objects() == pool; });

  printf("opens %ld, created %ld, of them files %ld; empty %ld, stale %ld, failed %ld\n", counts.opens.load(),
         counts.created.load(), counts.files.load(), counts.empty.load(), counts.stale.load(), counts.failed.load());
  printf("killed: workers %ld, one keeper %ld, both %ld\n", counts.kills.load(), counts.twins_killed.load(),
         counts.both_killed.load());
  printf("wrong %ld; held at the end %d, the pool has %d\n", counts.wrong.load(), store.held_objects(), pool);
  const bool enough = is_enough();
  if (!enough) printf("too little happened\n");
  return counts.wrong == 0 && counts.failed == 0 && works && empty && enough ? 0 : 1;
}
