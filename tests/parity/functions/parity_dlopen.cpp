// SPDX-License-Identifier: MIT
//
// Shared objects in /dev/shm (JNA and others unpack theirs there), and libc's functions by handle, past the wrappers.
#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>

#include "parity.h"
#include "raw.h"

namespace {

int find_small_library(dl_phdr_info* object, std::size_t, void* found) {
  if (!strstr(object->dlpi_name, "/libgcc_s.so")) return 0;
  *static_cast<std::string*>(found) = object->dlpi_name;
  return 1;
}

/// Copies a library of this system to where `to` really is.
void copy_library(const std::string& to) {
  static const std::string from = [] {
    std::string name;
    dl_iterate_phdr(find_small_library, &name);
    return name;
  }();
  const long in = parity::raw(SYS_openat, AT_FDCWD, from.c_str(), O_RDONLY);
  const long out = parity::raw(SYS_openat, AT_FDCWD, to.c_str(), O_CREAT | O_WRONLY | O_TRUNC, 0755);
  parity::raw(SYS_sendfile, out, in, nullptr, 1 << 30);
  parity::raw(SYS_close, in);
  parity::raw(SYS_close, out);
}

/// What is loaded is libgcc: it has this function.
std::string loaded(void* handle) {
  std::string shown = handle ? "loaded" : "not loaded";
  if (!handle) return shown;
  shown += dlsym(handle, "_Unwind_Resume") ? ", works" : ", is something else";
  dlclose(handle);
  return shown;
}

/// The name of the library that something in it is known by.
std::string name_of(void* handle, bool with_details) {
  if (!handle) return "not loaded";
  Dl_info info{};
  link_map* map = nullptr;
  void* const in_it = dlsym(handle, "_Unwind_Resume");
  const int found =
      with_details ? dladdr1(in_it, &info, reinterpret_cast<void**>(&map), RTLD_DL_LINKMAP) : dladdr(in_it, &info);
  std::string shown = found ? std::string("in ") + info.dli_fname : "nowhere";
  if (map) shown += std::string(", by its map ") + map->l_name;
  dlclose(handle);
  return shown;
}

std::string shm_by_handle(const char* library, int mode) {
  void* handle = dlopen(library, mode);
  if (!handle) return "no handle";
  using Open = int (*)(const char*, int, mode_t);
  const auto open = reinterpret_cast<Open>(dlsym(handle, "shm_open"));
  return open ? parity::fd(open("/by-handle", O_CREAT | O_RDWR, 0600)) : "no shm_open";
}

}  // namespace

// First of all, while nothing else has made the library see to libc's own functions.
FAMILY(dlopen) {
  for (const char* library : {static_cast<const char*>(nullptr), "libc.so.6", "librt.so.1", "libpthread.so.0"})
    parity::once("dlopen", library ? library : "NULL", [&] { return shm_by_handle(library, RTLD_LAZY); });

  const std::string shm = parity::real_shm();
  for (const char* path :
       {"/dev/shm/lib.so", "/dev//shm/lib.so", "/dev/shm/dir/../lib.so", "/dev/shm/dir/lib.so", "/dev/shm/missing.so",
        "/dev/shm/f", "/dev/shm", "/dev/shm/../shm.bak/lib.so", "/dev/shm/outdir/lib.so", "/tmp/parity/lib.so"})
    for (const int mode : {RTLD_NOW, RTLD_LAZY | RTLD_GLOBAL, RTLD_LAZY | RTLD_NOLOAD}) {
      const auto once = [&](const char* function, const parity::Call& call) {
        parity::once(function, '"' + std::string(path) + "\", " + std::to_string(mode), [&] {
          for (const std::string& at : {shm, shm + "/dir", std::string("/dev/shm.bak"), std::string("/tmp/parity")})
            copy_library(at + "/lib.so");
          const std::string shown = call();
          for (const std::string& at : {shm, shm + "/dir", std::string("/dev/shm.bak"), std::string("/tmp/parity")})
            parity::raw(SYS_unlinkat, AT_FDCWD, (at + "/lib.so").c_str(), 0);
          return shown;
        });
      };
      once("dlopen", [=] { return loaded(dlopen(path, mode)); });
      once("dlmopen", [=] { return loaded(dlmopen(LM_ID_BASE, path, mode)); });
      once("dladdr", [=] { return name_of(dlopen(path, mode), false); });
      once("dladdr1", [=] { return name_of(dlopen(path, mode), true); });
    }
}
