// SPDX-License-Identifier: MIT
//
// The main function of these tests. "--backing=KIND" makes a backing directory of that kind and runs the tests over it
// in a new process (devshm reads its settings once).
#include "scratch_overlay.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace fs = std::filesystem;

namespace scratch {

const std::string& backing() {
  static const std::string dir = getenv("SCRATCH_BACKING") ? getenv("SCRATCH_BACKING") : "";
  return dir;
}

void write_file(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

std::string read_file(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

void Overlay::SetUp() {
  ASSERT_FALSE(backing().empty()) << "run with --backing=KIND";
  access("/dev/shm/anything", F_OK);  // devshm makes the backing directory now
  ASSERT_TRUE(fs::is_directory(backing()));
  for (const auto& entry : fs::directory_iterator(backing())) fs::remove_all(entry);
  write_file(backing() + "/scratch-mark");
  ASSERT_EQ(access("/dev/shm/scratch-mark", F_OK), 0) << "devshm is not at work here";
  fs::remove(backing() + "/scratch-mark");
}

void Overlay::TearDown() { EXPECT_EQ(chdir("/"), 0); }

namespace {

/// An unused name of the given length in /tmp, made as a directory.
std::string short_dir(std::size_t length) {
  for (unsigned n = static_cast<unsigned>(getpid());; ++n) {
    std::string name = "/tmp/";
    for (unsigned rest = n; name.size() < length; rest /= 26) name += static_cast<char>('a' + rest % 26);
    if (mkdir(name.c_str(), 0755) == 0) return name;
    if (errno != EEXIST) abort();
  }
}

struct Scratch {
  std::string remove;      // all that was made
  std::string devshm_dir;  // what the user would set
  std::string backing;     // the same directory in the kernel's name
};

Scratch make(const std::string& kind) {
  if (kind == "short" || kind == "same") {
    const std::string dir = short_dir(kind == "short" ? 7 : 8);
    return {dir, dir, dir};
  }
  char name[] = "/tmp/devshm-test.XXXXXX";
  if (!mkdtemp(name)) abort();
  const std::string dir = name;
  if (kind == "linked") {
    fs::create_directory(dir + "/where it is");
    fs::create_directory_symlink("where it is", dir + "/link");
    return {dir, dir + "/link/shm", dir + "/where it is/shm"};
  }
  if (kind == "long") return {dir, dir + "/a-longer-name/below", dir + "/a-longer-name/below"};
  std::fprintf(stderr, "no such kind of backing directory: %s\n", kind.c_str());
  exit(2);
}

int run_over(const std::string& kind, char** argv) {
  const Scratch scratch = make(kind);
  setenv("DEVSHM_DIR", scratch.devshm_dir.c_str(), 1);
  setenv("SCRATCH_BACKING", scratch.backing.c_str(), 1);
  const pid_t child = fork();
  if (child == 0) {
    execv(argv[0], argv);
    _exit(127);
  }
  int status = 0;
  waitpid(child, &status, 0);
  fs::remove_all(scratch.remove);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace
}  // namespace scratch

int main(int argc, char** argv) {
  const std::string option = "--backing=";
  if (argc > 1 && std::string(argv[1]).rfind(option, 0) == 0) {
    const std::string kind = std::string(argv[1]).substr(option.size());
    argv[1] = argv[0];
    return scratch::run_over(kind, argv + 1);
  }
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
