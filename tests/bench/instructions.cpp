// SPDX-License-Identifier: MIT
//
// Calls a function COUNT times on a path, for valgrind to count the instructions of: the difference between two counts
// is what the calls took, in user space.
//
//   instructions open|stat|access|statfs PATH COUNT
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

int main(int count, char** arguments) {
  alignas(16) static char path[4096];
  if (count != 4 || std::strlen(arguments[2]) >= sizeof path) return 2;
  std::strcpy(path, arguments[2]);
  for (int i = std::atoi(arguments[3]); i > 0; --i) {
    struct stat status;
    struct statfs fs;
    switch (arguments[1][0]) {
      case 'o': close(open(path, O_RDONLY)); break;
      case 'a': (void)!access(path, F_OK); break;
      default: arguments[1][4] == 'f' ? statfs(path, &fs) : stat(path, &status);
    }
  }
  return 0;
}
