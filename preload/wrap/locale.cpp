// SPDX-License-Identifier: MIT
//
// Message catalogues and login records: functions that keep a path, or open it where no wrapper sees it.
//
// Not here: setlocale, newlocale and iconv_open, whose directories come from LOCPATH and GCONV_PATH; and for the same
// reason a catalogue that catopen finds by NLSPATH.
#include <libintl.h>
#include <nl_types.h>
#include <utmp.h>
#include <utmpx.h>

#include <atomic>

#include "../settings.h"
#include "../sys.h"
#include "../text.h"
#include "../unix_address.h"
#include "wrapper.h"

namespace {

/// A directory as the program knows it. bindtextdomain's result belongs to libc and is never freed, and libc needs its
/// own to open files; so these live as long as the process too, once each: programs bind few directories.
struct ShownDir {
  ShownDir* next;
  char* text() { return reinterpret_cast<char*>(this + 1); }
};

constinit std::atomic<ShownDir*> shown_dirs{nullptr};

/// The one kept copy of `head` + `rest`; null without memory. Threads that come at once may keep two.
char* keep(const char* head, const char* rest) {
  const std::size_t head_length = devshm::length_of(head);
  const auto is_it = [&](const char* text) {
    return devshm::begins_with(text, head) && devshm::same(text + head_length, rest);
  };
  ShownDir* const first = shown_dirs.load(std::memory_order_acquire);
  for (ShownDir* dir = first; dir; dir = dir->next)
    if (is_it(dir->text())) return dir->text();
  const std::size_t rest_size = devshm::length_of(rest) + 1;
  auto* fresh = static_cast<ShownDir*>(devshm::sys::allocate(sizeof(ShownDir) + head_length + rest_size));
  if (!fresh) return nullptr;
  __builtin_memcpy(fresh->text(), head, head_length);
  __builtin_memcpy(fresh->text() + head_length, rest, rest_size);
  fresh->next = first;
  while (!shown_dirs.compare_exchange_weak(fresh->next, fresh, std::memory_order_acq_rel)) {
  }
  return fresh->text();
}

}  // namespace

EXPORT char* bindtextdomain(const char* domain, const char* dir) NOTHROW {
  char* const kept = rewrite(NEXT(bindtextdomain), domain, Path(dir));
  const devshm::Settings& set = devshm::settings();
  if (!kept || !set.active) return kept;
  const devshm::BackingNames names{set.dir, set.dir_length, nullptr};
  const std::size_t prefix = devshm::backing_prefix(names, kept, devshm::length_of(kept));
  return prefix ? keep("/dev/shm", kept + prefix) : kept;
}

// It fails with (nl_catd)-1, not with a null pointer.
DEVSHM_FORWARD(catopen, ::devshm::Failure::minus_one_long, sought, 1);

FORWARD(utmpname, path, 1);
FORWARD(utmpxname, path, 1);

FORWARD(updwtmp, path, 1);
FORWARD(updwtmpx, path, 1);
