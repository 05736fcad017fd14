// SPDX-License-Identifier: MIT
//
// The path rule against the kernel: where it says that a path leads, there the kernel has to land, in a tree of our own
// that it takes for the root (openat2 with RESOLVE_IN_ROOT, Linux 5.6). An input is the number of a directory, a space,
// and a path from there.
#include <fcntl.h>
#include <sys/stat.h>

#include <optional>

#include "../../preload/path_rule.h"
#include "../../preload/sys.h"
#include "../unit/kernel_root.h"
#include "fuzz.h"

namespace {

/// Where the walks begin: the places of relative paths. None is in /dev/shm: there the base is the backing directory.
const char* const starts[] = {"/", "/dev", "/x", "/dev/x", "/dir/dev", "/shm", "/link"};

/// Symbolic links, outside of /dev/shm and in it.
const char* const links[][2] = {
    {"/link", "dev"}, {"/x/up", ".."}, {"/dir/dev/root", "/"}, {"/dev/shm/deep", "dir/x"}, {"/dev/shm/x/self", "."}};

const ground::KernelRoot& tree() {
  static const std::string scratch = [] {
    const char* where = std::getenv("TMPDIR");
    std::string name = std::string(where ? where : "/tmp") + "/devshm-fuzz-XXXXXX";
    EXPECT(mkdtemp(name.data()), name);
    return name;
  }();
  static const ground::KernelRoot root(scratch);
  static const bool planted = [] {
    EXPECT(root.ok(), "openat2 works here");
    EXPECT(root.plant(3), scratch);
    for (const auto& [at, target] : links) EXPECT(root.link(target, at), at);
    return true;
  }();
  static_cast<void>(planted);
  return root;
}

/// What a relative path starts from: the descriptor of start_dir.cpp is the number of a start.
std::string from_start(int start, const std::string& path) {
  if (!path.empty() && path[0] == '/') return path;
  const auto index = static_cast<std::size_t>(start);
  return (start == AT_FDCWD ? "" : std::string(starts[index])) + "/" + path;
}

}  // namespace

namespace devshm::sys {

/// The only call of start_dir.cpp.
int stat_in_tree(int dir, const char* path, struct stat* out, int flags) {
  const int fd = tree().open(from_start(dir, path));
  if (fd < 0) return -ENOENT;
  const int result = ::fstatat(fd, "", out, flags | AT_EMPTY_PATH);
  close(fd);
  return result;
}

}  // namespace devshm::sys

#define fstatat stat_in_tree
#include "../../preload/start_dir.h"
// The order matters: start_dir.cpp by the other name.
#include "../../preload/start_dir.cpp"
#undef fstatat
#include "../../preload/path_rule.cpp"

namespace {

/// A ".." after a link in /dev/shm: as text it takes the link back, and for the kernel what it leads to. A rule by text
/// can't know.
bool climbs_from_a_link(const std::string& path) {
  for (const char* link : {"deep", "self"})
    if (const std::size_t at = path.find(link); at != std::string::npos && path.find("..", at) != std::string::npos)
      return true;
  return false;
}

/// An absolute path is judged as text from its first letter on, so what leads into /dev/shm by a link outside of it is
/// not seen. Relative ones are compared by identity, where they have a name that may be meant.
bool uses_outer_link(const std::string& path) {
  return path.find("link") != std::string::npos || path.find("up") != std::string::npos ||
         path.find("root") != std::string::npos;
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned seed) {
  return fuzz::mutate_path(
      data, size, max_size, seed,
      {"dev", "shm", "dev/shm", "..", ".", "", "x", "shmx", "dir", "f", "link", "up", "root", "deep", "self"});
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string path = fuzz::text_of(data, std::min<std::size_t>(size, 200));
  const int start = path.empty() ? 0 : static_cast<int>(static_cast<unsigned char>(path[0] - '0') % std::size(starts));
  path.erase(0, 2);
  path.resize(std::strlen(path.c_str()));
  const std::string whole = from_start(start, path);
  const std::optional<std::string> where = tree().land(whole);
  if (path.empty() || !where || climbs_from_a_link(whole)) return 0;

  const devshm::Verdict verdict = devshm::judge_from(start, path.c_str());
  if (verdict.kind == devshm::Verdict::inside) {
    EXPECT(ground::KernelRoot::is_in_dev_shm(*where), whole, *where);
    EXPECT(tree().land_in_backing_dir(verdict.rest) == where, whole, *where, verdict.rest);
  } else {
    EXPECT(!ground::KernelRoot::is_in_dev_shm(*where) || uses_outer_link(whole), whole, *where);
    if (verdict.kind == devshm::Verdict::through)
      EXPECT(tree().land("/dev" + std::string(verdict.rest)) == where, whole, *where, verdict.rest);
  }
  return 0;
}
