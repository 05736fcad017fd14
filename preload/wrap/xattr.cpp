// SPDX-License-Identifier: MIT
//
// Extended attributes.
#include <sys/xattr.h>

#include "wrapper.h"

FORWARD(setxattr, path, 1);
FORWARD(lsetxattr, path, 1);
FORWARD(getxattr, path, 1);
FORWARD(lgetxattr, path, 1);
FORWARD(listxattr, path, 1);
FORWARD(llistxattr, path, 1);
FORWARD(removexattr, path, 1);
FORWARD(lremovexattr, path, 1);
