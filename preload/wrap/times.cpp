// SPDX-License-Identifier: MIT
//
// Times of files. A null path, where one is allowed, means the descriptor itself.
#include <sys/stat.h>
#include <sys/time.h>
#include <utime.h>

#include "wrapper.h"

FORWARD(utime, path, 1);
FORWARD(utimes, path, 1);
FORWARD(lutimes, path, 1);
FORWARD(futimesat, path_at, 2);
FORWARD(utimensat, path_at, 2);
