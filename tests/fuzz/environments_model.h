// SPDX-License-Identifier: MIT
//
// For environments.cpp: the model. It says which settings an environment means, and which environment a child has to
// get.
#pragma once

#include <cmath>
#include <regex>

#include "environments_library.h"

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

}  // namespace
