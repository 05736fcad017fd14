// SPDX-License-Identifier: MIT
//
// Random operations on files, each verified against a model in memory.
//
//   random [--seed N] [--rounds N] [--processes N] DIR
//
// Each process has a directory of its own in DIR, with a few names and files: written, read, mapped, cut, punched,
// copied, linked, renamed and removed while open. All share one more file: page after page belongs to the next process,
// and the parent verifies it in the end. What comes of it depends on the seed alone: the tree in the end, which is
// printed, is the same on each file system that does the same.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace {

constexpr std::size_t page = 4096, largest = 64 * page;
constexpr int shared_pages = 64;
using Bytes = std::vector<unsigned char>;

/// What a process remembers of a file. It is open for as long as it is remembered, and perhaps mapped.
struct File {
  Bytes content;
  int fd = -1;
  int links = 0;
  unsigned char* mapped = nullptr;
  ~File() {
    if (mapped) munmap(mapped, largest);
    if (fd >= 0) close(fd);
  }
};
using Held = std::shared_ptr<File>;

class Worker {
 public:
  Worker(std::uint64_t seed, int number, int of, unsigned char* shared_model)
      : seed_(seed),
        number_(number),
        of_(of),
        chance_(seed * 1000 + static_cast<std::uint64_t>(number)),
        shared_model_(shared_model) {
    shared_ = open("../shared", O_RDWR);
    if (shared_ < 0) wrong("open of the shared file");
  }

  void run(int rounds) {
    for (round_ = 0; round_ < rounds; ++round_) step();
    what_ = "the end";
    for (auto& [name, file] : names_) verify(*file);
    for (Held& file : nameless_) verify(*file);
  }

 private:
  [[noreturn]] void wrong(const char* how, long at = -1) const {
    std::fprintf(stderr, "random: seed %llu, process %d, round %d, %s: %s (%ld): %s\n",
                 static_cast<unsigned long long>(seed_), number_, round_, what_, how, at, std::strerror(errno));
    std::_Exit(1);
  }
  void expect(bool holds, const char* how, long at = -1) const {
    if (!holds) wrong(how, at);
  }
  std::size_t below(std::size_t limit) { return limit ? chance_() % limit : 0; }
  std::string name() { return "n" + std::to_string(below(10)); }

  Held any() {
    std::vector<Held> all = nameless_;
    for (auto& [name, file] : names_) all.push_back(file);
    return all.empty() ? nullptr : all[below(all.size())];
  }
  /// A name less: the file is forgotten by and by, after it has been used without one.
  void lost(const Held& file) {
    if (--file->links > 0) return;
    nameless_.push_back(file);
    if (nameless_.size() > 3) {
      verify(*nameless_.front());
      nameless_.erase(nameless_.begin());
    }
  }
  Bytes bytes(std::size_t size) {
    Bytes made(size);
    const std::uint64_t word = chance_();
    for (std::size_t i = 0; i < size; ++i) made[i] = static_cast<unsigned char>((word >> (i % 7 * 8)) + i * 31);
    return made;
  }
  void grow(File& file, std::size_t size) const {
    if (size > file.content.size()) file.content.resize(size);
  }

  void verify(File& file) {
    struct stat found;
    expect(fstat(file.fd, &found) == 0, "fstat");
    expect(static_cast<std::size_t>(found.st_size) == file.content.size(), "another size", found.st_size);
    expect(static_cast<int>(found.st_nlink) == file.links, "another number of links",
           static_cast<long>(found.st_nlink));
    Bytes got(file.content.size() + 10);
    const ssize_t length = pread(file.fd, got.data(), got.size(), 0);
    expect(length == static_cast<ssize_t>(file.content.size()), "read less", length);
    compare(got.data(), file);
    if (file.mapped) compare(file.mapped, file);
  }
  void compare(const unsigned char* got, const File& file) const {
    for (std::size_t i = 0; i < file.content.size(); ++i)
      if (got[i] != file.content[i]) wrong("another byte", static_cast<long>(i));
  }

  void step() {
    what_ = "";
    const Held file = any();
    switch (below(file ? 24 : 1)) {
      case 0: return create();
      case 1: return make_unnamed();
      case 2: return remove();
      case 3: return add_name(file);
      case 4:
      case 5: return rename();
      case 6:
      case 7:
      case 8: return write(*file);
      case 9: return read(*file);
      case 10:
      case 11: return truncate(*file);
      case 12:
      case 13: return allocate(*file);
      case 14: return copy(*file);
      case 15:
      case 16:
      case 17: return store(*file);
      case 18: return map(*file);
      case 19: return sync(*file);
      case 20: return reopen(*file);
      case 21: return in_a_child(*file);
      case 22: return on_shared();
      default: what_ = "verify"; return verify(*file);
    }
  }

