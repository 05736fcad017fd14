// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../backing_dir.h"
#include "../constant_dir.h"
#include "../libc_constant.h"
#include "../memory_size.h"
#include "../real_dev_shm.h"
#include "../settings.h"
#include "../sys.h"
#include "../version.h"
#include "check.h"

namespace devshm {
namespace {

struct Constants {
  const char* text;
  int before;  // places that still say /dev/shm
  int after;   // places that say our directory
  bool template_unknown;
};

void count_in(const LoadedObject& object, Constants& constants) {
  if (!is_of_libc(object)) return;
  const bool complete_before = find_constant(object, "/dev/shm", [&](const ConstantPlace&) { ++constants.before; });
  const bool complete_after = find_constant(object, constants.text, [&](const ConstantPlace&) { ++constants.after; });
  constants.template_unknown |= !complete_before && !complete_after;
}

/// DEVSHM_WHEN, even after devshm has dropped the settings because it stands aside.
Occasion::Value when_to_act() {
  Occasion::Value value{When::always};
  Line<64> text;
  if (const char* given = getenv("DEVSHM_WHEN"); given && *given)
    Occasion::parse(const_cast<char*>(text.add(given).c_str()), row_of(Setting::DEVSHM_WHEN).values, value);
  return value;
}

void add_mebibytes(LineWriter& line, Bytes bytes) { line.add(static_cast<long>(bytes >> 20)).add(" MiB"); }

/// Returns whether it is too small.
bool add_judgement(LineWriter& line, const RealDevShm& real) {
  const Amount least = when_to_act().least;
  if (is_large_enough(real, least)) {
    line.add(": good");
  } else if (!real.serves_all) {
    line.add(", which other users can't write");
  } else {
    line.add(": small (less than ");
    add_mebibytes(line, bytes_of(least));
    if (least.percent) line.add(", ").add(static_cast<long>(least.percent)).add("% of the memory");
    line.add(")");
    return true;
  }
  return false;
}

}  // namespace

LoadedLibrary find_library() {
  LoadedLibrary library;
  for_each_loaded([&](const LoadedObject& object) {
    const char* version = version_of(object);
    if (!version || version == version_note.text) return false;  // this object has the note too
    library = {object.name, version};
    return true;
  });
  return library;
}

bool check_library(CheckReport& report, const LoadedLibrary& library) {
  Line<1024> line;
  if (!library.path) {
    const char* preload = getenv("DEVSHM_CHECK_PRELOAD");  // its value before the check
    line.add("not loaded: ");
    if (const char* why = getenv("DEVSHM_CHECK_WHY"); why && *why)
      line.add(why);
    else if (preload && *preload)
      line.add("LD_PRELOAD=").add(preload).add(" does not name it");
    else
      line.add("LD_PRELOAD is not set");
    report.row("library", line.c_str(), Finding::neutral);
    return false;
  }
  report.row("library", line.add(library.version).add(", ").add(library.path).c_str(), true);
  if (!same(library.version, version_note.text)) {
    Line<256> other;
    report.advice(other.add("this command belongs to ").add(version_note.text).c_str());
  }
  if (settings().active) return true;
  const bool disabled = disables(getenv("DEVSHM_DISABLE"));
  report.row("stands aside",
             disabled ? "DEVSHM_DISABLE is set" : "DEVSHM_WHEN prefers the real /dev/shm, which is good",
             Finding::neutral);
  return false;
}

void check_real_one(CheckReport& report, bool active) {
  struct stat found;
  bool is_small = false;
  const RealDevShm real = look_at_real_dev_shm();
  Line<256> line;
  if (const int error = sys::fstatat(AT_FDCWD, "/dev/shm", &found, 0); error != 0) {
    line.add(error == -ENOENT ? "none" : "can't be looked at: ").add(error == -ENOENT ? "" : strerror(-error));
  } else if (!S_ISDIR(found.st_mode)) {
    line.add("not a directory");
  } else if (!real.is_tmpfs) {
    line.add("a directory, but not a tmpfs");
  } else {
    line.add("tmpfs");
    if (real.size != no_size_limit) add_mebibytes(line.add(" of "), real.size);
    if (real_dev_shm_will_do())
      is_small = add_judgement(line, real);
    else
      line.add(", which this user can't write");
  }
  report.row("real /dev/shm", line.c_str(), Finding::neutral);
  if (is_small && !active)
    report.advice(
        "a program that shares more than that ends with a bus error; with devshm and DEVSHM_WHEN=small it works");
}

void check_occasion(CheckReport& report) {
  const Occasion::Value& when = settings().when;
  if (when.when == When::always) return;
  report.row("serves",
             when.when == When::small ? "DEVSHM_WHEN=small, and the real /dev/shm is missing or small"
                                      : "DEVSHM_WHEN=missing, and the real /dev/shm is missing",
             Finding::neutral);
}

void check_libc(CheckReport& report) {
  LoadedObject libc{};
  for_each_loaded([&](const LoadedObject& object) {
    if (is_libc(object)) libc = object;
    return libc.dynamic != nullptr;
  });
  if (!libc.dynamic) return report.row("libc", "not found among the loaded objects", false);
  Line<512> line;
  using VersionFunction = const char* (*)();
  if (const void* version = defined_in(libc, "gnu_get_libc_version"))
    line.add("glibc ").add(reinterpret_cast<VersionFunction>(const_cast<void*>(version))());
  else
    line.add("musl, or another one that does not report its version");
  report.row("libc", line.add(" (").add(libc.name).add(")").c_str(), true);
}

void check_constant(CheckReport& report) {
  if (ensure_backing_dir() != 0)
    return report.row("constant", "left as it is: there is no directory for it", Finding::neutral);
  char text[constant_length + 1] = {};
  char eight[constant_length];
  if (constant_dir(eight) != 0) {
    report.row("constant", "no name of eight bytes leads to the directory", false);
    return report.advice("choose a shorter DEVSHM_DIR, or make /tmp writable, so that a short link can be put there");
  }
  memcpy(text, eight, sizeof eight);
  Constants constants{text, 0, 0, false};
  for_each_loaded([&](const LoadedObject& object) {
    count_in(object, constants);
    return false;
  });
  Line<256> line;
  if (constants.after && !constants.before && constants.template_unknown) {
    report.row("constant", "found for shm_open, but not for sem_open in this libc", false);
    report.advice(
        "it is built for another processor, in a way that devshm does not know: sem_open can't make a semaphore");
  } else if (constants.after && !constants.before) {
    line.add(static_cast<long>(constants.after)).add(constants.after == 1 ? " place" : " places");
    report.row("constant", line.add(" in libc, redirected to ").add(text).c_str(), true);
  } else if (constants.before) {
    line.add("found, but ").add(static_cast<long>(constants.before)).add(" of ");
    line.add(static_cast<long>(constants.before) + constants.after).add(" places still say /dev/shm");
    report.row("constant", line.c_str(), false);
    report.advice("the system refuses to change libc's read-only data (a sealed libc, a seccomp filter)");
  } else {
    report.row("constant", "not found in this libc", false);
    report.advice("devshm does not know where this libc keeps the directory; paths work, sem_open and shm_open don't");
  }
}

}  // namespace devshm
