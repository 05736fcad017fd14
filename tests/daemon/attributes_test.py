#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""`serve`: owners, modes, times and extended attributes."""
import contextlib
import errno
import mmap
import os
import pathlib
import stat
import time

import fixture
from fixture import as_user
from parity_system import CLOCK_REALTIME_COARSE
from serving import Serve


class Users(Serve):
    def test_what_is_made_belongs_to_the_caller(self):
        with as_user(1001):
            self.make("f", mode=0o600)
            os.mkdir(self.path("d"), 0o700)
            os.symlink("x", self.path("l"))
        with as_user(1002, 77):
            os.mkfifo(self.path("p"))
            self.fails(errno.EACCES, os.open, self.path("f"), os.O_RDONLY)
            self.fails(errno.EACCES, os.listdir, self.path("d"))
        self.assertEqual(
            {
                name: (os.lstat(self.path(name)).st_uid, os.lstat(self.path(name)).st_gid)
                for name in os.listdir(self.point)
            },
            {"f": (1001, 1001), "d": (1001, 1001), "l": (1001, 1001), "p": (1002, 77)},
        )

    def test_the_umask_counts_once(self):
        before = os.umask(0o027)
        try:
            self.make("f", mode=0o666)
            os.mkdir(self.path("d"), 0o777)
        finally:
            os.umask(before)
        self.assertEqual([stat.S_IMODE(os.stat(self.path(name)).st_mode) for name in "fd"], [0o640, 0o750])

    def test_sticky(self):
        self.assertEqual(stat.S_IMODE(os.stat(self.point).st_mode), 0o1777)
        self.make("roots")
        with as_user(1001):
            self.make("mine")
            self.fails(errno.EPERM, os.unlink, self.path("roots"))
            self.fails(errno.EPERM, os.rename, self.path("roots"), self.path("x"))
        with as_user(1002):
            self.fails(errno.EPERM, os.unlink, self.path("mine"))
        with as_user(1001):
            os.unlink(self.path("mine"))

    def test_setgid_directories(self):
        os.mkdir(self.path("d"))
        os.chown(self.path("d"), -1, 77)
        os.chmod(self.path("d"), 0o2777)
        with as_user(1001):
            self.make("d/f")
            os.mkdir(self.path("d/sub"))
        self.assertEqual([os.stat(self.path(name)).st_gid for name in ("d/f", "d/sub")], [77, 77])
        self.assertTrue(os.stat(self.path("d/sub")).st_mode & stat.S_ISGID)

    def test_set_id_bits_go_when_others_write(self):
        fd = self.make("f", mode=0o666)
        os.fchmod(fd, 0o6777)
        with as_user(1001):
            other = os.open(self.path("f"), os.O_WRONLY)
            os.write(other, b"x")
            os.close(other)
        if (
            "passthrough: no" in self.devshmd("--status", self.point).stdout
        ):  # else no write is seen; the mount is nosuid
            self.assertEqual(stat.S_IMODE(os.stat(self.path("f")).st_mode), 0o777)
        os.fchmod(fd, 0o6777)
        os.fchown(fd, 1001, 1001)
        self.assertEqual(stat.S_IMODE(os.stat(self.path("f")).st_mode), 0o777)
        os.fchmod(fd, 0o6777)
        with as_user(1001):
            os.truncate(self.path("f"), 0)
        self.assertEqual(stat.S_IMODE(os.stat(self.path("f")).st_mode), 0o777)


class Attributes(Serve):
    def test_extended_attributes(self):
        self.make("f")
        os.mkdir(self.path("d"))
        for name in ("f", "d", "."):
            path = self.path(name)
            os.setxattr(path, "user.a", b"1")
            self.fails(errno.EEXIST, os.setxattr, path, "user.a", b"2", os.XATTR_CREATE)
            self.fails(errno.ENODATA, os.setxattr, path, "user.b", b"2", os.XATTR_REPLACE)
            os.setxattr(path, "user.a", b"3", os.XATTR_REPLACE)
            self.assertEqual((os.getxattr(path, "user.a"), os.listxattr(path)), (b"3", ["user.a"]))
            os.removexattr(path, "user.a")
            self.fails(errno.ENODATA, os.getxattr, path, "user.a")
        os.setxattr(self.path("f"), "trusted.t", b"root's")
        os.setxattr(self.path("f"), "user.u", b"x" * 60000)
        with as_user(1001):
            self.assertEqual(os.listxattr(self.path("f")), ["user.u"])
            self.fails(errno.ENODATA, os.getxattr, self.path("f"), "trusted.t")
            self.fails(errno.EACCES, os.setxattr, self.path("f"), "user.x", b"")
        self.fails(errno.EOPNOTSUPP, os.setxattr, self.path("f"), "nonsense.x", b"")

    def test_times(self):
        fd = self.make("f", b"x")

        def times():
            found = os.fstat(fd)
            return found.st_atime_ns, found.st_mtime_ns, found.st_ctime_ns

        os.utime(fd, ns=(1_000_000_001, 2_000_000_002))
        self.assertEqual(times()[:2], (1_000_000_001, 2_000_000_002))
        start = time.clock_gettime_ns(CLOCK_REALTIME_COARSE) - 1  # files have this clock's time, or a finer one's
        os.pwrite(fd, b"y", 0)
        self.assertGreater(times()[1], start)
        os.utime(fd, ns=(1, 1))
        other = os.open(self.path("f"), os.O_RDWR)
        mapped = mmap.mmap(other, 1)
        mapped[0:1] = b"z"
        mapped.flush()
        self.assertGreater(times()[1], start, "stores into a mapping")
        mapped[0:1] = b"u"
        os.utime(fd, ns=(1, 1))
        mapped.close()
        os.close(other)
        self.assertEqual(times()[1], 1, "what was stored before the times were set, and is brought after it")
        os.truncate(self.path("f"), 1)
        self.assertEqual(times()[1], 1, "a truncate that changes nothing")
        os.ftruncate(fd, 1)
        self.assertGreater(times()[1], start)

    def test_o_noatime(self):
        path, directory = self.point + "/f", self.point + "/d"
        pathlib.Path(path).write_bytes(b"x")
        os.mkdir(directory)
        for what in (path, directory):
            os.utime(what, (1, 1))

        def read(flags):
            with contextlib.closing(Descriptor(path, flags)) as file:
                os.read(file.fd, 1)
            with contextlib.closing(Descriptor(directory, os.O_DIRECTORY | flags)) as opened:
                os.listdir(opened.fd)

        read(os.O_NOATIME)
        self.assertEqual([os.stat(what).st_atime for what in (path, directory)], [1, 1])
        os.utime(
            path, (1, 1)
        )  # what the kernel has cached of the contents goes: the next read is seen without passthrough, too
        self.touch_entries(directory)
        read(0)
        self.assertGreater(os.stat(path).st_atime, 1)
        self.assertGreater(os.stat(directory).st_atime, 1)

    def touch_entries(self, directory):
        os.mkdir(directory + "/x")
        os.rmdir(directory + "/x")


class Descriptor:
    def __init__(self, path, flags):
        self.fd = os.open(path, os.O_RDONLY | flags)

    def close(self):
        os.close(self.fd)


if __name__ == "__main__":
    fixture.main()
