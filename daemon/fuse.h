// SPDX-License-Identifier: MIT
// Includes libfuse, with the same version of its interface in every file.
#pragma once

#define FUSE_USE_VERSION 312
#include <fuse_lowlevel.h>
