// SPDX-License-Identifier: MIT
// libfuse, the same version of its interface everywhere.
#pragma once

#define FUSE_USE_VERSION 312
#include <fuse_lowlevel.h>
