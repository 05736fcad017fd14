// SPDX-License-Identifier: MIT
//
// Does the work of `devshm run --explain`. It is preloaded before the library, and reports what the library can't reach
// and no file shows: objects that are loaded by a bare name with RTLD_DEEPBIND (deep_binding.h), or into a namespace of
// their own. At the start it reports whether the library is loaded and acts.
//
// Both functions end in a tail call, because dlopen looks at its return address.
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

#include "../report.h"
#include "../settings.h"
#include "../text.h"
#include "../wrap/showing_files.h"
#include "../wrap/wrapper.h"
#include "check.h"

/// The check calls libc itself.
void* devshm::showing_files(const char*, void* real) { return real; }

namespace {

[[gnu::cold, gnu::noinline]] void report_load(const char* file, const char* how) {
  if (!getenv("DEVSHM_EXPLAIN")) return;
  devshm::Line<1024> line;
  line.add("devshm: explain: ").add_name(file).add(" is loaded ").add(how).add(": devshm can't reach it").end();
  devshm::write_message(line.c_str(), line.size());
}

/// Runs in the program itself, not in its children. It writes a line even if all is well.
__attribute__((constructor)) void explain() {
  const char* wanted = getenv("DEVSHM_EXPLAIN");
  devshm::Line<32> own;
  if (!wanted || !devshm::same(wanted, own.add(static_cast<long>(getpid())).c_str())) return;
  const devshm::LoadedLibrary library = devshm::find_library();
  const devshm::Settings& set = devshm::settings();
  devshm::Line<1024> line;
  line.add("devshm: explain: ");
  if (!library.path)
    line.add("the library is not loaded");
  else if (!set.active)
    line.add("devshm stands aside: /dev/shm is the real one");
  else
    line.add("nothing stands in the way: /dev/shm is ").add_name(set.dir);
  line.end();
  devshm::write_message(line.c_str(), line.size());
}

}  // namespace

extern "C" [[gnu::visibility("default")]] void* dlopen(const char* file, int mode) noexcept {
  if (file && mode & RTLD_DEEPBIND && !devshm::has_slash(file))
    report_load(file, "with RTLD_DEEPBIND by a name without a slash, and takes libc's functions first");
  return NEXT_LATE(dlopen)(file, mode);
}

extern "C" [[gnu::visibility("default")]] void* dlmopen(Lmid_t space, const char* file, int mode) noexcept {
  if (file && space != LM_ID_BASE) report_load(file, "into a namespace of its own (dlmopen), with a libc of its own");
  return NEXT_LATE(dlmopen)(space, file, mode);
}
