// SPDX-License-Identifier: MIT
//
// The settings, read from environments of any kind, and the environments that are handed on, against a model. An input
// is lines in parts, between them a line "--":
//
//   the environment; what the process was started with (/proc/self/environ); the environment given to exec; this
//   library's path
#include <limits.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/vfs.h>

#include <cmath>
#include <cstring>
#include <regex>
#include <set>

#include "../../preload/loaded_objects.h"
#include "../../preload/path_rule.cpp"
#include "../../preload/report.h"
#include "../../preload/sys.h"
#include "../../preload/text.cpp"
#include "fuzz.h"

namespace {

std::string library, started_with;
std::set<devshm::Topic> said;

bool is_tmpfs_there() {
  struct statfs found;
  if (statfs("/dev/shm", &found) != 0 || access("/dev/shm", W_OK | X_OK) != 0) return false;
  return found.f_type == TMPFS_MAGIC || found.f_type == static_cast<decltype(found.f_type)>(RAMFS_MAGIC);
}

}  // namespace

// In the place of the system's: memory that is watched, a file of ours for /proc/self/environ, a library that is there.
namespace devshm::sys {

void* watched_memory(std::size_t size) { return std::calloc(1, size); }
int give_back(void* at, std::size_t) {
  std::free(at);
  return 0;
}
int open_environ(int, const char* path, int) {
  EXPECT(std::string(path) == "/proc/self/environ");
  const int file = memfd_create("environ", MFD_CLOEXEC);
  if (file < 0 || ::pwrite(file, started_with.data(), started_with.size(), 0) < 0) std::abort();
  return file;
}
int is_accessible(const char* path, int mode) { return path == library ? 0 : ::access(path, mode); }

}  // namespace devshm::sys

#define allocate watched_memory
#define munmap give_back
#define openat open_environ
#define access is_accessible
#include "../../preload/amount.cpp"
#include "../../preload/child_environment.cpp"
#include "../../preload/setting_parsers.cpp"
#include "../../preload/settings.cpp"
#include "../../preload/start_variables.cpp"
#undef allocate
#undef munmap
#undef openat
#undef access

namespace devshm {

// A /dev/shm of 64 MiB; percentages are of 1,000 MiB.
bool real_dev_shm_will_do() { return is_tmpfs_there(); }
RealDevShm look_at_real_dev_shm() { return {true, true, 64 << 20}; }
bool is_large_enough(const RealDevShm& real, const Amount& least) {
  return real.size >= (least.percent ? (10ull << 20) * least.percent : least.bytes);
}

bool for_each_from_start(Visitor visitor) { return visitor({0, nullptr, library.c_str(), nullptr, 0}); }
bool is_ourselves(const LoadedObject&) { return true; }
const char* own_path() { return library.c_str(); }
bool could_load_us(const Program&) { return true; }
int look_for_hm(const char* path) { return path && std::strstr(path, "hm"); }
void say_once(Topic topic, std::initializer_list<Piece>, std::initializer_list<Piece>) { said.insert(topic); }

}  // namespace devshm

namespace {

using Lines = std::vector<std::string>;
using devshm::Settings;

bool begins(const std::string& text, const std::string& head) { return text.compare(0, head.size(), head) == 0; }

/// The value of the first entry of the name; null if there is none.
const std::string* value_in(const Lines& environment, const std::string& name, std::string& memory) {
  for (const std::string& entry : environment)
    if (begins(entry, name + "=")) {
      memory = entry.substr(name.size() + 1);
      return &memory;
    }
  return nullptr;
}

double shifted(const std::string& digits, const std::string& suffix) {
  static const std::string suffixes = "KMGT";
  const double power =
      suffix.empty() ? 0 : 1 + static_cast<double>(suffixes.find(static_cast<char>(std::toupper(suffix[0]))));
  return std::strtod(digits.c_str(), nullptr) * std::pow(1024.0, power);
}

/// Without digits it is the default. (Doubles are exact enough for all but texts near the limit, which nobody writes.)
bool is_amount(const std::string& digits, const std::string& suffix) {
  if (suffix == "%") return std::strtod(digits.c_str(), nullptr) <= 1000;
  return shifted(digits, suffix) <= std::pow(2.0, 63);
}

/// Whether 64 MiB are enough.
bool serves_small(const std::string& digits, const std::string& suffix) {
  if (suffix == "%") return std::strtod(digits.c_str(), nullptr) <= 6;
  return shifted(digits, suffix) <= 64 << 20;
}

/// What the settings are to be.
struct Wanted {
  bool active = true, propagate = true;
  std::string when;
  std::string dir = "/tmp/shm", log;
  std::set<devshm::Topic> complaints;

