// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>

#include <cstdio>

#include "declared.h"
#include "parity.h"
#include "raw.h"

using parity::number;

namespace {

/// Type and limits; of the capacity only that there is one.
template <class Statfs>
auto shown_type(const Statfs& found) {
  return [&found](int result) {
    std::string shown = number(result);
    if (result != 0) return shown;
    char text[128];
    snprintf(text, sizeof text, " type %#lx, block size %s, names to %ld, %s blocks, %s of them free",
             static_cast<unsigned long>(found.f_type), found.f_bsize >= 512 ? "sane" : "odd",
             static_cast<long>(found.f_namelen), found.f_blocks ? "some" : "no",
             found.f_bfree && found.f_bfree <= found.f_blocks && found.f_bavail <= found.f_bfree ? "some" : "odd");
    return shown + text;
  };
}

template <class Statvfs>
auto shown_limits(const Statvfs& found) {
  return [&found](int result) {
    std::string shown = number(result);
    if (result != 0) return shown;
    // Since glibc 2.39 the type comes after f_namemax, in what was the first spare word.
    const auto* type = reinterpret_cast<const unsigned*>(&found.f_namemax + 1);
    char text[128];
    snprintf(text, sizeof text, " type %#x, block size %s, names to %ld, %s blocks, %s of them free", *type,
             found.f_bsize >= 512 && found.f_frsize >= 512 ? "sane" : "odd", static_cast<long>(found.f_namemax),
             found.f_blocks ? "some" : "no",
             found.f_bfree && found.f_bfree <= found.f_blocks && found.f_bavail <= found.f_bfree ? "some" : "odd");
    return shown + text;
  };
}

struct Descriptor {
  const char* label;
  int fd;
};

/// Descriptors of all kinds, opened past the library.
std::vector<Descriptor> descriptors() {
  const std::string& shm = parity::real_shm();
  const auto open = [](const std::string& path, int flags) {
    return static_cast<int>(parity::raw(SYS_openat, AT_FDCWD, path.c_str(), flags, 0600));
  };
  std::vector<Descriptor> all = {
      {"of /dev/shm", open(shm, O_RDONLY)},
      {"of /dev/shm, O_PATH", open(shm, O_PATH)},
      {"of /dev/shm/f", open(shm + "/f", O_RDWR)},
      {"of /dev/shm/dir/g, O_PATH", open(shm + "/dir/g", O_PATH)},
      {"of /dev/shm/out", open(shm + "/out", O_RDONLY)},
      {"of an O_TMPFILE in /dev/shm", open(shm, O_TMPFILE | O_RDWR)},
      {"of a deleted file in /dev/shm", open(shm + "/deleted", O_CREAT | O_RDWR)},
      {"of /dev/shmfoo", open("/dev/shmfoo", O_RDONLY)},
      {"of /dev/null", open("/dev/null", O_RDONLY)},
      {"of /tmp/parity/shm/f", open("/tmp/parity/shm/f", O_RDONLY)},
      {"of /dev/shm, opened by the library", ::open("/dev/shm", O_RDONLY)},
      {"of /proc", open("/proc", O_RDONLY)},
      {"-1", -1},
  };
  parity::raw(SYS_unlinkat, AT_FDCWD, (shm + "/deleted").c_str(), 0);
  return all;
}

template <class Out, class Function, class Show>
void each_descriptor(const char* name, Function function, Out& out, Show show) {
  for (const auto& [label, fd] : descriptors()) {
    parity::once(name, label, [&, fd = fd] { return show(function(fd, &out)); });
    parity::raw(SYS_close, fd);
  }
}

}  // namespace

FAMILY(statfs) {
  struct statfs out {};
  struct statfs64 out64 {};
  struct statvfs vout {};
  struct statvfs64 vout64 {};
  const auto show = shown_type(out);
  const auto show64 = shown_type(out64);
  const auto vshow = shown_limits(vout);
  const auto vshow64 = shown_limits(vout64);
  EACH_PATH(show, statfs, path, &out);
  EACH_PATH(show64, statfs64, path, &out64);
  EACH_PATH(show, __statfs, path, &out);
  EACH_PATH(vshow, statvfs, path, &vout);
  EACH_PATH(vshow64, statvfs64, path, &vout64);
  each_descriptor("fstatfs", fstatfs, out, show);
  each_descriptor("fstatfs64", fstatfs64, out64, show64);
  each_descriptor("fstatvfs", fstatvfs, vout, vshow);
  each_descriptor("fstatvfs64", fstatvfs64, vout64, vshow64);
}
