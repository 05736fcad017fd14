// SPDX-License-Identifier: MIT
#include "growth.h"

#include <errno.h>
#include <limits.h>
#include <linux/falloc.h>
#include <linux/magic.h>

#include "../backing_dir.h"
#include "../descriptor_path.h"
#include "../memory_room.h"
#include "../memory_size.h"
#include "../object_names.h"
#include "../overlay_file.h"
#include "../report.h"
#include "../settings.h"
#include "../shown_name.h"
#include "../sys.h"
#include "wrapper.h"

extern "C" int devshm_fallocate(int fd, int mode, off_t offset, off_t length);

namespace devshm {
namespace {

/// Smaller objects of memory are not checked: they end no program, and the check reads several files.
constexpr off_t least_noticed = 16 << 20;

/// A tmpfs frees everything when a signal arrives, and the reservation starts again.
constexpr int most_interruptions = 100;

bool has_limit() { return settings().size.is_given(); }

/// An overlay file that is about to be longer.
struct Growth {
  int fd;
  bool is_memory;
  Bytes size;       // before
  Bytes length;     // after
  Bytes unwritten;  // the part of that length that takes no space yet
  Bytes space;      // what is available
};

/// Examines the file. False if there is nothing to do: it is not an overlay file, there is enough space, or it has that
/// length already and nothing is reserved within it.
bool look(int fd, off_t length, bool reserves, Growth& out, bool also_within = false) {
  if (length <= 0 || !backing_dir_is_used()) return false;
  struct statfs fs;
  if (sys::call(SYS_fstatfs, fd, sys::word(&fs)) != 0) return false;
  out.is_memory = has_no_size(fs) && static_cast<unsigned long>(fs.f_type) == TMPFS_MAGIC;
  if (out.is_memory) {
    if (length < least_noticed && !reserves && !has_limit()) return false;
  } else {
    if (!may_be_backing_file_system(half_of_fsid(fs))) return false;
    out.space = static_cast<Bytes>(fs.f_bavail) * static_cast<Bytes>(fs.f_bsize);
    if (!reserves && static_cast<Bytes>(length) <= out.space) return false;
  }
  struct stat file;
  if (!is_in_overlay(fd) || sys::fstat(fd, &file) != 0 || !S_ISREG(file.st_mode) ||
      (length <= file.st_size && !also_within))
    return false;
  out.fd = fd;
  out.size = static_cast<Bytes>(file.st_size);
  out.length = static_cast<Bytes>(length > file.st_size ? length : file.st_size);
  const Bytes written = static_cast<Bytes>(file.st_blocks) * 512;
  out.unwritten = out.length > written ? out.length - written : 0;
  if (out.is_memory) out.space = has_limit() ? memory_room().available : available_memory();
  return true;
}

bool exceeds_limit(const Growth& growth) { return growth.is_memory && !has_room_for(growth.length - growth.size); }

/// Whether a line has been written for a file: true from the second call on. A few files are remembered; if a process
/// uses more, some get a second line.
bool is_noted(int fd) {
  constexpr std::size_t count = 32;
  static constinit std::atomic<std::uint64_t> noted[count] = {};
  struct stat file;
  if (sys::fstat(fd, &file) != 0) return true;
  const std::uint64_t mark =
      (static_cast<std::uint64_t>(file.st_ino) << 16 ^ static_cast<std::uint64_t>(file.st_dev)) + 1;
  return noted[file.st_ino % count].exchange(mark, std::memory_order_relaxed) == mark;
}

/// Wrappers run on small stacks.
struct NameMemory {
  char file[PATH_MAX];   // the name in the backing directory, of a file
  NameBuffer object;     // or of an object
  char shown[PATH_MAX];  // the name that the user knows
};

/// The length of the name in the backing directory, or 0.
std::size_t read_name(const Growth& growth, NameMemory& memory) {
  if (growth.is_memory) {
    store::ObjectName object;
    return object_of_descriptor(growth.fd, object) ? find_name(object, growth.fd, memory.object) : 0;
  }
  const long length = sys::readlink(DescriptorPath(growth.fd).c_str(), memory.file, sizeof memory.file);
  return length > 0 ? static_cast<std::size_t>(length) : 0;
}

void put_name(const Growth& growth, NameMemory& memory) {
  put(memory.shown, "an object in /dev/shm");
  const char* const name = growth.is_memory ? memory.object : memory.file;
  const std::size_t length = read_name(growth, memory);
  if (const std::size_t prefix = backing_prefix(name, length, NameOf::open_file))
    memory.shown[put_shown(memory.shown, sizeof memory.shown - 1, name, length, prefix)] = '\0';
}

[[gnu::cold, gnu::noinline]] void note_lack(const Growth& growth) {
  if (is_noted(growth.fd)) return;
  auto* memory = static_cast<NameMemory*>(sys::allocate(sizeof(NameMemory)));
  if (!memory) return;
  put_name(growth, *memory);
  note({memory->shown, " is made ", static_cast<long>(growth.length), " bytes long, but ",
        growth.is_memory ? "there is memory" : settings().dir, growth.is_memory ? " for " : " has space for ",
        static_cast<long>(growth.space),
        growth.is_memory ? ": using more makes the kernel end a process"
                         : ": writing more ends the program with a bus error",
        " (with DEVSHM_RESERVE=1 this call would fail with ENOSPC)"});
  sys::munmap(memory, sizeof(NameMemory));
}

/// Reserves the space. The file's length stays, and a failure leaves nothing reserved.
int reserve(const Growth& growth) {
  const auto from = static_cast<off_t>(growth.size), count = static_cast<off_t>(growth.length - growth.size);
  const int before = errno;
  const auto take = [&](int mode) { return devshm_fallocate(growth.fd, mode, from, count) == 0 ? 0 : errno; };
  int error = EINTR;
  for (int i = 0; error == EINTR && i < most_interruptions; ++i) error = take(FALLOC_FL_KEEP_SIZE);
  // This kernel can't reserve space beyond the end without fallocate: so extend the file as well.
  if (error == EOPNOTSUPP) error = take(0);
  errno = before;
  struct stat file;
  if (error && sys::fstat(growth.fd, &file) == 0 && static_cast<Bytes>(file.st_size) == growth.size)
    sys::call(SYS_ftruncate, growth.fd, from);  // gives back what lies beyond the end
  return error;
}

}  // namespace

int prepare_growth(int fd, off_t length) {
  const bool reserves = backing_dir_is_used() && settings().reserve;
  Growth growth;
  if (!look(fd, length, reserves, growth)) return 0;
  if (exceeds_limit(growth)) return ENOSPC;
  if (growth.unwritten > growth.space) {
    if (reserves) return ENOSPC;
    note_lack(growth);
  }
  return reserves ? reserve(growth) : 0;
}

int check_reservation(int fd, off_t offset, off_t length) {
  off_t end;
  if (offset < 0 || length <= 0 || __builtin_add_overflow(offset, length, &end)) return 0;
  Growth growth;
  if (!look(fd, end, false, growth, true) || !growth.is_memory) return 0;
  const Bytes needed = growth.unwritten < static_cast<Bytes>(length) ? growth.unwritten : static_cast<Bytes>(length);
  return exceeds_limit(growth) || needed > growth.space ? ENOSPC : 0;
}

}  // namespace devshm
