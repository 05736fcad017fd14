// SPDX-License-Identifier: MIT
//
// Extended attributes.
#include <sys/xattr.h>

#include "forward.h"

EXPORT int setxattr(const char* path, const char* name, const void* value, size_t size, int flags) NOTHROW {
  return forward(NEXT(setxattr), Path(path), name, value, size, flags);
}
EXPORT int lsetxattr(const char* path, const char* name, const void* value, size_t size, int flags) NOTHROW {
  return forward(NEXT(lsetxattr), Path(path), name, value, size, flags);
}
EXPORT ssize_t getxattr(const char* path, const char* name, void* value, size_t size) NOTHROW {
  return forward(NEXT(getxattr), Path(path), name, value, size);
}
EXPORT ssize_t lgetxattr(const char* path, const char* name, void* value, size_t size) NOTHROW {
  return forward(NEXT(lgetxattr), Path(path), name, value, size);
}
EXPORT ssize_t listxattr(const char* path, char* list, size_t size) NOTHROW {
  return forward(NEXT(listxattr), Path(path), list, size);
}
EXPORT ssize_t llistxattr(const char* path, char* list, size_t size) NOTHROW {
  return forward(NEXT(llistxattr), Path(path), list, size);
}
EXPORT int removexattr(const char* path, const char* name) NOTHROW {
  return forward(NEXT(removexattr), Path(path), name);
}
EXPORT int lremovexattr(const char* path, const char* name) NOTHROW {
  return forward(NEXT(lremovexattr), Path(path), name);
}
