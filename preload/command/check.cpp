// SPDX-License-Identifier: MIT
//
// `devshm check`: runs inside a program of the libc in question, preloaded behind libdevshm.so, before its main, and
// prints a table. So it sees what every such program will see, and needs to know nothing of loaders.
//
// As portable as the library: it is linked with sem_open and shm_open in libpthread.so.0 and librt.so.1 (old_library.c),
// where they live before glibc 2.34. Since then both are empty; musl takes the two names for itself.
#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/statfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../constant_dir.h"
#include "../libc_constant.h"
#include "../settings.h"
#include "../sys.h"
#include "../text.h"

extern "C" char** environ;

namespace {

using devshm::ConstantPlace;
using devshm::Line;
using devshm::LoadedObject;
namespace sys = devshm::sys;

constexpr char peer_variable[] = "DEVSHM_CHECK_PEER";

class Report {
 public:
  void row(const char* subject, const char* finding, bool good) {
    Line<1024> line;
    line.add("  ").add(subject);
    for (std::size_t i = strlen(subject); i < 15; ++i) line.add(" ");
    line.add(good ? "ok   " : "BAD  ").add(finding).add("\n");
    write_out(line.c_str());
    if (!good) ++problems_;
  }
  void advice(const char* text) {
    Line<1024> line;
    line.add("                      -> ").add(text).add("\n");
    write_out(line.c_str());
  }
  static void write_out(const char* text) { sys::write(1, text, strlen(text)); }
  int problems() const { return problems_; }

