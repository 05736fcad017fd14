// SPDX-License-Identifier: MIT
#include "scratch_store.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>

#include "../../preload/store/ask.h"

namespace fs = std::filesystem;

const char* keeper_program() {
  const char* const program = getenv("KEEPER_PROGRAM");
  if (!program) throw std::runtime_error("KEEPER_PROGRAM is not set");
  return program;
}

void pause_briefly() { usleep(1000); }

namespace {

/// Empty for a process that is just ending.
std::string command_line(const fs::path& file) {
  char memory[1024];
  const int fd = open(file.c_str(), O_RDONLY | O_CLOEXEC);
  const ssize_t size = fd < 0 ? 0 : read(fd, memory, sizeof memory);
  if (fd >= 0) close(fd);
  return {memory, size > 0 ? static_cast<std::size_t>(size) : 0};
}

}  // namespace

ScratchStore::ScratchStore(const char* idle_seconds) : program_(keeper_program()), idle_seconds_(idle_seconds) {
  char name[] = "/var/tmp/store-XXXXXX";
  if (!mkdtemp(name)) throw std::runtime_error("mkdtemp");
  scratch_ = name;
  chmod(name, 01777);  // like /tmp
  dir_ = scratch_ + "/shm";
  fs::create_directory(dir_);
  chmod(dir_.c_str(), 01777);
  root_ = scratch_ + "/.shm.memory." + std::to_string(geteuid()) + "." + std::to_string(getegid());
}

ScratchStore::~ScratchStore() {
  kill_keepers();
  std::error_code ignored;
  fs::remove_all(scratch_, ignored);
}

std::vector<pid_t> ScratchStore::keepers_of(const std::string& root) {
  std::vector<pid_t> found;
  for (const fs::directory_entry& entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    const std::string line = command_line(entry.path() / "cmdline");
    if (line.find(std::string("devshm-keeper\0--keep\0", 21) + root + '\0') != std::string::npos)
      found.push_back(std::stoi(name));
  }
  return found;
}

void ScratchStore::kill_keepers_of(const std::string& root) {
  comes_true([&] {
    const std::vector<pid_t> living = keepers_of(root);
    for (const pid_t process : living) kill(process, SIGSTOP);  // so that neither replaces the other
    for (const pid_t process : living) kill(process, SIGKILL);
    return living.empty();
  });
}

int ScratchStore::create_with(const std::string& name, const std::string& text, mode_t mode) const {
  const int fd = create(name, O_RDWR | O_CREAT | O_EXCL, mode).fd_or_error;
  if (fd >= 0 && write(fd, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    throw std::runtime_error("write");
  return fd;
}

std::string text_from(int fd) {
  char memory[256];
  const ssize_t size = pread(fd, memory, sizeof memory, 0);
  return size < 0 ? "?" : std::string(memory, static_cast<std::size_t>(size));
}

bool is_memory(int fd) {
  std::error_code error;
  const fs::path target = fs::read_symlink("/proc/self/fd/" + std::to_string(fd), error);
  return target.string().find("/memfd:devshm:") == 0;
}

std::string ScratchStore::text_of(const std::string& name) const {
  const devshm::store::Opened opened = open(name, O_RDONLY);
  int fd = opened.fd_or_error;
  if (opened.found == devshm::store::Found::ordinary) fd = ::open(path(name).c_str(), O_RDONLY);
  if (fd < 0) return "-";
  const std::string text = text_from(fd);
  close(fd);
  return text;
}

int ScratchStore::generations() const {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(root_)) {
    const std::string name = entry.path().filename();
    count += name.size() == 16 && name.find_first_not_of("0123456789abcdef") == std::string::npos;
  }
  return count;
}

bool ScratchStore::keeper_has_read_events() const {
  return devshm::store::ask_for_refill({root_.c_str(), root_.size()}) == 0;  // before it answers it reads them
}

int ScratchStore::objects_of(const std::string& root) {
  const std::vector<pid_t> processes = keepers_of(root);
  if (processes.empty()) return 0;
  int count = 0;
  std::error_code error;
  for (const fs::directory_entry& entry :
       fs::directory_iterator("/proc/" + std::to_string(processes.front()) + "/fd", error)) {
    const fs::path target = fs::read_symlink(entry.path(), error);
    count += target.string().find("/memfd:devshm:") == 0;
  }
  return count;
}
