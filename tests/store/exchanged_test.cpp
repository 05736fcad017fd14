// SPDX-License-Identifier: MIT
//
// A name that changes hands between two system calls of one open: what a stranger has made must not lend its text to
// what its owner has made. A filter stops the open at its second look at the name, and the exchange happens there.
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>

#include "../../preload/store/lock.h"
#include "../../preload/store/remove_stale.h"
#include "steps.h"

namespace {

constexpr uid_t stranger = 4104;

std::string exchanged_from, exchanged_to;
int exchanges = 0;

/// Takes the place of the system call: makes the exchange the first time, and then does what was asked for.
void exchange(int, siginfo_t*, void* data) {
#if defined(__x86_64__)
  auto& registers = static_cast<ucontext_t*>(data)->uc_mcontext.gregs;
  const auto dir = static_cast<int>(registers[REG_RDI]);
  const auto* const path = reinterpret_cast<const char*>(registers[REG_RSI]);
  auto* const found = reinterpret_cast<struct stat*>(registers[REG_RDX]);
  auto& result = registers[REG_RAX];
#else
  auto& registers = static_cast<ucontext_t*>(data)->uc_mcontext.regs;
  const auto dir = static_cast<int>(registers[0]);
  const auto* const path = reinterpret_cast<const char*>(registers[1]);
  auto* const found = reinterpret_cast<struct stat*>(registers[2]);
  auto& result = registers[0];
#endif
  if (exchanges++ == 0) rename(exchanged_from.c_str(), exchanged_to.c_str());
  // Without the flag by which the filter knows the call.
  const long done =
      *path ? syscall(SYS_newfstatat, dir, path, found, AT_SYMLINK_NOFOLLOW) : syscall(SYS_fstat, dir, found);
  result = done == 0 ? 0 : -errno;
}

/// From now on the first look at a name's owner finds that the name has got what `from` was.
bool exchange_at_second_look(const std::string& from, const std::string& to) {
  exchanged_from = from;
  exchanged_to = to;
  struct sigaction action = {};
  action.sa_sigaction = exchange;
  action.sa_flags = SA_SIGINFO;
  struct sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_newfstatat, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[3])),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, AT_EMPTY_PATH, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const struct sock_fprog filter = {sizeof program / sizeof program[0], program};
  return sigaction(SIGSYS, &action, nullptr) == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

class Exchanged : public StoreOfUsers {
 protected:
  /// A link of the stranger's with the text of `secret`.
  void plant(const std::string& text) {
    ASSERT_EQ(as_user(stranger, [&] { return symlink(text.c_str(), store.path("name").c_str()); }), 0);
  }
  std::string text_of_link(const std::string& name) const { return std::filesystem::read_symlink(store.path(name)); }
  /// What an open of the name gives if the name becomes what `from` was meanwhile.
  int says_what_it_has_become(const std::string& from) {
    return in_child([&] {
      EXPECTING(exchange_at_second_look(store.path(from), store.path("name")));
      const Opened opened = store.open("name");
      EXPECTING(exchanges > 0 && opened.found == Found::opened);
      EXPECTING(text_from(opened.fd_or_error) == from);
      return 0;
    });
  }
};

TEST_F(Exchanged, AnOwnNameHasNotTheTextOfAStrangersLink) {
  ASSERT_TRUE(creates_memory(store, "secret"));
  ASSERT_TRUE(creates_memory(store, "right"));
  plant(text_of_link("secret"));
  EXPECT_EQ(says_what_it_has_become("right"), 0);
}

TEST_F(Exchanged, NorHasAnotherUsers) {
  ASSERT_EQ(as_user(first_user,
                    [&] {
                      EXPECTING(creates_memory(store, "secret"));
                      EXPECTING(creates_memory(store, "right"));
                      return 0;
                    }),
            0);
  plant(text_of_link("secret"));
  EXPECT_EQ(says_what_it_has_become("right"), 0);
}

TEST_F(Exchanged, RemovingAStaleNameMakesNothingThatAStrangersLinkSays) {
  ASSERT_TRUE(creates_memory(store, "stale"));
  store.kill_keepers();
  const std::string home = store.dir().substr(0, store.dir().rfind('/')) + "/home";
  ASSERT_EQ(mkdir(home.c_str(), 0700), 0);
  plant(home + "/.x.memory.1.1/0123456789abcdef/5");
  EXPECT_EQ(in_child([&] {
              EXPECTING(exchange_at_second_look(store.path("stale"), store.path("name")));
              devshm::store::remove_stale_name({store.root().c_str(), store.root().size()}, store.path("name").c_str());
              EXPECTING(exchanges > 0);
              return 0;
            }),
            0);
  EXPECT_TRUE(std::filesystem::is_empty(home));
}

// Whoever creates an object has looked who owns the store; but if there was none, a stranger can make one after that.
TEST_F(Exchanged, AStoreThatAStrangerMakesAtTheLastMomentIsNotLocked) {
  const std::string root = root_of(0);
  ASSERT_EQ(as_user(stranger,
                    [&] {
                      umask(0);
                      EXPECTING(mkdir(root.c_str(), 0777) == 0);
                      close(open((root + "/lock").c_str(), O_RDWR | O_CREAT, 0666));
                      return 0;
                    }),
            0);
  const devshm::store::Lock lock({root.c_str(), root.size()}, devshm::store::Lock::Kind::shared, 0);
  EXPECT_EQ(lock.error(), -EPERM);
}

}  // namespace
