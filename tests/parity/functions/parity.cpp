// SPDX-License-Identifier: MIT
#include "parity.h"

#include <dlfcn.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "keeper.h"
#include "raw.h"

namespace parity {
namespace {

Family*& families() {
  static Family* first = nullptr;
  return first;
}

void print(const std::string& line) {
  // Whatever a call has given back, a case is one line.
  std::string whole = line;
  for (char& c : whole)
    if (static_cast<unsigned char>(c) < ' ' || c == 127) c = '?';
  whole += '\n';
  raw(SYS_write, 1, whole.data(), static_cast<long>(whole.size()));
}

/// Whether this libc has the function: the library under test exports more than every libc has. libstdc++ brings libc
/// with it into the search; a handle of libc itself would make the library see to its work beforehand.
bool is_in_libc(const char* function) {
  static void* const handle = dlopen("libstdc++.so.6", RTLD_LAZY | RTLD_NOLOAD);
  return handle && dlsym(handle, function);
}

std::string real_path_of(const std::string& path) {
  return path == "/dev/shm" || path.starts_with("/dev/shm/") ? real_shm() + path.substr(8) : path;
}

/// The descriptor for one call's dirfd.
class Dir {
 public:
  explicit Dir(const std::string& dir) {
    if (dir.empty())
      fd_ = AT_FDCWD;
    else if (dir != "-1")
      fd_ = static_cast<int>(raw(SYS_openat, AT_FDCWD, real_path_of(dir).c_str(), O_RDONLY | O_CLOEXEC));
  }
  ~Dir() {
    if (fd_ >= 0) raw(SYS_close, fd_);
  }
  Dir(const Dir&) = delete;
  int get() const { return fd_; }

 private:
  int fd_ = -1;
};

bool is_word(char c) { return isalnum(static_cast<unsigned char>(c)) || c == '_'; }

/// The source text with every whole word `name` replaced.
std::string with(std::string text, const std::string& name, const std::string& value) {
  for (auto at = text.find(name); at != std::string::npos; at = text.find(name, at)) {
    const auto end = at + name.size();
    const bool whole = (at == 0 || !is_word(text[at - 1])) && (end == text.size() || !is_word(text[end]));
    if (whole) text.replace(at, name.size(), value);
    at = whole ? at + value.size() : end;
  }
  return text;
}

std::string label_of_dir(const std::string& dir) {
  return dir.empty() ? "AT_FDCWD" : dir == "-1" ? "-1" : "fd of " + dir;
}

// Some of libc's functions don't survive a null path. Then the library's must not either, or hide it.
sigjmp_buf before_the_call;
void on_crash(int) { siglongjmp(before_the_call, 1); }

void run(const char* function, const std::string& label, const std::string& cwd, const Call& call) {
  if (cwd != "/") raw(SYS_chdir, real_path_of(cwd).c_str());
  errno = errno_before;
  static std::string result;
  if (sigsetjmp(before_the_call, 1) == 0)
    result = call();
  else
    result = "crashes";
  raw(SYS_chdir, "/");
  raw(SYS_umask, 022);
  print(function + ("(" + label + "): ") + result + changes());
}

/// Says so, once for all of its cases, where the libc has no such function.
bool is_missing(const char* function) {
  if (is_in_libc(function)) return false;
  print(std::string(function) + "(): not in this libc");
  return true;
}

std::string error_text() { return errno == errno_before ? "(errno untouched)" : strerror(errno); }
std::string remark() { return errno == errno_before ? "" : std::string(" (errno became: ") + strerror(errno) + ")"; }

int run_family(const Family& family) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(900);  // a call that waits for ever ends its family, not the whole; under strace a family takes its time
    signal(SIGSEGV, on_crash);
    raw(SYS_chdir, "/");  // where each call starts, and is brought back to
    lay_out();
    family.run();
    _exit(0);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (status != 0) print(std::string("family ") + family.name + ": died, wait status " + std::to_string(status));
  return status != 0;
}

}  // namespace

