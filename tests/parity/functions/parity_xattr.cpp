// SPDX-License-Identifier: MIT
#include <string.h>
#include <sys/xattr.h>

#include "parity.h"
#include "raw.h"

using parity::number;

namespace {

char buffer[256];

/// Shows a result with what was read.
std::string shown(long result) {
  std::string text = number(result);
  if (result <= 0) return text;
  const std::string read(buffer,
                         static_cast<std::size_t>(result) < sizeof buffer ? static_cast<std::size_t>(result) : 0);
  for (const char c : read) text += c ? c : ' ';
  return text;
}

/// Gives the usual files an attribute, past the library, and lets the call find it.
template <class Call>
auto with_attributes(Call call) {
  return [call](const char* path) {
    const int saved = errno;
    const std::string& shm = parity::real_shm();
    for (const std::string& at :
         std::vector<std::string>{shm, shm + "/f", shm + "/dir", "/dev/shmfoo", "/tmp/parity/o"})
      parity::raw(SYS_setxattr, at.c_str(), "user.known", "value", 5, 0);
    parity::raw(SYS_lsetxattr, (shm + "/link").c_str(), "trusted.link", "own", 3, 0);
    errno = saved;
    return call(path);
  };
}

}  // namespace

FAMILY(xattr) {
  EACH_PATH(number, setxattr, path, "user.new", "text", 4, 0);
  EACH_PATH(number, setxattr, path, "user.new", "text", 4, XATTR_REPLACE);
  EACH_PATH(number, setxattr, path, "nonsense", "text", 4, XATTR_CREATE);
  EACH_PATH(number, setxattr, path, "trusted.new", "text", 4, XATTR_CREATE);
  EACH_PATH(number, lsetxattr, path, "user.new", "text", 4, 0);
  EACH_PATH(number, lsetxattr, path, "trusted.new", "text", 4, 0);

  const auto each = [](const char* function, const char* arguments, auto call) {
    parity::each_path(function, arguments, with_attributes(call));
  };
  constexpr std::size_t size = sizeof buffer;
  each("getxattr", "path, \"user.known\", buffer",
       [](const char* path) { return shown(getxattr(path, "user.known", buffer, size)); });
  each("getxattr", "path, \"user.known\", 2 bytes",
       [](const char* path) { return number(getxattr(path, "user.known", buffer, 2)); });
  each("getxattr", "path, \"user.other\"",
       [](const char* path) { return shown(getxattr(path, "user.other", buffer, size)); });
  each("lgetxattr", "path, \"user.known\"",
       [](const char* path) { return shown(lgetxattr(path, "user.known", buffer, size)); });
  each("lgetxattr", "path, \"trusted.link\"",
       [](const char* path) { return shown(lgetxattr(path, "trusted.link", buffer, size)); });
  each("listxattr", "path", [](const char* path) { return shown(listxattr(path, buffer, size)); });
  each("listxattr", "path, no buffer", [](const char* path) { return number(listxattr(path, nullptr, 0)); });
  each("llistxattr", "path", [](const char* path) { return shown(llistxattr(path, buffer, size)); });
  each("removexattr", "path, \"user.known\"", [](const char* path) { return number(removexattr(path, "user.known")); });
  each("lremovexattr", "path, \"trusted.link\"",
       [](const char* path) { return number(lremovexattr(path, "trusted.link")); });
}
