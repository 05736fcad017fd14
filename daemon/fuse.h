// SPDX-License-Identifier: MIT
// Includes libfuse, with the same version of its interface in every file.
#pragma once

#define FUSE_USE_VERSION 312
#include <fuse_lowlevel.h>

/// Does libfuse negotiate by itself all that is used here? It does from 3.17 on. Before, it takes
/// fuse_session_custom_io, which 3.18 need not have (Debian's has not).
#define LIBFUSE_NEGOTIATES (FUSE_VERSION >= FUSE_MAKE_VERSION(3, 17))