Family::Family(const char* family, void (*function)()) : name(family), run(function), next(families()) {
  families() = this;
}

std::string number(long result) {
  if (result == -1) return "-1 " + error_text();
  const std::string note = remark();
  return std::to_string(result) + note;
}

std::string fd(int result) {
  if (result < 0) return number(result);
  const std::string note = remark();
  struct stat file;
  fstat(result, &file);
  const long flags = raw(SYS_fcntl, result, F_GETFL);
  char how[64];
  snprintf(how, sizeof how, "fd%s %lo ", raw(SYS_fcntl, result, F_GETFD) & FD_CLOEXEC ? " close-on-exec" : "", flags);
  const std::string shown = how + location_of(result) + " " + describe(file) + note;
  raw(SYS_close, result);
  return shown;
}

std::string pointer(const void* result) { return result ? "set" + remark() : "null " + error_text(); }

std::string text(const char* result) {
  if (!result) return "null " + error_text();
  const std::string note = remark();
  return '"' + without_random(result) + '"' + note;
}

std::string owned_text(char* result) {
  const std::string shown = text(result);
  free(result);
  return shown;
}

void once(const char* function, const std::string& arguments, const Call& call) {
  if (!is_missing(function)) run(function, arguments, "/", call);
}

void each_path_of(const std::vector<Place>& places, const char* function, const char* arguments, const PathCall& call) {
  if (is_missing(function)) return;
  for (const Place& place : places)
    run(function, with(arguments, "path", place.label), place.cwd, [&] { return call(place.path()); });
}

void each_path(const char* function, const char* arguments, const PathCall& call) {
  each_path_of(plain_places(), function, arguments, call);
}

void each_at_of(const std::vector<Place>& places, const char* function, const char* arguments, const AtCall& call) {
  if (is_missing(function)) return;
  for (const Place& place : places) {
    const Dir dir(place.dir);
    run(function, with(with(arguments, "dir", label_of_dir(place.dir)), "path", place.label), place.cwd,
        [&] { return call(dir.get(), place.path()); });
  }
}

void each_at(const char* function, const char* arguments, const AtCall& call) {
  each_at_of(at_places(), function, arguments, call);
}

void each_pair(const char* function, const char* arguments, const PairCall& call) {
  if (is_missing(function)) return;
  for (const Pair& pair : plain_pairs())
    run(function, with(with(arguments, "path", pair.from.label), "other", pair.to.label), pair.from.cwd,
        [&] { return call(pair.from.path(), pair.to.path()); });
}

void each_pair_at(const char* function, const char* arguments, const AtPairCall& call) {
  if (is_missing(function)) return;
  for (const Pair& pair : at_pairs()) {
    const auto& [from, to] = pair;
    const Dir dir(from.dir), other_dir(to.dir);
    std::string label = with(with(arguments, "dir", label_of_dir(from.dir)), "path", from.label);
    label = with(with(label, "other_dir", label_of_dir(to.dir)), "other", to.label);
    run(function, label, from.cwd, [&] { return call(dir.get(), pair.from.path(), other_dir.get(), pair.to.path()); });
  }
}

}  // namespace parity

/// parity [FAMILY...]: all families, or those. Not to be run by itself: see functions_test.py.
/// parity --keep COMMAND...: runs a command that starts it in its turn; the files are then looked at from here.
int main(int count, char** arguments) {
  if (count > 2 && strcmp(arguments[1], "--keep") == 0) return parity::keeper::run_with_keeper(arguments + 2);
  int failed = 0;
  for (const parity::Family* family = parity::families(); family; family = family->next) {
    bool wanted = count == 1;
    for (int i = 1; i < count; ++i) wanted |= strcmp(arguments[i], family->name) == 0;
    if (wanted) failed |= parity::run_family(*family);
  }
  return failed;
}
