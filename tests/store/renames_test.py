#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""With DEVSHM_STORE=memory a rename waits while names that lead nowhere are being removed, whichever way the names are given.

The test has the lock itself, and looks for the lock file among the descriptors of the process that renames.
"""
import ctypes
import fcntl
import os
import struct
import unittest

SHM = "/dev/shm"
LIBC = ctypes.CDLL(None, use_errno=True)
SYS_RENAMEAT2 = {"x86_64": 316, "aarch64": 276}[os.uname().machine]
SET_LOCK = 37  # F_OFD_SETLK


def lock(fd, kind):
    fcntl.fcntl(fd, SET_LOCK, struct.pack("hhqqi", kind, os.SEEK_SET, 0, 1, 0))


def has_open(process, path):
    names = os.listdir(f"/proc/{process}/fd")
    for name in names:
        try:
            if os.readlink(f"/proc/{process}/fd/{name}") == path:
                return True
        except FileNotFoundError:
            pass
    return False


def rename_relative():
    os.chdir(SHM)
    os.rename("a", "b")


def rename_at():
    directory = os.open(SHM, os.O_RDONLY)
    os.rename("a", "b", src_dir_fd=directory, dst_dir_fd=directory)


def rename_at_2():
    directory = os.open(SHM, os.O_RDONLY)
    if LIBC.renameat2(directory, b"a", directory, b"b", 1):
        raise OSError(ctypes.get_errno(), "renameat2")


def rename_by_number():
    os.chdir(SHM)
    if LIBC.syscall(SYS_RENAMEAT2, -100, b"a", -100, b"b", 0):
        raise OSError(ctypes.get_errno(), "syscall")


def rename_into():
    os.chdir("/dev")
    os.rename(SHM + "/a", "shm/b")


class Renames(unittest.TestCase):
    def test_wait_for_the_lock(self):
        with open(SHM + "/first", "w", encoding="ascii"):
            pass
        path = f"/tmp/.shm.memory.{os.geteuid()}.{os.getegid()}/lock"
        for rename in (rename_relative, rename_at, rename_at_2, rename_by_number, rename_into):
            with self.subTest(rename.__name__), open(SHM + "/a", "w", encoding="ascii"):
                mine = os.open(path, os.O_RDWR)
                lock(mine, fcntl.F_WRLCK)
                child = os.fork()
                if child == 0:
                    os.close(mine)
                    status = 1
                    try:
                        rename()
                        status = 0
                    finally:
                        os._exit(status)
                ended, waits = 0, False
                while not ended and not waits:
                    waits = has_open(child, path) and os.path.exists(SHM + "/a")
                    ended = os.waitpid(child, os.WNOHANG)[0]
                self.assertTrue(waits)
                lock(mine, fcntl.F_UNLCK)
                os.close(mine)
                self.assertEqual(os.waitpid(child, 0)[1], 0)
                self.assertTrue(os.path.exists(SHM + "/b"))
                os.unlink(SHM + "/b")


if __name__ == "__main__":
    unittest.main()
