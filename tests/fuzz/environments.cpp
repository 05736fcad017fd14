// SPDX-License-Identifier: MIT
//
// The settings, read from environments of any kind, and the environments that are handed on, against a model. An input
// is lines in parts, between them a line "--":
//
//   the environment; what the process was started with (/proc/self/environ); the environment given to exec; this
//   library's path
#include "environments_model.h"

namespace {

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
