# SPDX-License-Identifier: MIT
"""A mount that serves files, and calls that Python lacks."""
import ctypes
import os

import fixture
from fixture import LIBC

RENAME_NOREPLACE, RENAME_EXCHANGE, RENAME_WHITEOUT = 1, 2, 4
KEEP_SIZE, PUNCH_HOLE, ZERO_RANGE = 1, 2, 16
PAGE = 4096


def checked(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def rename(old, new, flags):
    checked(LIBC.renameat2(-100, os.fsencode(old), -100, os.fsencode(new), flags))


def fallocate(fd, mode, offset, length):
    checked(LIBC.fallocate(fd, mode, ctypes.c_long(offset), ctypes.c_long(length)))


def tmpfile_link(fd, path):
    """As glibc and systemd do it."""
    checked(LIBC.linkat(-100, b"/proc/self/fd/%d" % fd, -100, os.fsencode(path), 0x400))


class Serve(fixture.Case):
    arguments = ("serve", "--allow-other")

    def setUp(self):
        super().setUp()
        self.daemon = self.start(*self.arguments)

    def path(self, name):
        return self.point + "/" + name

    def make(self, name, content=b"", mode=0o644):
        fd = os.open(self.path(name), os.O_RDWR | os.O_CREAT | os.O_EXCL, mode)
        self.addCleanup(os.close, fd)
        os.write(fd, content)
        return fd