  Wanted(const Lines& environment, const Lines& at_start) {
    const auto get = [&](const char* name) -> std::string {
      std::string value, unused;
      if (value_in(environment, name, value)) return value;
      if (!value_in(environment, "LD_PRELOAD", unused)) value_in(at_start, name, value);
      return value;
    };
    const std::string disable = get("DEVSHM_DISABLE"), wish_when = get("DEVSHM_WHEN");
    if (!disable.empty() && disable != "0") active = false;
    if (!active) return;
    static const std::regex words("missing|small(:([0-9]+)([KkMmGgTt%]?))?");
    std::smatch found;
    if (std::regex_match(wish_when, found, words) && is_amount(found[2], found[3]))
      when = wish_when;
    else if (!wish_when.empty() && wish_when != "always")
      complaints.insert(devshm::Topic::DEVSHM_WHEN);
    static const bool is_there = is_tmpfs_there();
    if (when == "missing" && is_there) active = false;
    if (begins(when, "small:") && serves_small(found[2], found[3])) active = false;
    if (!active) return;
    propagate = get("DEVSHM_PROPAGATE") != "0";
    if (std::string wish = get("DEVSHM_DIR"); !wish.empty()) {
      if (can_be_the_directory(wish)) {
        while (wish.back() == '/') wish.pop_back();
        dir = wish;
      } else {
        complaints.insert(devshm::Topic::DEVSHM_DIR);
      }
    }
    log = get("DEVSHM_LOG");
    if (log.empty() || log == "stderr" || log[0] == '/') return;
    complaints.insert(devshm::Topic::DEVSHM_LOG);
    log.clear();
  }