 private:
  int problems_ = 0;
};

// --- libc and its constant ---

struct Constants {
  const char* text;
  int before;  // places that still say /dev/shm
  int after;   // places that say our directory
};

void count_before(const ConstantPlace&, void* data) { ++static_cast<Constants*>(data)->before; }
void count_after(const ConstantPlace&, void* data) { ++static_cast<Constants*>(data)->after; }

bool count_in(const LoadedObject& object, void* data) {
  if (!devshm::is_of_libc(object)) return false;
  find_constant(object, "/dev/shm", count_before, data);
  find_constant(object, static_cast<Constants*>(data)->text, count_after, data);
  return false;
}

bool find_libc(const LoadedObject& object, void* data) {
  if (!devshm::is_libc(object)) return false;
  *static_cast<LoadedObject*>(data) = object;
  return true;
}

void report_libc(Report& report) {
  LoadedObject libc{};
  devshm::for_each_loaded(find_libc, &libc);
  Line<512> line;
  if (!libc.dynamic) {
    report.row("libc", "not found among the loaded objects", false);
    return;
  }
  using VersionFunction = const char* (*)();
  if (const void* version = defined_in(libc, "gnu_get_libc_version"))
    line.add("glibc ").add(reinterpret_cast<VersionFunction>(const_cast<void*>(version))());
  else
    line.add("musl, or another one without a version to ask for");
  report.row("libc", line.add(" (").add(libc.name).add(")").c_str(), true);
}

void report_constant(Report& report) {
  char text[devshm::constant_length + 1] = {};
  char eight[devshm::constant_length];
  if (devshm::constant_dir(eight) != 0) {
    report.row("constant", "no name of eight bytes leads to the directory", false);
    report.advice("choose a shorter DEVSHM_DIR, or make /tmp writable: a short link is put there");
    return;
  }
  memcpy(text, eight, sizeof eight);
  Constants constants{text, 0, 0};
  devshm::for_each_loaded(count_in, &constants);
  Line<256> line;
  if (constants.after && !constants.before) {
    line.add(static_cast<long>(constants.after)).add(constants.after == 1 ? " place" : " places");
    report.row("constant", line.add(" in libc, redirected to ").add(text).c_str(), true);
  } else if (constants.before) {
    line.add("found, but ").add(static_cast<long>(constants.before)).add(" of ");
    line.add(static_cast<long>(constants.before) + constants.after).add(" places still say /dev/shm");
    report.row("constant", line.c_str(), false);
    report.advice("something refuses the change of libc's read-only data (a sealed libc, a seccomp filter)");
  } else {
    report.row("constant", "not found in this libc", false);
    report.advice("devshm does not know where this libc keeps the directory; paths work, sem_open and shm_open don't");
  }
}

// --- the directory ---

const char* file_system_name(unsigned long type) {
  switch (type) {
    case 0x01021994: return "tmpfs";
    case 0xef53: return "ext4";
    case 0x58465342: return "xfs";
    case 0x9123683e: return "btrfs";
    case 0x794c7630: return "overlay";
    case 0x6969: return "nfs";
    case 0x65735546: return "fuse";
    case 0x01021997: return "9p";
    default: return "another kind";
  }
}

void add_size(devshm::LineWriter& line, unsigned long long bytes) {
  line.add(static_cast<long>(bytes >> 20)).add(" MiB");
}

void report_directory(Report& report) {
  const devshm::Settings& set = devshm::settings();
  struct stat found;
  Line<1024> line;
  line.add(set.dir);
  const int result = sys::fstatat(AT_FDCWD, set.dir, &found, AT_SYMLINK_NOFOLLOW);
  if (result != 0 || !S_ISDIR(found.st_mode)) {
    report.row("directory", line.add(result ? " can't be looked at" : " is not a directory").c_str(), false);
    report.advice("set DEVSHM_DIR to a directory that can be written, or that can be made");
    return;
  }
  const char mode[] = {
      static_cast<char>('0' + (found.st_mode >> 9 & 7)), static_cast<char>('0' + (found.st_mode >> 6 & 7)),
      static_cast<char>('0' + (found.st_mode >> 3 & 7)), static_cast<char>('0' + (found.st_mode & 7)), '\0'};
  line.add(", mode ").add(mode).add(", user ").add(static_cast<long>(found.st_uid));
  const bool writable = sys::access(set.dir, W_OK | X_OK) == 0;
  report.row("directory", line.c_str(), writable);
  if (!writable) report.advice("this user can't write there; set DEVSHM_DIR to another directory");
  if ((found.st_mode & 07777) != 01777) report.advice("other users can't share it: chmod 1777 makes it like /dev/shm");

  struct statfs fs;
  if (sys::statfs(set.dir, &fs) != 0) return;
  Line<256> room;
  room.add(file_system_name(static_cast<unsigned long>(fs.f_type))).add(", ");
  add_size(room, static_cast<unsigned long long>(fs.f_bavail) * static_cast<unsigned long long>(fs.f_bsize));
  room.add(" free of ");
  add_size(room, static_cast<unsigned long long>(fs.f_blocks) * static_cast<unsigned long long>(fs.f_bsize));
  report.row("file system", room.c_str(), fs.f_bavail > 0);
  if (!fs.f_bavail) report.advice("it is full: free some room, or set DEVSHM_DIR to another file system");
}

void report_paths(Report& report) {
  struct statfs fs;
  Line<256> line;
  const int fd = open("/dev/shm/.devshm-check", O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  const bool opened = fd >= 0;
  if (opened) {
    close(fd);
    unlink("/dev/shm/.devshm-check");
  }
  const bool asked = statfs("/dev/shm", &fs) == 0;
  const bool tmpfs = asked && fs.f_type == 0x01021994;
  line.add(opened ? "a file in /dev/shm can be made, " : "no file in /dev/shm can be made, ");
  line.add(tmpfs ? "statfs says tmpfs" : "statfs does not say tmpfs");
  report.row("by path", line.c_str(), opened && tmpfs);
}

// --- the services, from one process to another ---

/// The other process: the same program again, which gets to its own constructor and acts as the peer. A fork would
/// not do: libc remembers the semaphores it has open.
bool run_peer(const char* what) {
  const pid_t child = fork();
  if (child < 0) return false;
  if (child == 0) {
    setenv(peer_variable, what, 1);
    const char* program = getenv("DEVSHM_CHECK");
    char* const argv[] = {const_cast<char*>(program), nullptr};
    if (program) execve(program, argv, environ);
    _exit(127);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR) return false;
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void object_name(devshm::LineWriter& line, int process) { line.add("/devshm-check.").add(static_cast<long>(process)); }

void report_service(Report& report, const char* subject, const char* made, bool arrived, int error) {
  if (!made)
    return report.row(subject,
                      arrived ? "made in one process, used in another" : "made, but did not arrive in another process",
                      arrived);
  Line<256> line;
  report.row(
      subject,
      line.add(made).add(" failed with errno ").add(static_cast<long>(error)).add(", ").add(strerror(error)).c_str(),
      false);
}

void report_semaphore(Report& report) {
  Line<64> name;
  object_name(name, getpid());
  sem_t* semaphore = sem_open(name.c_str(), O_CREAT | O_EXCL, 0600, 0u);
  if (semaphore == SEM_FAILED) return report_service(report, "semaphore", "sem_open", false, errno);
  const bool arrived = run_peer("semaphore") && sem_trywait(semaphore) == 0;
  sem_close(semaphore);
  sem_unlink(name.c_str());
  report_service(report, "semaphore", nullptr, arrived, 0);
}

constexpr std::size_t shared_size = 4096;

char* map_shared(int fd) {
  void* at = mmap(nullptr, shared_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  return at == MAP_FAILED ? nullptr : static_cast<char*>(at);
}

void report_shared_memory(Report& report) {
  Line<64> name;
  object_name(name, getpid());
  const int fd = shm_open(name.c_str(), O_CREAT | O_EXCL | O_RDWR, 0600);
  if (fd < 0) return report_service(report, "shared memory", "shm_open", false, errno);
  char* memory = ftruncate(fd, shared_size) == 0 ? map_shared(fd) : nullptr;
  const bool arrived = memory && run_peer("memory") && strcmp(memory, "arrived") == 0;
  shm_unlink(name.c_str());
  report_service(report, "shared memory", nullptr, arrived, 0);
}

[[noreturn]] void act_as_peer(const char* what) {
  Line<64> name;
  object_name(name, getppid());
  bool done = false;
  if (devshm::same(what, "semaphore")) {
    sem_t* semaphore = sem_open(name.c_str(), 0);
    done = semaphore != SEM_FAILED && sem_post(semaphore) == 0;
  } else {
    const int fd = shm_open(name.c_str(), O_RDWR, 0600);
    char* memory = fd >= 0 ? map_shared(fd) : nullptr;
    if (memory) memcpy(memory, "arrived", sizeof "arrived");
    done = memory != nullptr;
  }
  _exit(done ? 0 : 1);
}

__attribute__((constructor)) void check() {
  if (!getenv("DEVSHM_CHECK")) return;
  if (const char* what = getenv(peer_variable)) act_as_peer(what);

  Report report;
  Report::write_out("devshm " DEVSHM_VERSION "\n");
  report_libc(report);
  if (!devshm::settings().active) {
    report.row("devshm", "is switched off here, or stands aside for the real /dev/shm", false);
    report.advice("see DEVSHM_DISABLE and DEVSHM_WHEN in the environment");
  } else {
    report_semaphore(report);
    report_shared_memory(report);
    report_paths(report);
    report_constant(report);
    report_directory(report);
  }
  if (report.problems())
    Report::write_out("not everything works here\n");
  else
    Report::write_out("everything works\n");
  _exit(report.problems() ? 1 : 0);
}

}  // namespace
