# SPDX-License-Identifier: MIT
"""Parity: calls that Python has not, or not with all their flags."""
import ctypes
import os
import socket

LIBC = ctypes.CDLL(None, use_errno=True)
PAGE = 4096
AT_FDCWD, AT_SYMLINK_FOLLOW, AT_EMPTY_PATH = -100, 0x400, 0x1000
NOREPLACE, EXCHANGE, WHITEOUT = 1, 2, 4
KEEP, PUNCH, COLLAPSE, ZERO, INSERT, UNSHARE = 1, 2, 8, 16, 32, 64
CLOCK_REALTIME_COARSE = 5
OLD = 10**18  # a time in 2001, in nanoseconds: whoever changes a time makes it later


def libc(name, *arguments):
    ctypes.set_errno(0)
    result = getattr(LIBC, name)(*[ctypes.c_long(a) if isinstance(a, int) else a for a in arguments])
    if result < 0:
        raise OSError(ctypes.get_errno(), name)
    return result


def renameat2(old, new, flags):
    return libc("renameat2", AT_FDCWD, os.fsencode(old), AT_FDCWD, os.fsencode(new), flags)


def linkat(old, new, flags, directory=AT_FDCWD):
    return libc("linkat", directory, os.fsencode(old), AT_FDCWD, os.fsencode(new), flags)


def fallocate(fd, mode, offset, length):
    return libc("fallocate", fd, mode, offset, length)


def creat(path, flags, mode=0o644):
    os.close(os.open(path, flags | os.O_NONBLOCK, mode))


def bind(path):
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(path)


def utime(path, follow=True):
    os.utime(path, ns=(OLD, OLD), follow_symlinks=follow)


def statfs(path):
    found = os.statvfs(path)
    return found.f_bsize, found.f_frsize, found.f_namemax, found.f_flag & ~os.ST_RELATIME


def lister(path):
    return sorted(os.listdir(path))


class user_of:
    """This user in the eyes of the file system, without any other group."""

    def __init__(self, uid):
        self.uid = uid

    def __enter__(self):
        if self.uid:
            os.setgroups([77] if self.uid == 1001 else [])
            os.setegid(self.uid)
            os.seteuid(self.uid)

    def __exit__(self, *_):
        if self.uid:
            os.seteuid(0)
            os.setegid(0)
            os.setgroups([])