  void create() {
    what_ = "create";
    const std::string as = name();
    const int fd = open(as.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600 + static_cast<int>(below(64)));
    if (names_.count(as)) return expect(fd < 0 && errno == EEXIST, "made twice");
    expect(fd >= 0, "open");
    auto file = std::make_shared<File>();
    file->fd = fd;
    file->links = 1;
    names_[as] = file;
  }
  void make_unnamed() {
    what_ = "O_TMPFILE";
    auto file = std::make_shared<File>();
    file->fd = open(".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    // Not before libfuse 3.17. The sequence has to be the same everywhere, so another way to it.
    if (file->fd < 0 && errno == EOPNOTSUPP) {
      file->fd = open("unnamed", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
      expect(unlink("unnamed") == 0, "unlink");
    }
    expect(file->fd >= 0, "open");
    nameless_.push_back(file);
    write(*file);
  }
  void remove() {
    what_ = "unlink";
    const std::string which = name();
    const int result = unlink(which.c_str());
    const auto found = names_.find(which);
    if (found == names_.end()) return expect(result < 0 && errno == ENOENT, "removed what was not there");
    expect(result == 0, "unlink");
    const Held file = found->second;
    names_.erase(found);
    lost(file);
    verify(*file);
  }
  void add_name(const Held& file) {
    what_ = "link";
    const std::string as = name();
    const std::string from = "/proc/self/fd/" + std::to_string(file->fd);
    if (file->links == 0) return;  // only O_TMPFILE's may come back, where there is that
    const int result = linkat(AT_FDCWD, from.c_str(), AT_FDCWD, as.c_str(), AT_SYMLINK_FOLLOW);
    if (names_.count(as)) return expect(result < 0 && errno == EEXIST, "linked over a name");
    expect(result == 0, "linkat");
    ++file->links;
    names_[as] = file;
    verify(*file);
  }
  void rename() {
    what_ = "rename";
    const std::string from = name(), to = name();
    const unsigned flags = static_cast<unsigned>(below(3));  // none, NOREPLACE, EXCHANGE
    const int result = renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), flags);
    const bool there = names_.count(from), over = names_.count(to);
    if (!there)
      return expect(result < 0 && (errno == ENOENT || (flags == 1 && errno == EEXIST)), "renamed what was not there");
    if (flags == 1 && over) return expect(result < 0 && errno == EEXIST, "replaced");
    if (flags == 2 && !over) return expect(result < 0 && errno == ENOENT, "exchanged with nothing");
    expect(result == 0, "renameat2");
    if (from == to || (over && names_[from] == names_[to])) return;  // names of one file: nothing happens
    if (flags == 2) return std::swap(names_[from], names_[to]);
    const Held replaced = over ? names_[to] : nullptr;
    names_[to] = names_[from];
    names_.erase(from);
    if (replaced) lost(replaced);
  }

