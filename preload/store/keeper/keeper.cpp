// SPDX-License-Identifier: MIT
#include "keeper.h"

#include <errno.h>

#include "../kernel.h"
#include "../lock.h"
#include "../make_root.h"
#include "settle.h"
#include "sweep.h"

namespace devshm::store {
namespace {

// The process that starts the keeper waits a little longer.
constexpr long sweep_lock_milliseconds = 1500;
constexpr long between_looks_milliseconds = 5000;
// After an event, the keeper ignores names for a while: otherwise a program that creates and removes one object after
// another would wake it each time. If few objects are taken meanwhile, it ignores them for longer the next time. Who
// finds the pool empty sends a message, which it does not ignore.
constexpr long shortest_rest_milliseconds = 1;
constexpr long longest_rest_milliseconds = 4;
constexpr unsigned few_objects = pool_size / 4;

long next_rest(long last, unsigned taken) {
  if (taken > few_objects) return shortest_rest_milliseconds;
  return last < longest_rest_milliseconds ? 2 * last : last;
}

}  // namespace

int Keeper::begin() {
  if (const int error = look_at_root(root_, sys::geteuid())) return error;
  // The descriptor alone holds the lock, until keeper and twin have ended.
  lock_ = open_locked(root_, Locked::keeper, Lock::Kind::exclusive, 0);
  if (lock_ < 0) return lock_;
  if (const int error = objects_.begin(descriptor_limit())) return error;
  if (const int error = twin_.begin()) return error;
  struct timespec no_time = {0, 0};  // if a filter refuses to let it wait, it must not offer anything
  if (const int error = sys::poll(nullptr, 0, no_time)) return error;
  if (const int error = clean_up_and_offer()) {
    remove_old_pool(root_);
    remove_old_generations(root_);
    return error;
  }
  ensure_twin();
  return 0;
}

int Keeper::clean_up_and_offer() {
  const Lock lock(root_, Lock::Kind::exclusive, sweep_lock_milliseconds);
  if (!lock.is_held()) return lock.error();
  remove_old_pool(root_);
  remove_old_generations(root_);
  remove_dangling_names(root_, backing_dir_);
  if (const int error = pool_.begin()) return error;
  if (const int error = server_.begin()) return error;
  return pool_.fill(Pool::urgent) || pool_.has_entries() ? 0 : -ENOSPC;
}

/// Closes the connections and the unfinished object of the dead keeper: the table of descriptors is shared.
void Keeper::close_what_was_in_use() const {
  const int kept[] = {lock_, twin_.signal_fd(), pool_.watching_fd(), server_.listening_fd()};
  for (int fd = 3; fd < static_cast<int>(first_number); ++fd) {
    bool is_kept = false;
    for (const int one : kept) is_kept |= one == fd;
    if (!is_kept) sys::close(fd);
  }
}

void Keeper::take_over() {
  has_taken_over_ = true;
  ensure_twin();
  close_what_was_in_use();
  server_.forget_connections();
  objects_.take_over(root_);
  pool_.read_events();
  pool_.look_at_all();
}

void Keeper::ensure_twin() {
  if (twin_.is_there() || twin_.start() == Twin::Side::keeper) return;
  take_over();  // in the twin, which continues with the keeper's loop
}

bool Keeper::remove_everything() {
  const int turn = open_locked(root_, Locked::start, Lock::Kind::exclusive, 0);
  if (turn < 0) return false;
  const sys::Descriptor held_turn(turn);
  const Lock lock(root_, Lock::Kind::exclusive, 0);
  if (!lock.is_held()) return false;
  pool_.read_events();
  if (pool_.held() || server_.has_connections()) return false;
  twin_.end();
  remove_old_pool(root_);
  remove_old_generations(root_);
  remove_root(root_);
  return true;
}

bool Keeper::may_end(long now) {
  if (pool_.held()) held_at_ = now;
  return now - held_at_ >= idle_milliseconds_;
}

void Keeper::do_what_is_due(long now) {
  if (now - looked_at_ < between_looks_milliseconds) return;
  looked_at_ = now;
  pool_.remove_what_was_put_aside();
  if (pool_.root_is_there()) pool_.fill();
}

/// The time until something is due. Fills the pool a little first; 0 while there is more to fill.
long Keeper::milliseconds_to_wait() {
  if (pool_.is_taken_from() && pool_.fill(Pool::urgent) && pool_.is_taken_from()) return 0;
  if (server_.has_connections() || !twin_.is_there()) return 1000;
  return idle_milliseconds_ < between_looks_milliseconds ? idle_milliseconds_ : between_looks_milliseconds;
}

void Keeper::run() {
  held_at_ = looked_at_ = sys::monotonic_milliseconds();
  bool rests = false;
  long rest_milliseconds = shortest_rest_milliseconds;
  for (;;) {
    ensure_twin();
    struct pollfd polled[2 + Server::most_descriptors];
    polled[0] = {twin_.signal_fd(), POLLIN, 0};
    polled[1] = {rests ? -1 : pool_.watching_fd(), POLLIN, 0};
    const unsigned served = server_.poll_descriptors(polled + 2);
    const long most = milliseconds_to_wait();
    struct timespec wait = sys::milliseconds(rests && most > rest_milliseconds ? rest_milliseconds : most);
    const int ready = sys::poll(polled, 2 + served, wait);
    if (ready < 0 && ready != -EINTR) return;
    rests = ready > 0 ? rests || polled[1].revents : rests && most == 0;
    if (ready > 0) {
      if (polled[0].revents) twin_.reap();
      if (polled[1].revents) {
        pool_.read_events();
        rest_milliseconds = next_rest(rest_milliseconds, pool_.taken());
      }
    }
    server_.serve(polled + 2, served);  // also if nobody has said anything: silent connections are closed
    if (!pool_.root_is_there()) {
      twin_.end();
      return;
    }
    const long now = sys::monotonic_milliseconds();
    do_what_is_due(now);
    if (may_end(now) && remove_everything()) return;
  }
}

}  // namespace devshm::store
