// SPDX-License-Identifier: MIT
//
// responder [--opens] MOUNTPOINT: the least that a FUSE daemon can do. It answers each request at once, with what is
// fixed or was in the request, so its times are those of the kernel and of waking two processes. Contents are zeros, an
// object is the number it got, a directory has always the same names. It lets the kernel save every request that it can
// save: with --opens all but those for open and create, as a daemon with FUSE passthrough must. It speaks the protocol
// itself (linux/fuse.h), goes to the background, says its process id, and ends when it is unmounted.
#include <fcntl.h>
#include <linux/fuse.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {

constexpr std::uint64_t for_ever = 365 * 24 * 60 * 60;
constexpr std::uint32_t largest_write = 1 << 20;

int device;
bool wants_opens;

/// An object's mode and size, by the low digits of its number: old ones make way.
struct Object {
  std::uint32_t mode;
  std::uint64_t size;
};
Object objects[1 << 16] = {};
std::uint64_t last_number = FUSE_ROOT_ID;
Object& object(std::uint64_t number) { return objects[number % std::size(objects)]; }

void answer(const fuse_in_header& request, int error, const void* body = nullptr, std::size_t size = 0) {
  static char bytes[sizeof(fuse_out_header) + largest_write];
  auto* header = new (bytes) fuse_out_header{};
  header->len = static_cast<std::uint32_t>(sizeof *header + size);
  header->error = -error;
  header->unique = request.unique;
  if (body) std::memcpy(header + 1, body, size);
  if (write(device, bytes, header->len) < 0 && errno != ENOENT) std::exit(0);  // ENOENT: the caller was killed
}

template <class Body>
void answer(const fuse_in_header& request, const Body& body) {
  answer(request, 0, &body, sizeof body);
}

fuse_attr attributes(std::uint64_t number) {
  fuse_attr attr{};
  attr.ino = number;
  attr.mode = object(number).mode;
  attr.size = object(number).size;
  attr.nlink = 1;
  attr.blksize = 4096;
  return attr;
}

fuse_entry_out entry(std::uint64_t number) {
  fuse_entry_out out{};
  out.nodeid = number;
  out.generation = out.entry_valid = out.attr_valid = for_ever;
  if (number) out.attr = attributes(number);
  return out;
}

fuse_attr_out attributes_answer(std::uint64_t number) {
  fuse_attr_out out{};
  out.attr_valid = for_ever;
  out.attr = attributes(number);
  return out;
}

std::uint64_t new_object(std::uint32_t mode) {
  ++last_number;
  if (&object(last_number) == &object(FUSE_ROOT_ID)) ++last_number;  // the root never makes way
  object(last_number) = {mode, 0};
  return last_number;
}

/// "." and "..", and a thousand names.
std::vector<std::string> directory_entries() {
  std::vector<std::string> entries;
  for (std::uint64_t number = 0; number < 1002; ++number) {
    const std::string name = number < 2 ? std::string(number + 1, '.') : "name-" + std::to_string(number - 2);
    fuse_dirent head{};
    head.ino = number + 1;
    head.off = number + 1;
    head.namelen = static_cast<std::uint32_t>(name.size());
    head.type = (number < 2 ? S_IFDIR : S_IFREG) >> 12;
    std::string bytes(reinterpret_cast<const char*>(&head), FUSE_NAME_OFFSET);
    bytes += name;
    bytes.resize(FUSE_DIRENT_ALIGN(bytes.size()));
    entries.push_back(bytes);
  }
  return entries;
}

void answer_readdir(const fuse_in_header& request, const fuse_read_in& wanted) {
  static const std::vector<std::string> entries = directory_entries();
  std::string bytes;
  for (std::uint64_t i = wanted.offset; i < entries.size() && bytes.size() + entries[i].size() <= wanted.size; ++i)
    bytes += entries[i];
  answer(request, 0, bytes.data(), bytes.size());
}

void answer_init(const fuse_in_header& request, const fuse_init_in& offered) {
  fuse_init_out out{};
  out.major = FUSE_KERNEL_VERSION;
  out.minor = FUSE_KERNEL_MINOR_VERSION;
  out.max_readahead = offered.max_readahead;
  out.max_write = largest_write;
  out.max_pages = largest_write / 4096;
  out.time_gran = 1;
  out.flags = offered.flags & (FUSE_BIG_WRITES | FUSE_MAX_PAGES | FUSE_ASYNC_READ | FUSE_HANDLE_KILLPRIV_V2 |
                               FUSE_NO_OPEN_SUPPORT | FUSE_NO_OPENDIR_SUPPORT | FUSE_PARALLEL_DIROPS);
  answer(request, out);
}