  void write(File& file) {
    what_ = "write";
    const std::size_t at = below(largest - 3 * page), size = 1 + below(3 * page - 1);
    const Bytes made = bytes(size);
    expect(pwrite(file.fd, made.data(), size, static_cast<off_t>(at)) == static_cast<ssize_t>(size), "pwrite");
    grow(file, at + size);
    std::copy(made.begin(), made.end(), file.content.begin() + static_cast<long>(at));
  }
  void read(File& file) {
    what_ = "read";
    const std::size_t at = below(largest), size = below(5 * page);
    Bytes got(size + 1);
    const ssize_t length = pread(file.fd, got.data(), size, static_cast<off_t>(at));
    const std::size_t there = at < file.content.size() ? std::min(size, file.content.size() - at) : 0;
    expect(length == static_cast<ssize_t>(there), "another length", length);
    expect(std::equal(got.begin(), got.begin() + length,
                      file.content.begin() + static_cast<long>(std::min(at, file.content.size()))),
           "other bytes", static_cast<long>(at));
  }
  void truncate(File& file) {
    what_ = "truncate";
    const std::size_t size = below(2) ? below(largest) : below(largest / page) * page;
    expect(ftruncate(file.fd, static_cast<off_t>(size)) == 0, "ftruncate");
    file.content.resize(size);
    if (file.mapped && size % page)  // the rest of the last page is zeroes, also in a mapping
      for (std::size_t i = size; i % page; ++i)
        expect(file.mapped[i] == 0, "not cut to the end of the page", static_cast<long>(i));
  }
  void allocate(File& file) {
    what_ = "fallocate";
    static constexpr int modes[] = {0,
                                    FALLOC_FL_KEEP_SIZE,
                                    FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                                    FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                                    FALLOC_FL_COLLAPSE_RANGE,
                                    FALLOC_FL_ZERO_RANGE};
    const int mode = modes[below(6)];
    const std::size_t at = below(largest - 3 * page), size = 1 + below(3 * page);
    const int result = fallocate(file.fd, mode, static_cast<off_t>(at), static_cast<off_t>(size));
    if (mode == FALLOC_FL_COLLAPSE_RANGE || mode == FALLOC_FL_ZERO_RANGE)
      return expect(result < 0 && errno == EOPNOTSUPP, "a mode that a tmpfs has not");
    expect(result == 0, "fallocate", mode);
    if (mode == 0) grow(file, at + size);
    if (mode & FALLOC_FL_PUNCH_HOLE)
      for (std::size_t i = at; i < std::min(at + size, file.content.size()); ++i) file.content[i] = 0;
  }
  void copy(File& to) {
    what_ = "copy_file_range";
    const Held from = any();
    if (from.get() == &to || from->content.empty()) return;
    off_t source = static_cast<off_t>(below(from->content.size())),
          target = static_cast<off_t>(below(largest - 3 * page));
    const std::size_t first = static_cast<std::size_t>(source), at = static_cast<std::size_t>(target);
    const std::size_t size = std::min(1 + below(2 * page), from->content.size() - first);
    const ssize_t copied = copy_file_range(from->fd, &source, to.fd, &target, size, 0);
    expect(copied == static_cast<ssize_t>(size), "copied less", copied);
    grow(to, at + size);
    std::copy_n(from->content.begin() + static_cast<long>(first), size, to.content.begin() + static_cast<long>(at));
  }
  void map(File& file) {
    what_ = "map";
    if (file.mapped) {
      munmap(file.mapped, largest);
      file.mapped = nullptr;
      return;
    }
    void* at = mmap(nullptr, largest, PROT_READ | PROT_WRITE, MAP_SHARED, file.fd, 0);
    expect(at != MAP_FAILED, "mmap");
    file.mapped = static_cast<unsigned char*>(at);
    compare(file.mapped, file);
  }
  void store(File& file) {
    if (!file.mapped) map(file);
    what_ = "store";
    if (file.content.empty()) return;
    const std::size_t at = below(file.content.size()), size = std::min(1 + below(2 * page), file.content.size() - at);
    const Bytes made = bytes(size);
    std::memcpy(file.mapped + at, made.data(), size);
    std::copy(made.begin(), made.end(), file.content.begin() + static_cast<long>(at));
  }
  void sync(File& file) {
    what_ = "sync";
    if (file.mapped) expect(msync(file.mapped, largest, MS_SYNC) == 0 || errno == ENOMEM, "msync");
    expect(fsync(file.fd) == 0, "fsync");
    // From here on reads go to the file system again, where it has a page cache.
    expect(posix_fadvise(file.fd, 0, 0, POSIX_FADV_DONTNEED) == 0, "posix_fadvise");
    verify(file);
  }
  void reopen(File& file) {
    what_ = "reopen";
    const std::string path = "/proc/self/fd/" + std::to_string(file.fd);
    const bool cut = below(8) == 0;
    const int fd = open(path.c_str(), O_RDWR | O_CLOEXEC | (cut ? O_TRUNC : 0));
    expect(fd >= 0, "open");
    if (cut) file.content.clear();
    close(file.fd);
    file.fd = fd;
    verify(file);
  }
  /// Another process stores and writes into the file. This one sees it.
  void in_a_child(File& file) {
    what_ = "in a child";
    if (file.content.empty()) return;
    const std::size_t at = below(file.content.size());
    const auto byte = static_cast<unsigned char>(below(256));
    const bool maps = below(2);
    const pid_t pid = fork();
    expect(pid >= 0, "fork");
    if (pid == 0) {
      const int fd = open(("/proc/self/fd/" + std::to_string(file.fd)).c_str(), O_RDWR);
      if (maps) {
        void* mapped = mmap(nullptr, largest, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        static_cast<unsigned char*>(mapped)[at] = byte;
      } else if (pwrite(fd, &byte, 1, static_cast<off_t>(at)) != 1) {
        _exit(1);
      }
      verify(*std::make_shared<File>(File{file.content, -1, 0, nullptr}), fd, at, byte);
      _exit(0);
    }
    int status;
    expect(waitpid(pid, &status, 0) == pid && status == 0, "the child found something else");
    file.content[at] = byte;
    verify(file);
  }
  void verify(File& expected, int fd, std::size_t at, unsigned char byte) {
    expected.content[at] = byte;
    Bytes got(expected.content.size());
    expect(pread(fd, got.data(), got.size(), 0) == static_cast<ssize_t>(got.size()), "read less in the child");
    compare(got.data(), expected);
  }
  /// The file that all share: a page that is this process's own, between those of others.
  void on_shared() {
    what_ = "the shared file";
    const std::size_t mine = below(static_cast<std::size_t>(shared_pages / of_)) * static_cast<std::size_t>(of_) +
                             static_cast<std::size_t>(number_);
    unsigned char* model = shared_model_ + mine * page;
    const auto offset = static_cast<off_t>(mine * page);
    unsigned char got[page];
    expect(pread(shared_, got, page, offset) == static_cast<ssize_t>(page), "pread");
    expect(std::memcmp(got, model, page) == 0, "other bytes in the shared file", offset);
    const Bytes made = bytes(page);
    if (below(2)) {
      expect(pwrite(shared_, made.data(), page, offset) == static_cast<ssize_t>(page), "pwrite");
    } else {
      void* mapped = mmap(nullptr, page, PROT_READ | PROT_WRITE, MAP_SHARED, shared_, offset);
      expect(mapped != MAP_FAILED, "mmap");
      std::memcpy(mapped, made.data(), page);
      munmap(mapped, page);
    }
    std::copy(made.begin(), made.end(), model);
  }

  const std::uint64_t seed_;
  const int number_, of_;
  int round_ = 0, shared_;
  const char* what_ = "the start";
  std::mt19937_64 chance_;
  unsigned char* shared_model_;
  std::map<std::string, Held> names_;
  std::vector<Held> nameless_;
};

[[noreturn]] void give_up(const char* what) {
  std::perror(what);
  std::exit(1);
}

}  // namespace

