// SPDX-License-Identifier: MIT
#include "objects.h"

#include <errno.h>

#include <atomic>

#include "../kernel.h"

namespace devshm::store {
namespace {

/// Uses the process id that /proc shows, which may be from another pid namespace.
PathText own_descriptors() {
  char process[16];
  const long length = sys::readlink("/proc/self", process, sizeof process);
  return PathText().add("/proc/").add(process, length > 0 ? static_cast<std::size_t>(length) : 0).add("/fd");
}

/// Makes a memfd and holds it by an O_PATH descriptor with this number, which is free. Returns 0, or a negative errno.
int make_memfd(const ObjectName& name, unsigned number) {
  const ShortText<48> text = memfd_name(name);
  const int made = sys::executable_memfd(text.c_str());
  if (made < 0) return made;
  const sys::Descriptor memfd(made);
  if (const int error = sys::fchmod(made, 0600)) return error;
  const sys::Descriptor held(sys::openat(AT_FDCWD, descriptor_path(made).c_str(), O_PATH | O_CLOEXEC));
  if (!held.is_open()) return held.get();
  const int result = sys::dup3(held.get(), static_cast<int>(number), O_CLOEXEC);
  return result < 0 ? result : 0;
}

/// Makes the kernel's table of descriptors long enough for many objects. Once keeper and twin share it, each time it
/// grows the kernel waits some 10 ms (synchronize_rcu).
void lengthen_table(unsigned limit) {
  constexpr unsigned many = 4096;
  const int last = static_cast<int>(limit < many ? limit : many) - 1;
  const sys::Descriptor there(sys::dup3(0, last, O_CLOEXEC));  // any descriptor will do
}

}  // namespace

int put_link(const char* text, const char* aside, const char* path) {
  sys::unlink(aside);
  if (const int error = sys::symlink(text, aside)) return error;
  return sys::rename(aside, path);
}

int Objects::begin(unsigned limit) {
  if (limit <= first_number) return -EMFILE;
  // The memory is zeroed, and takes pages only as far as it is used.
  const std::size_t size = sizeof(Record) + limit * (sizeof(Entry) + sizeof(Generation)) + 64;
  const long memory = sys::call(SYS_mmap, 0, static_cast<long>(size), PROT_READ | PROT_WRITE,
                                MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (sys::failed(memory)) return static_cast<int>(memory);
  generations_ = reinterpret_cast<Generation*>(memory);
  entries_ = reinterpret_cast<Entry*>(generations_ + limit);
  record_ = reinterpret_cast<Record*>(entries_ + limit);
  record_->limit = limit;
  record_->end = first_number;
  record_->cursor = limit;  // the first object begins the first generation
  lengthen_table(limit);
  return 0;
}

bool Objects::begin_generation(const Root& root) {
  std::uint32_t place = 0;
  while (place < record_->generations && generations_[place].name) ++place;
  if (place == record_->limit) return false;
  std::uint64_t name = sys::random_word();
  if (!name) name = 1;
  const PathText path = root.generation(name);
  if (sys::symlink(own_descriptors().c_str(), path.c_str()) != 0) return false;
  const std::uint32_t before = record_->current;
  if (record_->generations <= place) record_->generations = place + 1;
  generations_[place].objects = 0;
  generations_[place].name = name;
  record_->current = place;
  record_->cursor = first_number;
  if (before != place && generations_[before].name && !generations_[before].objects) {
    sys::unlink(root.generation(generations_[before].name).c_str());
    generations_[before].name = 0;
  }
  return true;
}

unsigned Objects::next_number(const Root& root) {
  for (int round = 0; round < 2; ++round) {
    for (; record_->cursor < record_->limit; ++record_->cursor)
      if (entries_[record_->cursor].state == State::free) return record_->cursor++;
    if (round == 0 && record_->live + first_number >= record_->limit) return 0;
    if (round == 0 && !begin_generation(root)) return 0;
  }
  return 0;
}

unsigned Objects::make(const Root& root) {
  root_ = &root;
  const unsigned number = next_number(root);
  if (!number) return 0;
  Entry& entry = entries_[number];
  entry.generation = record_->current;
  entry.watch = -1;
  entry.token = 0;
  if (record_->end <= number) record_->end = number + 1;
  entry.state = State::making;
  if (make_memfd(name_of(number), number) != 0) {
    entry.state = State::free;
    return 0;
  }
  ++generations_[entry.generation].objects;
  ++record_->live;
  return number;
}

void Objects::set_watch(unsigned number, int watch, LinkToken token) {
  entries_[number].token = token;
  entries_[number].watch = watch;
  likely_number(watch) = number;
  std::atomic_thread_fence(std::memory_order_release);
  entries_[number].state = State::live;
}

void Objects::leave_generation(std::uint32_t generation) {
  Generation& left = generations_[generation];
  if (--left.objects || generation == record_->current) return;
  sys::unlink(root_->generation(left.name).c_str());
  left.name = 0;
}

void Objects::close(unsigned number) {
  Entry& entry = entries_[number];
  if (entry.state == State::free) return;
  entry.state = State::making;  // to a twin, half closed is the same as half made
  sys::close(static_cast<int>(number));
  --record_->live;
  const std::uint32_t generation = entry.generation;
  entry.state = State::free;
  leave_generation(generation);
}

ObjectName Objects::name_of(unsigned number) const { return {generations_[entries_[number].generation].name, number}; }

bool Objects::has(const ObjectName& name) const {
  return name.number >= first_number && name.number < record_->limit && name.generation &&
         entries_[name.number].state == State::live && name_of(name.number) == name;
}

unsigned Objects::with_watch(int watch) const {
  const unsigned likely = likely_number(watch);  // 0: none, and no object is number 0
  if (is_watched_by(likely, watch)) return likely;
  for (unsigned number = first_number; number < record_->end; ++number)
    if (is_watched_by(number, watch)) return number;
  return 0;
}

void Objects::count() {
  record_->live = 0;
  for (std::uint32_t i = 0; i < record_->generations; ++i) generations_[i].objects = 0;
  for (unsigned number = first_number; number < record_->end; ++number) {
    if (entries_[number].state == State::free) continue;
    ++record_->live;
    ++generations_[entries_[number].generation].objects;
  }
}

void Objects::take_over(const Root& root) {
  root_ = &root;
  const PathText here = own_descriptors();
  const PathText aside = root.entry("pool/.generation");
  for (std::uint32_t i = 0; i < record_->generations; ++i)
    if (generations_[i].name) put_link(here.c_str(), aside.c_str(), root.generation(generations_[i].name).c_str());
  count();
  for (unsigned number = first_number; number < record_->end; ++number)
    if (entries_[number].state == State::making) close(number);
  begin_generation(root);
}

}  // namespace devshm::store