void answer(const fuse_in_header& request, const void* body) {
  const std::uint64_t number = request.nodeid;
  switch (request.opcode) {
    case FUSE_INIT: return answer_init(request, *static_cast<const fuse_init_in*>(body));
    case FUSE_LOOKUP: return answer(request, entry(0));
    case FUSE_GETATTR: return answer(request, attributes_answer(number));
    case FUSE_SETATTR: {
      const auto& wanted = *static_cast<const fuse_setattr_in*>(body);
      if (wanted.valid & FATTR_SIZE) object(number).size = wanted.size;
      return answer(request, attributes_answer(number));
    }
    case FUSE_MKNOD: return answer(request, entry(new_object(static_cast<const fuse_mknod_in*>(body)->mode)));
    case FUSE_MKDIR: return answer(request, entry(new_object(S_IFDIR | static_cast<const fuse_mkdir_in*>(body)->mode)));
    case FUSE_LINK: return answer(request, entry(static_cast<const fuse_link_in*>(body)->oldnodeid));
    case FUSE_CREATE: {
      if (!wants_opens) return answer(request, ENOSYS);
      struct {
        fuse_entry_out entry;
        fuse_open_out open;
      } out{entry(new_object(static_cast<const fuse_create_in*>(body)->mode)), {}};
      out.open.open_flags = FOPEN_KEEP_CACHE | FOPEN_NOFLUSH;
      return answer(request, out);
    }
    case FUSE_OPEN: {
      if (!wants_opens) return answer(request, ENOSYS);
      fuse_open_out out{};
      out.open_flags = FOPEN_KEEP_CACHE | FOPEN_NOFLUSH;
      return answer(request, out);
    }
    case FUSE_WRITE: {
      const auto& written = *static_cast<const fuse_write_in*>(body);
      Object& into = object(number);
      into.size = std::max(into.size, written.offset + written.size);
      return answer(request, fuse_write_out{written.size, 0});
    }
    case FUSE_READ: {
      static const std::vector<char> zeros(largest_write);
      return answer(request, 0, zeros.data(), std::min(static_cast<const fuse_read_in*>(body)->size, largest_write));
    }
    case FUSE_READDIR: return answer_readdir(request, *static_cast<const fuse_read_in*>(body));
    case FUSE_STATFS:
      return answer(request, fuse_statfs_out{{1 << 20, 1 << 20, 1 << 20, 1 << 20, 1 << 20, 4096, 255, 4096, 0, {}}});
    case FUSE_UNLINK:
    case FUSE_RMDIR:
    case FUSE_RENAME2:
    case FUSE_RELEASE: return answer(request, 0);
    case FUSE_FORGET:
    case FUSE_BATCH_FORGET:
    case FUSE_INTERRUPT: return;              // nobody waits
    default: return answer(request, ENOSYS);  // which the kernel remembers
  }
}

[[noreturn]] void give_up(const char* what) {
  std::perror(what);
  std::exit(1);
}

void go_to_the_background() {
  const pid_t child = fork();
  if (child < 0) give_up("fork");
  if (child > 0) {
    std::printf("%d\n", child);
    std::exit(0);
  }
  setsid();
  const int nothing = open("/dev/null", O_RDWR);
  for (const int standard : {0, 1, 2}) dup2(nothing, standard);
}

}  // namespace

int main(int argc, char** argv) {
  wants_opens = argc == 3 && std::strcmp(argv[1], "--opens") == 0;
  if (argc != 2 && !wants_opens) {
    std::fputs("usage: responder [--opens] MOUNTPOINT\n", stderr);
    return 2;
  }
  device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
  if (device < 0) give_up("/dev/fuse");
  object(FUSE_ROOT_ID).mode = S_IFDIR | 01777;
  const std::string options =
      "fd=" + std::to_string(device) + ",rootmode=40000,user_id=0,group_id=0,default_permissions,allow_other";
  if (mount("responder", argv[argc - 1], "fuse.responder", MS_NOSUID | MS_NODEV, options.c_str()) != 0)
    give_up(argv[argc - 1]);
  go_to_the_background();
  static char bytes[largest_write + 4096];
  for (;;) {
    const ssize_t size = read(device, bytes, sizeof bytes);
    if (size < 0 && (errno == EINTR || errno == EAGAIN || errno == ENOENT)) continue;
    if (size <= 0) return 0;  // unmounted
    const auto* request = reinterpret_cast<const fuse_in_header*>(bytes);
    answer(*request, static_cast<const void*>(request + 1));
  }
}
