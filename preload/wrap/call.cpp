// SPDX-License-Identifier: MIT
#include "call.h"

#include <alloca.h>

#include "../backing_dir.h"
#include "../sys.h"
#include "../text.h"
#include "boundary.h"
#include "memory_call.h"

namespace devshm {
namespace {

/// No function's result.
constexpr long not_called = -4098;

}  // namespace

long Call::make() { return paths_.count() == 1 && !may_match(text_of(paths_.of[0])) ? invoke() : make_matching(); }

long Call::make_matching() {
  JudgedPath judged[2];
  const std::span<JudgedPath> paths(judged, paths_.count());
  bool is_rewritten = false;
  for (std::size_t i = 0; i < paths.size(); ++i) is_rewritten |= judge(paths_.of[i], paths[i]);
  const bool has_boundary = paths_.of[0].role == Role::moved || paths_.of[0].role == Role::linked;
  if (!is_rewritten && !(has_boundary && may_cross_boundary(paths[0], paths[1], link_flags()))) return invoke();

  const Settings& set = settings();
  if (!set.active) return invoke();
  std::size_t size = 0;
  bool is_inside = false;
  for (JudgedPath& path : paths) {
    if (const int error = path.prepare(set, size)) return fail(error);
    is_inside |= path.is_inside();
  }
  // None where only a boundary is looked at. NOLINTNEXTLINE(clang-analyzer-optin.portability.UnixAPI)
  char* const memory = static_cast<char*>(alloca(size));
  place(paths, memory);
  if (has_boundary && crosses_boundary(paths[0], paths[1])) return fail(EXDEV);
  if (set.log) log(paths);  // before the call: exec does not return

  const long result = is_inside ? attempt(set) : invoke();
  if (is_inside && found_nothing(result)) return try_again(paths, memory, result);
  return finish(paths, result);
}

/// Returns the result. The memory that the paths are in must still be there.
long Call::finish(std::span<const JudgedPath> paths, long result) const {
  if (paths_.of[0].role == Role::pattern) paths[0].write_back();
  return result;
}

bool Call::judge(const PathArg& path, JudgedPath& judged) const {
  const int base = path.directory ? static_cast<int>(words_[path.directory - 1]) : AT_FDCWD;
  Role role = path.role;
  // The kernel refuses a flag that it does not know.
  if (role == Role::unlinked)
    role = static_cast<int>(words_[path.position]) == AT_REMOVEDIR ? Role::removed : Role::named;
  const char* const text = text_of(path);
  return judged.judge(text, base, role, paths_.count() == 1 || may_match(text));
}

/// Of the calls with two paths only linkat has flags, after the paths.
int Call::link_flags() const {
  const PathArg& to = paths_.of[1];
  return to.role == Role::linked && to.directory ? static_cast<int>(words_[to.position]) : 0;
}

bool Call::crosses_boundary(const JudgedPath& from, const JudgedPath& to) const {
  return from.role() == Role::moved ? renames_across(from, to) : links_across(from, to, link_flags());
}

void Call::place(std::span<JudgedPath> paths, char* memory) {
  for (std::size_t i = 0; i < paths.size(); ++i)
    words_[paths_.of[i].position - 1] = reinterpret_cast<long>(paths[i].place(memory));
}

[[gnu::cold, gnu::noinline]] void Call::log(std::span<const JudgedPath> paths) const {
  for (const JudgedPath& path : paths) path.log(function_.name());
}

/// Retries after ENOENT, which devshm may have caused: the backing directory was missing, or the kernel followed a link
/// to the wrong place. The paths are placed again before each call, because a failed one may have written to a pattern.
[[gnu::cold, gnu::noinline]] long Call::try_again(std::span<JudgedPath> paths, char* memory, long result) {
  if (backing_dir_was_remade()) {
    place(paths, memory);
    result = attempt(settings());
  }
  return follow_links(paths, result);
}

// It follows one link at a time, because only the call itself knows whether the last component is followed.
[[gnu::cold, gnu::noinline]] long Call::follow_links(std::span<JudgedPath> paths, long result) {
  // Calls with two paths follow neither to the end. Of the other calls, those that do not follow the last component
  // never fail with ENOENT on an existing link.
  const bool last_too = paths.size() == 1;
  for (int links = 0; found_nothing(result); ++links) {
    std::size_t link_size = 0;
    for (JudgedPath& path : paths) link_size += path.find_link(last_too);
    if (!link_size) break;
    place(paths, (paths.front().is_rewritten() ? paths.front() : paths.back()).memory());
    if (links == most_links) {
      if (paths_.of[0].role == Role::restreamed) invoke_inside(settings());  // closes the stream
      return fail(ELOOP);
    }
    char* at = static_cast<char*>(alloca(link_size));
    bool has_followed = false;
    std::size_t size = 0;
    for (JudgedPath& path : paths) {
      has_followed |= path.follow(at);
      size += path.placed_size();
    }
    if (!has_followed) break;
    // The path with the link followed needs memory. NOLINTNEXTLINE(clang-analyzer-optin.portability.UnixAPI)
    place(paths, static_cast<char*>(alloca(size)));
    result = attempt(settings());
  }
  if (result == not_called) result = invoke_inside(settings());
  return finish(paths, result);
}

/// Makes the call with the paths as they are now, or, if it happens once only, not as long as its path leads nowhere.
long Call::attempt(const Settings& set) { return happens_once() && leads_nowhere() ? not_called : invoke_inside(set); }

bool Call::happens_once() const {
  const Role role = paths_.of[0].role;
  return role == Role::restreamed || role == Role::spawned ||
         (role == Role::searched && function_.failure == Failure::error_number);
}

/// Whether the path leads nowhere. With an 'x' in freopen's mode, a link as the last component is not followed.
[[gnu::cold, gnu::noinline]] bool Call::leads_nowhere() const {
  const PathArg& path = paths_.of[0];
  const bool is_exclusive =
      path.role == Role::restreamed && has_letter(reinterpret_cast<const char*>(words_[path.position]), 'x');
  struct stat found;
  return sys::fstatat(AT_FDCWD, text_of(path), &found, is_exclusive ? AT_SYMLINK_NOFOLLOW : 0) == -ENOENT;
}

/// Calls the real function, or does what it would with an object of the memory store.
long Call::invoke_inside(const Settings& set) {
  return set.store == Store::disk ? invoke() : invoke_for_memory(*this, function_, paths_.of[0], words_);
}

bool Call::has_failed(long result) const {
  switch (function_.failure) {
    case Failure::minus_one: return static_cast<int>(result) == -1;
    case Failure::minus_one_long: return result == -1;
    case Failure::null:
    case Failure::null_alone: return result == 0;
    case Failure::error_number: return static_cast<int>(result) != 0;
    case Failure::none: break;
  }
  return false;
}

bool Call::found_nothing(long result) const {
  if (happens_once()) return result == not_called;
  if (function_.failure == Failure::error_number) return static_cast<int>(result) == ENOENT;
  return has_failed(result) && (errno == ENOENT || function_.failure == Failure::null_alone);
}

long Call::fail(int error) const {
  if (function_.failure == Failure::error_number) return error;
  errno = error;
  return function_.failure == Failure::null || function_.failure == Failure::null_alone ? 0 : -1;
}

}  // namespace devshm

// entry_<architecture>.S calls it for a call with a path that may match.
extern "C" [[gnu::used]] long devshm_call(devshm::Slot& slot, const devshm::Function& function, devshm::Words& words) {
  return devshm::Call(function, devshm::real_function(slot, function), function.paths, words).make_matching();
}