  static bool can_be_the_directory(const std::string& dir) {
    Lines names;
    for (const std::string& name : fuzz::split(dir, '/'))
      if (!name.empty()) names.push_back(name);
    const auto is_dots = [](const std::string& name) { return name == "." || name == ".."; };
    const bool is_dev_shm = names.size() >= 2 && names[0] == "dev" && names[1] == "shm";
    return dir[0] == '/' && !names.empty() && !is_dev_shm && std::none_of(names.begin(), names.end(), is_dots) &&
           dir.size() < PATH_MAX - NAME_MAX - 2;
  }
};

/// A list of paths as a child is to have it: what lies below /dev/shm has the backing directory's name.
/// A directory with a separator in its name can't stand in the list.
std::string rewritten(const std::string& list, const char* separators, const std::string& dir) {
  if (dir.find_first_of(separators) != std::string::npos) return list;
  std::string out;
  for (std::size_t begin = 0;;) {
    const std::size_t end = std::min(list.find_first_of(separators, begin), list.size());
    const std::string path = list.substr(begin, end - begin);
    const devshm::Verdict verdict = devshm::judge(path.c_str(), devshm::Start::root);
    const bool inside = path[0] == '/' && verdict.kind == devshm::Verdict::inside;
    out += inside ? dir + verdict.rest : path;
    if (end == list.size()) return out;
    out += list[end];
    begin = end + 1;
  }
}

/// The environment that is to be executed with.
Lines handed_on(const Lines& given, const Wanted& wanted) {
  std::string disable;
  if (value_in(given, "DEVSHM_DISABLE", disable) && disable != "" && disable != "0") return given;
  if (!wanted.active || !wanted.propagate || library.find_first_of(": ") != std::string::npos) return given;
  for (const std::string& entry : given)
    if (begins(entry, "LD_PRELOAD=") && entry.find_first_not_of(": ", 11) == std::string::npos) return given;
  const auto base = [](const std::string& path) { return path.substr(path.rfind('/') + 1); };
  Lines out;
  bool preloads = false;
  for (const std::string& entry : given) {
    out.push_back(entry);
    if (begins(entry, "LD_LIBRARY_PATH="))
      out.back() = "LD_LIBRARY_PATH=" + rewritten(entry.substr(16), ":;", wanted.dir);
    if (!begins(entry, "LD_PRELOAD=")) continue;
    preloads = true;
    std::string value = entry.substr(11);
    bool has_us = false;
    std::string spaced = value;
    std::replace(spaced.begin(), spaced.end(), ':', ' ');
    for (const std::string& word : fuzz::split(spaced, ' ')) has_us |= base(word) == base(library);
    out.back() = "LD_PRELOAD=" + rewritten(value, ": ", wanted.dir) + (has_us ? "" : ":" + library);
  }
  if (!preloads) out.push_back("LD_PRELOAD=" + library);
  std::string unused;
  const auto add = [&](const char* name, const std::string& value) {
    if (!value_in(given, name, unused)) out.push_back(std::string(name) + "=" + value);
  };
  if (wanted.dir != "/tmp/shm") add("DEVSHM_DIR", wanted.dir);
  if (!wanted.when.empty()) add("DEVSHM_WHEN", wanted.when);
  if (!wanted.log.empty()) add("DEVSHM_LOG", wanted.log);
  return out;
}

/// Each text in memory of its own.
class Environment {
 public:
  explicit Environment(const Lines& lines) {
    for (const std::string& line : lines) entries_.push_back(strdup(line.c_str()));
    entries_.push_back(nullptr);
  }
  ~Environment() {
    for (char* entry : entries_) std::free(entry);
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;
  char** get() { return entries_.data(); }

 private:
  std::vector<char*> entries_;
};

Lines lines_of(char* const* environment) {
  Lines lines;
  for (; *environment; ++environment) lines.emplace_back(*environment);
  return lines;
}

void hand_on_and_compare(const Lines& lines, const Wanted& wanted) {
  Environment given(lines);
  const Lines expected = handed_on(lines, wanted);
  const devshm::ChildEnvironment child(given.get());
  EXPECT(child.is_complete() == (expected == lines), std::to_string(child.size()));
  std::vector<char> own(child.size());
  void* memory = std::malloc(child.size());
  char** built = child.build(memory);
  EXPECT(lines_of(built) == expected);
  if (child.is_complete()) {
    EXPECT(built == given.get());
  } else {
    // What stays is not copied, and the memory is used to its end.
    for (std::size_t i = 0; i < lines.size(); ++i)
      if (expected[i] == lines[i]) EXPECT(built[i] == given.get()[i], lines[i]);
    const char* end = static_cast<const char*>(memory) + child.size();
    bool reaches_end = false;
    for (std::size_t i = 0; i < expected.size(); ++i) reaches_end |= built[i] + expected[i].size() + 1 == end;
    EXPECT(reaches_end);
    // An element "/dev/shm" has the base name of a library of that name, until it is rewritten.
    if (!library.ends_with("/shm")) EXPECT(devshm::ChildEnvironment(built).is_complete());
  }
  std::free(memory);
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned seed) {
  return fuzz::mutate_lines(
      data, size, max_size, seed,
      {"LD_PRELOAD=@", "LD_LIBRARY_PATH=@:@", "LD_PRELOAD=@:@", "LD_PRELOAD=@ @:", "DEVSHM_DIR=@", "DEVSHM_DIR=@/@/",
       "DEVSHM_LOG=@", "DEVSHM_WHEN=@", "DEVSHM_DISABLE=@", "DEVSHM_PROPAGATE=#", "--", "A=@", "", "DEVSHM_DISABLE=#"},
      {"/opt/lib/libdevshm.so",
       "libdevshm.so",
       "/x/libdevshm.so",
       "other.so",
       "missing",
       "small",
       "small:64M",
       "small:7%",
       "always",
       "stderr",
       "/tmp/a",
       "/tmp/shm",
       "/tmp/shm//",
       "/dev/shm/x",
       "/dev//shm",
       "/tmp/../x",
       "/",
       "0",
       "1",
       "",
       "=",
       ":",
       " "});
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<Lines> parts(4);
  std::size_t part = 0;
  for (const std::string& line : fuzz::split(fuzz::text_of(data, size), '\n')) {
    if (line == "--")
      part = std::min<std::size_t>(part + 1, 3);
    else
      parts[part].emplace_back(line.c_str());
  }
  library =
      parts[3].empty() || parts[3][0].empty() || parts[3][0].back() == '/' ? "/opt/lib/libdevshm.so" : parts[3][0];
  if (devshm::judge(library.c_str(), devshm::Start::root).kind == devshm::Verdict::inside)
    library = "/opt/lib/libdevshm.so";  // the loader knows nothing of the overlay
  started_with.clear();
  for (const std::string& line : parts[1]) started_with += line + '\0';
  Environment environment(parts[0]);
  environ = environment.get();
  said.clear();
  const Settings* fresh = devshm::read();
  environ = nullptr;

  const Wanted wanted(parts[0], parts[1]);
  EXPECT(fresh->active == wanted.active);
  EXPECT(said == wanted.complaints);
  if (wanted.active) {
    EXPECT(fresh->dir == wanted.dir, fresh->dir, wanted.dir);
    EXPECT(fresh->dir_length == wanted.dir.size(), fresh->dir);
    EXPECT(fresh->propagate == wanted.propagate);
    EXPECT((fresh->when.when == devshm::When::missing) == (wanted.when == "missing"));
    EXPECT((fresh->when.when == devshm::When::small) == begins(wanted.when, "small"));
    EXPECT(std::string(fresh->log ? fresh->log : "") == wanted.log);
  }
  devshm::published = fresh;
  hand_on_and_compare(parts[2], wanted);
  devshm::published = nullptr;
  if (fresh != &devshm::inactive && fresh != &devshm::defaults) std::free(const_cast<Settings*>(fresh));
  return 0;
}
