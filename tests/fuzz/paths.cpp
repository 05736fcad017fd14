// SPDX-License-Identifier: MIT
//
// The path rule against a model that reads paths from their end. An input is a path.
#include <optional>

#include "../../preload/path_rule.cpp"
#include "fuzz.h"

using devshm::Candidate;
using devshm::Start;
using devshm::Verdict;

namespace {

using Names = std::vector<std::string_view>;

/// Where the first `end` bytes of a path lead from `start`, the last name first: read from their end, each ".." takes
/// away the next name that no other has taken.
Names place(const std::string& path, std::size_t end, const Names& start) {
  Names kept;
  kept.reserve(8);
  std::size_t taken = 0;
  const auto take = [&](std::string_view name) {
    if (name == "..")
      ++taken;
    else if (name != "" && name != "." && (!taken || !taken--))
      kept.push_back(name);
  };
  while (end) {
    const std::size_t slash = path.rfind('/', end - 1);
    const std::size_t begin = slash == std::string::npos ? 0 : slash + 1;
    take(std::string_view(path).substr(begin, end - begin));
    end = begin ? begin - 1 : 0;
  }
  for (const std::string_view name : start) take(name);
  return kept;
}

const Names dev{"dev"}, dev_shm{"shm", "dev"};

/// The rule, said with the places that a walk over the path comes by.
struct Model {
  Verdict::Kind kind = Verdict::outside;
  std::size_t rest = 0;

  Model(const std::string& path, const Names& start) {
    std::optional<std::size_t> entered, left;
    Names here = start;
    for (std::size_t end = 0; end < path.size();) {
      end = std::min(path.find('/', end + (path[end] == '/')), path.size());
      const Names next = place(path, end, start);
      if (here == dev && next == dev_shm) entered = end;
      if (here == dev_shm && next == dev) left = end;
      here = next;
    }
    if (here.size() >= 2 && Names(here.end() - 2, here.end()) == dev_shm) {
      kind = Verdict::inside;
      rest = entered.value();
    } else if (left) {
      kind = Verdict::through;
      rest = *left;
    }
  }
};

std::string shown(const Verdict& verdict, const char* path) {
  return std::to_string(verdict.kind) + " at " + std::to_string(verdict.rest - path);
}

void compare(const std::string& path, Start start) {
  static fuzz::Guarded memory(1);
  const char* given = memory.put(path);
  const Model model(path, start == Start::root ? Names{} : dev);
  const Verdict verdict = devshm::judge(given, start);
  const std::string got = shown(verdict, given);
  EXPECT(verdict.kind == model.kind, path, got);
  if (start == Start::root) {
    const Verdict by_length = devshm::judge_absolute(given, std::strlen(given));
    EXPECT(by_length.kind == verdict.kind && by_length.rest == verdict.rest, path, shown(by_length, given));
  }
  if (verdict.kind == Verdict::outside) return;
  EXPECT(static_cast<std::size_t>(verdict.rest - given) == model.rest, path, got);
  EXPECT(devshm::may_match(given), path);

  // What it is sent to is not sent anywhere again.
  const std::string mapped = (verdict.kind == Verdict::inside ? "/tmp/shm" : "/dev") + std::string(verdict.rest);
  EXPECT(devshm::judge(mapped.c_str(), Start::root).kind == Verdict::outside, path, mapped);
}

/// From a place where one is told to go on, all names that could be meant are found, and no other.
void candidates(const std::string& path) {
  const char* at = path.c_str();
  for (std::size_t begin = 0; begin < path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string name = path.substr(begin, end - begin);
    if (name == "dev" || name == "shm") {
      const Candidate found = devshm::next_candidate(at);
      EXPECT(found.at == path.c_str() + begin, path);
      EXPECT(found.start == (name == "dev" ? Start::root : Start::dev), path);
      at = found.at + 3;
    }
    begin = end + 1;
  }
  EXPECT(!devshm::next_candidate(at).at, path);
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned seed) {
  return fuzz::mutate_path(data, size, max_size, seed, {"dev", "shm", "dev/shm", "..", ".", "", "x", "shmx", "hm"});
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string path = fuzz::text_of(data, std::min<std::size_t>(size, 100));
  path.resize(std::strlen(path.c_str()));
  compare("/" + path, Start::root);
  // A relative path in the root is the same as an absolute one.
  if (path.empty() || path[0] != '/') {
    compare(path, Start::root);
    compare(path, Start::dev);
  }
  candidates(path);
  static fuzz::Guarded memory(1);
  EXPECT(devshm::may_match(memory.put(path)) == (path.find("hm") != std::string::npos), path);
  EXPECT(!devshm::may_match(nullptr));
  return 0;
}
