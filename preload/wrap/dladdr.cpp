// SPDX-License-Identifier: MIT
//
// dladdr: an object that was loaded from the overlay is shown where the program sees it.
// Not here: dlinfo and dl_iterate_phdr, which show the loader's own records.
#include <dlfcn.h>

#include <atomic>

#include "../settings.h"
#include "../sys.h"
#include "../text.h"
#include "wrapper.h"

namespace {

/// A name that has been given out. The program may keep it for as long as the object is loaded, and nobody tells us
/// how long that is: so it stays, once for each name.
struct ShownName {
  ShownName* next;
  const char* text() const { return reinterpret_cast<const char*>(this + 1); }
};

constinit std::atomic<ShownName*> shown{nullptr};

constexpr char shm[] = "/dev/shm";

/// What follows the backing directory in `name`; null if it is not below it.
const char* rest_in_overlay(const char* name) {
  const devshm::Settings& set = devshm::settings();
  if (!set.active || !name || !devshm::begins_with(name, set.dir)) return nullptr;
  const char* rest = name + set.dir_length;
  return *rest == '/' ? rest : nullptr;
}

/// "/dev/shm" with `rest` behind it, for ever; null if there is no memory for it.
const char* lasting_name(const char* rest) {
  ShownName* const known = shown.load(std::memory_order_acquire);
  for (ShownName* name = known; name; name = name->next)
    if (devshm::same(name->text() + sizeof shm - 1, rest)) return name->text();
  const std::size_t rest_size = devshm::length_of(rest) + 1;
  void* const memory = devshm::sys::allocate(sizeof(ShownName) + sizeof shm - 1 + rest_size);
  if (!memory) return nullptr;
  auto* const fresh = static_cast<ShownName*>(memory);
  char* const text = static_cast<char*>(memory) + sizeof(ShownName);
  __builtin_memcpy(text, shm, sizeof shm - 1);
  __builtin_memcpy(text + sizeof shm - 1, rest, rest_size);
  fresh->next = known;
  // Where two threads come at once a name may be there twice, which hurts nobody.
  while (!shown.compare_exchange_weak(fresh->next, fresh, std::memory_order_acq_rel)) continue;
  return text;
}

/// 0 is failure here, and so is what a missing function returns.
int show(int result, Dl_info* info) {
  if (result <= 0) return 0;
  if (const char* rest = rest_in_overlay(info->dli_fname))
    if (const char* name = lasting_name(rest)) info->dli_fname = name;
  return result;
}

}  // namespace

EXPORT int dladdr(const void* address, Dl_info* info) NOTHROW {
  return show(NEXT_LATE(dladdr).get()(address, info), info);
}

EXPORT int dladdr1(const void* address, Dl_info* info, void** extra, int flags) NOTHROW {
  return show(NEXT_LATE(dladdr1).get()(address, info, extra, flags), info);
}
