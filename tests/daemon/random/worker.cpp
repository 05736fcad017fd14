// SPDX-License-Identifier: MIT
#include "worker.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

Worker::Worker(std::uint64_t seed, int number, int of, unsigned char* shared_model)
    : seed_(seed),
      number_(number),
      of_(of),
      chance_(seed * 1000 + static_cast<std::uint64_t>(number)),
      shared_model_(shared_model) {
  shared_ = open("../shared", O_RDWR);
  if (shared_ < 0) wrong("open of the shared file");
}

void Worker::run(int rounds) {
  for (round_ = 0; round_ < rounds; ++round_) step();
  what_ = "the end";
  for (auto& [name, file] : names_) verify(*file);
  for (Held& file : nameless_) verify(*file);
}

void Worker::wrong(const char* how, long at) const {
  std::fprintf(stderr, "random: seed %llu, process %d, round %d, %s: %s (%ld): %s\n",
               static_cast<unsigned long long>(seed_), number_, round_, what_, how, at, std::strerror(errno));
  std::_Exit(1);
}

Held Worker::any() {
  std::vector<Held> all = nameless_;
  for (auto& [name, file] : names_) all.push_back(file);
  return all.empty() ? nullptr : all[below(all.size())];
}

void Worker::lost(const Held& file) {
  if (--file->links > 0) return;
  nameless_.push_back(file);
  if (nameless_.size() > 3) {
    verify(*nameless_.front());
    nameless_.erase(nameless_.begin());
  }
}

Bytes Worker::bytes(std::size_t size) {
  Bytes made(size);
  const std::uint64_t word = chance_();
  for (std::size_t i = 0; i < size; ++i) made[i] = static_cast<unsigned char>((word >> (i % 7 * 8)) + i * 31);
  return made;
}

void Worker::verify(File& file) {
  struct stat found;
  expect(fstat(file.fd, &found) == 0, "fstat");
  expect(static_cast<std::size_t>(found.st_size) == file.content.size(), "another size", found.st_size);
  expect(static_cast<int>(found.st_nlink) == file.links, "another number of links", static_cast<long>(found.st_nlink));
  Bytes got(file.content.size() + 10);
  const ssize_t length = pread(file.fd, got.data(), got.size(), 0);
  expect(length == static_cast<ssize_t>(file.content.size()), "read less", length);
  compare(got.data(), file);
  if (file.mapped) compare(file.mapped, file);
}

void Worker::compare(const unsigned char* got, const File& file) const {
  for (std::size_t i = 0; i < file.content.size(); ++i)
    if (got[i] != file.content[i]) wrong("another byte", static_cast<long>(i));
}

void Worker::step() {
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