int main(int count, char** arguments) {
  std::uint64_t seed = std::random_device{}();
  int rounds = 1000, processes = 4;
  const char* directory = nullptr;
  for (int i = 1; i < count; ++i) {
    const std::string option = arguments[i];
    if (option == "--seed" && i + 1 < count)
      seed = std::strtoull(arguments[++i], nullptr, 10);
    else if (option == "--rounds" && i + 1 < count)
      rounds = std::atoi(arguments[++i]);
    else if (option == "--processes" && i + 1 < count)
      processes = std::atoi(arguments[++i]);
    else
      directory = arguments[i];
  }
  if (!directory || processes < 1 || processes > shared_pages) {
    std::fprintf(stderr, "usage: random [--seed N] [--rounds N] [--processes N] DIR\n");
    return 2;
  }
  std::fprintf(stderr, "random: --seed %llu --rounds %d --processes %d\n", static_cast<unsigned long long>(seed),
               rounds, processes);
  if (chdir(directory) != 0) give_up(directory);
  const std::size_t shared_size = shared_pages * page;
  const int shared = open("shared", O_RDWR | O_CREAT | O_EXCL, 0600);
  if (shared < 0 || ftruncate(shared, static_cast<off_t>(shared_size)) != 0) give_up("shared");
  void* model = mmap(nullptr, shared_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (model == MAP_FAILED) give_up("mmap");

  std::vector<pid_t> pids;
  for (int number = 0; number < processes; ++number) {
    const std::string own = std::to_string(number);
    if (mkdir(own.c_str(), 0700) != 0) give_up("mkdir");
    const pid_t pid = fork();
    if (pid < 0) give_up("fork");
    if (pid == 0) {
      if (chdir(own.c_str()) != 0) give_up("chdir");
      {
        Worker worker(seed, number, processes, static_cast<unsigned char*>(model));
        worker.run(rounds);
      }
      _exit(0);
    }
    pids.push_back(pid);
  }
  bool fine = true;
  for (const pid_t pid : pids) {
    int status = 0;
    waitpid(pid, &status, 0);
    if (status != 0) fine = false;
  }
  Bytes got(shared_size);
  if (pread(shared, got.data(), shared_size, 0) != static_cast<ssize_t>(shared_size) ||
      std::memcmp(got.data(), model, shared_size) != 0) {
    std::fprintf(stderr, "random: the shared file is not what was written\n");
    fine = false;
  }
  return fine ? 0 : 1;
}
