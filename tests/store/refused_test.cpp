// SPDX-License-Identifier: MIT
//
// A filter of system calls (a container's, a service manager's) refuses one that the store or its keeper makes.
// Whatever it is, a program gets its object, a file or an error; nobody hangs, and no name leads to something else.
#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <regex>
#include <set>

#include "../../preload/store/ask.h"
#include "scratch_store.h"
#include "surroundings.h"

namespace {

struct Call {
  const char* name;
  long number;
};
#define CALL(name) \
  { #name, SYS_##name }
constexpr Call calls[] = {
    CALL(accept4),
    CALL(bind),
    CALL(capset),
    CALL(chdir),
    CALL(clock_gettime),
    CALL(clone),
    CALL(close),
    CALL(close_range),
    CALL(connect),
    CALL(dup3),
    CALL(execve),
    CALL(execveat),
    CALL(sendfile),
    CALL(exit),
    CALL(exit_group),
    CALL(fchmod),
    CALL(fchmodat),
    CALL(fcntl),
    CALL(fstat),
    CALL(ftruncate),
    CALL(getdents64),
    CALL(getegid),
    CALL(geteuid),
    CALL(getpid),
    CALL(getppid),
    CALL(getrandom),
    CALL(getresgid),
    CALL(getresuid),
    CALL(getsockopt),
    CALL(inotify_add_watch),
    CALL(inotify_init1),
    CALL(ioctl),
    CALL(kill),
    CALL(linkat),
    CALL(listen),
    CALL(memfd_create),
    CALL(mkdirat),
    CALL(mmap),
    CALL(munmap),
    CALL(name_to_handle_at),
    CALL(nanosleep),
    CALL(newfstatat),
    CALL(openat),
    CALL(pipe2),
    CALL(ppoll),
    CALL(prctl),
    CALL(prlimit64),
    CALL(read),
    CALL(readlinkat),
    CALL(recvfrom),
    CALL(recvmsg),
    CALL(renameat2),
    CALL(rt_sigaction),
    CALL(rt_sigprocmask),
    CALL(rt_sigtimedwait),
    CALL(sched_setscheduler),
    CALL(sendmsg),
    CALL(sendto),
    CALL(setresgid),
    CALL(setresuid),
    CALL(setsid),
    CALL(signalfd4),
    CALL(socket),
    CALL(symlinkat),
    CALL(truncate),
    CALL(umask),
    CALL(unlinkat),
    CALL(utimensat),
    CALL(wait4),
    CALL(write),
};
#undef CALL

/// What a process with a filter has seen. It can't always say so by its exit status.
struct Seen {
  bool finished;
  bool created;
  bool was_memory;
  char wrong[64];
};

/// Nothing but the object "a" may be found as "a".
void check(Seen& seen, const char* step, int fd) {
  if (fd < 0) return;
  char text[8];
  const ssize_t size = pread(fd, text, sizeof text, 0);
  if (size != 1 || text[0] != 'a') strncpy(seen.wrong, step, sizeof seen.wrong - 1);
}

void use_store(const ScratchStore& store, Seen& seen) {
  const std::string& path = store.path("a");
  const devshm::store::Place place = store.place();
  const Created made = devshm::store::create_object(place, path.c_str(), exclusively, 0600);
  seen.created = made.fd_or_error >= 0;
  seen.was_memory = seen.created && made.file == Why::is_memory;
  if (seen.created && pwrite(made.fd_or_error, "a", 1, 0) != 1) strcpy(seen.wrong, "write");
  if (seen.created) {
    const Opened opened = devshm::store::open_object(path.c_str(), O_RDONLY);
    if (opened.found == Found::opened) check(seen, "open", opened.fd_or_error);
    check(seen, "create", devshm::store::create_object(place, path.c_str(), O_RDWR | O_CREAT, 0600).fd_or_error);
    if (devshm::store::create_object(place, path.c_str(), exclusively, 0600).fd_or_error >= 0)
      strcpy(seen.wrong, "created twice");
  }
  seen.finished = true;
}

/// The letter in proc(5); 0 for a process that is gone.
char state_of(pid_t process) {
  std::ifstream status("/proc/" + std::to_string(process) + "/stat");
  std::string line;
  getline(status, line);
  const std::size_t name_ends = line.rfind(") ");
  return name_ends == std::string::npos ? '\0' : line[name_ends + 2];
}

class Refused : public ::testing::TestWithParam<Call> {
 protected:
  Refused()
      : seen(*static_cast<Seen*>(
            mmap(nullptr, sizeof(Seen), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))) {}
  ~Refused() override { munmap(&seen, sizeof seen); }

  void use_with_filter(int error) {
    seen = {};
    const int status = in_child([&] {
      if (!refuse(GetParam().number, error)) return no_surroundings;
      use_store(store, seen);
      return 0;
    });
    EXPECT_NE(status, hung);
    EXPECT_NE(status, no_surroundings);
    EXPECT_TRUE(seen.finished) << status;
    EXPECT_STREQ(seen.wrong, "");
  }
  /// Afterwards, without a filter.
  void look() {
    if (seen.created) {
      EXPECT_EQ(store.text_of("a"), "a");
      EXPECT_EQ(store.create("a", exclusively).fd_or_error, -EEXIST);
    }
    const int fd = store.create_with("b", "b");
    EXPECT_GE(fd, 0) << strerror(-fd);
    close(fd);
    EXPECT_EQ(store.text_of("b"), "b");
    EXPECT_TRUE(comes_true([&] { return store.keepers().size() <= 2; })) << "one that could not begin has not ended";
    for (const char* name : {"a", "b"}) unlink(store.path(name).c_str());
  }
  /// Whether all of the store's processes sleep, most of the times that they are looked at for a while. One that does
  /// not wait is running or ready to run at any time, however busy the machine is.
  bool is_idle() const {
    const std::vector<pid_t> keepers = store.keepers();
    int asleep = 0;
    constexpr int looks = 20;
    for (int i = 0; i < looks; ++i, usleep(3000))
      asleep += std::all_of(keepers.begin(), keepers.end(), [](pid_t keeper) { return state_of(keeper) != 'R'; });
    return asleep > looks / 2;
  }

  ScratchStore store;
  Seen& seen;
};

TEST_P(Refused, ByWhoeverStartsTheKeeper) {
  for (const int error : {EPERM, ENOSYS}) {
    use_with_filter(error);
    look();
    // Whoever connects goes away, and leaves a connection that nobody may accept.
    devshm::store::answers({store.root().c_str(), store.root().size()});
    EXPECT_TRUE(comes_true([&] { return is_idle(); })) << "it does not wait";
    store.kill_keepers();
  }
}

TEST_P(Refused, WithAKeeperThatRuns) {
  close(store.create_with("first", "first"));
  use_with_filter(EPERM);
  look();
  EXPECT_EQ(store.text_of("first"), "first");
}

INSTANTIATE_TEST_SUITE_P(Each, Refused, ::testing::ValuesIn(calls),
                         [](const auto& info) { return std::string(info.param.name); });

// What AWS Lambda refuses, or strict services do, and the store can do without.
TEST(RefusedCalls, ThatAreNotNeededLeaveMemory) {
  for (const long call : {SYS_setresuid, SYS_setresgid, SYS_capset, SYS_prctl, SYS_sched_setscheduler, SYS_prlimit64,
                          SYS_setsid, SYS_chdir, SYS_close_range, SYS_getrandom, SYS_linkat}) {
    const ScratchStore store;
    EXPECT_EQ(in_child([&] {
                if (!refuse(call, EPERM)) return no_surroundings;
                const Created made = store.create("a", exclusively);
                return made.fd_or_error >= 0 && made.file == Why::is_memory ? 0 : 1;
              }),
              0)
        << call;
  }
}

TEST(RefusedCalls, AreAllThatTheStoreMakes) {
  std::set<std::string> missing;
  const std::regex call("SYS_[a-z0-9_]+");
  for (const auto& entry : std::filesystem::recursive_directory_iterator(getenv("STORE_SOURCES"))) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path());
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    for (std::sregex_iterator found(text.begin(), text.end(), call), end; found != end; ++found)
      missing.insert(found->str().substr(4));
  }
  EXPECT_GT(missing.size(), 30u);
  for (const Call& known : calls) missing.erase(known.name);
  EXPECT_EQ(missing, std::set<std::string>{});
}

}  // namespace
