// SPDX-License-Identifier: MIT
#include "usage.h"

#include <algorithm>
#include <new>

namespace devshmd {
namespace {

bool creates(Operation operation) {
  switch (operation) {
    case Operation::create:
    case Operation::mknod:
    case Operation::mkdir:
    case Operation::symlink:
    case Operation::link: return true;
    default: return false;
  }
}

bool removes(Operation operation) { return operation == Operation::unlink || operation == Operation::rmdir; }

}  // namespace

void Counters::add(const Counters& other) {
  operations += other.operations;
  created += other.created;
  removed += other.removed;
  read += other.read;
  written += other.written;
}

void Usage::Thread::know(pid_t id, Caller caller) {
  usage.pid = caller.pid ? caller.pid : id;
  usage.program = std::move(caller.program);
  known = true;
}

/// Forgets the older half of the threads. Their operations stay in the users' counters and the total.
void Usage::make_room() {
  if (threads_.size() < most_threads) return;
  std::vector<std::uint64_t> times;
  for (const auto& [id, thread] : threads_) times.push_back(thread.when);
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  std::erase_if(threads_, [&](const auto& each) { return each.second.when < *middle; });
}

void Usage::count(pid_t thread, uid_t uid, Operation operation, Ino ino, const char* name) noexcept try {
  std::unique_lock lock(mutex_);
  ++clock_;
  ++total_.operations;
  ++by_operation_[static_cast<std::size_t>(operation)];
  if (users_.size() < most_threads || users_.contains(uid)) ++users_[uid].operations;
  if (!threads_.contains(thread)) make_room();
  if (!threads_[thread].known && operation != Operation::getattr) {
    lock.unlock();
    Caller caller = caller_of(thread);
    lock.lock();
    threads_[thread].know(thread, std::move(caller));
  }
  Thread& found = threads_[thread];
  found.when = clock_;
  found.usage.uid = uid;
  ++found.usage.counters.operations;
  found.usage.last = operation;
  found.usage.last_ino = ino;
  found.usage.last_name = name ? name : "";
} catch (const std::bad_alloc&) {
}

void Usage::succeeded(pid_t thread, uid_t uid, Operation operation, long bytes) noexcept {
  Counters more;
  more.created = creates(operation);
  more.removed = removes(operation);
  if (bytes > 0) (operation == Operation::read ? more.read : more.written) = static_cast<std::uint64_t>(bytes);
  if (!more.created && !more.removed && bytes <= 0) return;
  const std::lock_guard lock(mutex_);
  total_.add(more);
  if (const auto user = users_.find(uid); user != users_.end()) user->second.add(more);
  if (const auto found = threads_.find(thread); found != threads_.end()) found->second.usage.counters.add(more);
}

Usage::Snapshot Usage::snapshot() {
  Snapshot snapshot;
  std::vector<std::pair<pid_t, Thread>> threads;
  {
    const std::lock_guard lock(mutex_);
    snapshot.total = total_;
    snapshot.by_operation = by_operation_;
    snapshot.users.insert(users_.begin(), users_.end());
    threads.assign(threads_.begin(), threads_.end());
  }
  std::sort(threads.begin(), threads.end(), [](const auto& a, const auto& b) { return a.second.when > b.second.when; });
  for (auto& [id, thread] : threads) {
    Caller caller = caller_of(id);
    // It may have executed another program.
    if (!thread.known || caller.pid == thread.usage.pid) thread.know(id, std::move(caller));
    const pid_t pid = thread.usage.pid;  // no structured binding: clang 14 takes none into a lambda
    const auto same = std::find_if(snapshot.processes.begin(), snapshot.processes.end(),
                                   [&](const ProcessUsage& each) { return each.pid == pid; });
    if (same == snapshot.processes.end())
      snapshot.processes.push_back(thread.usage);
    else
      same->counters.add(thread.usage.counters);
  }
  return snapshot;
}

}  // namespace devshmd
