#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""`serve`: POSIX shared memory and semaphores, and the file system beneath them."""
import contextlib
import ctypes
import errno
import fcntl
import mmap
import os
import pathlib
import signal
import socket
import stat
import subprocess
import sys
import time

import ground
from ground import LIBC, as_user, in_child

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


class Serve(ground.Case):
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


class Mappings(Serve):
    def test_stores_are_seen_by_who_opens_by_name(self):
        fd = self.make("m", b"\0" * PAGE)
        mapped = mmap.mmap(fd, PAGE)
        mapped[0:5] = b"hello"
        script = "import mmap,os,sys; f=os.open(sys.argv[1],os.O_RDWR); m=mmap.mmap(f,4096); " \
                 "assert m[:5]==b'hello' and os.pread(f,5,0)==b'hello'; m[:5]=b'world'"
        subprocess.run([sys.executable, "-c", script, self.path("m")], check=True)
        self.assertEqual(mapped[0:5], b"world")
        self.assertEqual(os.pread(fd, 5, 0), b"world")
        os.pwrite(fd, b"again", 0)
        self.assertEqual(mapped[0:5], b"again")
        mapped.close()

    def test_the_name_of_a_semaphore_is_linked_while_it_is_mapped(self):
        """As sem_open: a temporary file, mapped, linked to its name, unlinked; then somebody opens it by that name."""
        fd = self.make("temporary", b"\0" * 32)
        mapped = mmap.mmap(fd, 32)
        os.link(self.path("temporary"), self.path("sem.x"))
        os.unlink(self.path("temporary"))
        other = os.open(self.path("sem.x"), os.O_RDWR)
        again = mmap.mmap(other, 32)
        again[0] = 7
        self.assertEqual(mapped[0], 7)
        self.assertEqual(os.fstat(fd).st_ino, os.fstat(other).st_ino)
        for each in (mapped, again):
            each.close()
        os.close(other)

    def test_growing_and_shrinking_under_a_mapping(self):
        fd = self.make("t", b"a" * 3 * PAGE)
        mapped = mmap.mmap(fd, 3 * PAGE)
        os.ftruncate(fd, PAGE + 10)
        self.assertEqual(mapped[PAGE:PAGE + 20], b"a" * 10 + b"\0" * 10)

        def touch():
            signal.signal(signal.SIGBUS, signal.SIG_DFL)
            mapped[2 * PAGE] = 1
        self.assertEqual(in_child(touch), -signal.SIGBUS)
        os.ftruncate(fd, 3 * PAGE)
        self.assertEqual(mapped[2 * PAGE], 0)
        mapped[2 * PAGE] = 9
        self.assertEqual(os.pread(fd, 1, 2 * PAGE), b"\x09")
        mapped.close()

    def test_unlinked_while_open_and_mapped(self):
        fd = self.make("u", b"x" * PAGE)
        mapped = mmap.mmap(fd, PAGE)
        os.unlink(self.path("u"))
        self.assertEqual(os.fstat(fd).st_nlink, 0)
        os.ftruncate(fd, 2 * PAGE)
        os.pwrite(fd, b"end", 2 * PAGE - 3)
        mapped[0:1] = b"y"
        again = os.open("/proc/self/fd/%d" % fd, os.O_RDWR)
        self.assertEqual(os.pread(again, 1, 0), b"y")
        os.close(again)
        mapped.close()
        self.make("u", b"new")
        self.assertEqual(os.fstat(fd).st_size, 2 * PAGE)

    def test_futexes_wake_across_processes(self):
        """A process-shared semaphore in the mapping: its waiter sleeps in a futex on the page."""
        fd = self.make("s", b"\0" * PAGE)
        mapped = mmap.mmap(fd, PAGE)
        semaphore = ctypes.c_char.from_buffer(mapped)
        self.assertEqual(LIBC.sem_init(ctypes.byref(semaphore), 1, 0), 0)
        script = "import ctypes,mmap,os,sys; m=mmap.mmap(os.open(sys.argv[1],os.O_RDWR),4096); print(flush=True); " \
                 "sys.exit(ctypes.CDLL(None).sem_wait(ctypes.byref(ctypes.c_char.from_buffer(m))))"
        waiter = subprocess.Popen([sys.executable, "-c", script, self.path("s")], stdout=subprocess.PIPE)
        waiter.stdout.readline()
        deadline = time.monotonic() + ground.SECONDS
        while "futex" not in pathlib.Path("/proc/%d/wchan" % waiter.pid).read_text() and time.monotonic() < deadline:
            time.sleep(0.01)
        self.assertIsNone(waiter.poll())
        LIBC.sem_post(ctypes.byref(semaphore))
        self.assertEqual(waiter.wait(ground.SECONDS), 0)
        waiter.stdout.close()
        del semaphore
        mapped.close()


class Names(Serve):
    def test_rename_with_all_flags(self):
        first, second = os.fstat(self.make("a")).st_ino, os.fstat(self.make("b")).st_ino
        self.fails(errno.EEXIST, rename, self.path("a"), self.path("b"), RENAME_NOREPLACE)
        rename(self.path("a"), self.path("b"), RENAME_EXCHANGE)
        self.assertEqual((os.stat(self.path("a")).st_ino, os.stat(self.path("b")).st_ino), (second, first))
        self.fails(errno.ENOENT, rename, self.path("a"), self.path("c"), RENAME_EXCHANGE)
        rename(self.path("a"), self.path("c"), RENAME_NOREPLACE)
        rename(self.path("c"), self.path("d"), RENAME_WHITEOUT)
        left = os.stat(self.path("c"))
        self.assertTrue(stat.S_ISCHR(left.st_mode) and left.st_rdev == 0)
        os.rename(self.path("d"), self.path("b"))
        self.assertEqual(os.stat(self.path("b")).st_ino, second)
        self.assertEqual(sorted(os.listdir(self.point)), ["b", "c"])

    def test_o_tmpfile_and_its_name(self):
        fd = os.open(self.point, os.O_TMPFILE | os.O_RDWR, 0o640)
        os.write(fd, b"content")
        self.assertEqual((os.fstat(fd).st_nlink, os.listdir(self.point)), (0, []))
        tmpfile_link(fd, self.path("named"))
        self.assertEqual(pathlib.Path(self.path("named")).read_bytes(), b"content")
        found = os.stat(self.path("named"))
        self.assertEqual((found.st_nlink, stat.S_IMODE(found.st_mode), found.st_ino), (1, 0o640, os.fstat(fd).st_ino))
        os.close(fd)
        fd = os.open(self.point, os.O_TMPFILE | os.O_RDWR | os.O_EXCL, 0o600)
        self.fails(errno.ENOENT, tmpfile_link, fd, self.path("never"))
        os.close(fd)

    def test_names_up_to_255_bytes_and_no_longer(self):
        longest, longer = "n" * 255, "n" * 256
        self.make(longest)
        self.assertEqual(os.listdir(self.point), [longest])
        for function, arguments in ((os.stat, ()), (os.mkdir, ()), (os.mkfifo, ()), (os.unlink, ()), (os.rmdir, ()),
                                    (os.open, (os.O_CREAT | os.O_RDWR,))):
            self.fails(errno.ENAMETOOLONG, function, self.path(longer), *arguments)
        for function in (os.link, os.rename):
            self.fails(errno.ENAMETOOLONG, function, self.path(longest), self.path(longer))
        self.fails(errno.ENAMETOOLONG, os.symlink, "x", self.path(longer))

    def test_numbers_are_never_used_again(self):
        seen = set()
        for _ in range(50):
            fd = os.open(self.path("x"), os.O_CREAT | os.O_RDWR)
            seen.add(os.fstat(fd).st_ino)
            os.close(fd)
            os.unlink(self.path("x"))
        self.assertEqual(len(seen), 50)

    def test_the_dots_of_the_root(self):
        self.make("a")
        found = {entry.name: entry for entry in os.scandir(self.point)}
        self.assertEqual(set(found), {"a"})
        self.assertEqual(os.stat(self.path(".")).st_ino, os.stat(self.point).st_ino)
        self.assertEqual(os.stat(self.path("..")).st_ino, os.stat(self.dir).st_ino)
        listed = subprocess.run(["ls", "-ai1", self.point], stdout=subprocess.PIPE, text=True, check=True).stdout.split()
        self.assertEqual(listed[1::2], [".", "..", "a"])
        self.assertEqual(listed[0], str(os.stat(self.point).st_ino))

    def test_what_was_absent_is_found_when_it_is_made(self):
        """The kernel may remember that a name is absent; each way of making it ends that."""
        def absent(name):
            self.fails(errno.ENOENT, os.stat, self.point + "/" + name)
        other = self.point + "/other"
        os.close(os.open(other, os.O_CREAT))
        for name, make in (("open", lambda path: os.close(os.open(path, os.O_CREAT | os.O_EXCL))), ("mkdir", os.mkdir),
                           ("mkfifo", os.mkfifo), ("symlink", lambda path: os.symlink("x", path)),
                           ("link", lambda path: os.link(other, path)), ("rename", lambda path: os.rename(other, path))):
            for _ in range(2):
                absent(name)
            make(self.point + "/" + name)
            self.assertEqual(os.lstat(self.point + "/" + name).st_ino > 1, True)
        absent("other")

    def test_the_parent_of_a_directory_that_moved(self):
        def numbers(path):
            """{name: number} as readdir says them, which the kernel may have read before."""
            lines = subprocess.run(["ls", "-fi1", path], stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
            return {name: int(number) for number, name in (line.split() for line in lines)}
        for name in ("a", "b", "a/d", "b/e"):
            os.mkdir(self.point + "/" + name)
        for _ in range(2):
            self.assertEqual(numbers(self.point + "/a/d")[".."], os.stat(self.point + "/a").st_ino)
            self.assertEqual(numbers(self.point + "/b/e")[".."], os.stat(self.point + "/b").st_ino)
        os.rename(self.point + "/a/d", self.point + "/b/d")
        self.assertEqual(numbers(self.point + "/b/d")[".."], os.stat(self.point + "/b").st_ino)
        self.assertEqual(set(numbers(self.point + "/b")), {".", "..", "d", "e"})
        self.assertEqual(set(numbers(self.point + "/a")), {".", ".."})

    def test_reading_a_directory_while_it_changes(self):
        stays = {"stays%d" % i for i in range(3000)}
        for name in stays:
            os.close(os.open(self.path(name), os.O_CREAT))
        seen = []
        for number, entry in enumerate(os.scandir(self.point)):
            seen.append(entry.name)
            os.close(os.open(self.path("new%d" % number), os.O_CREAT))  # never the end, if these came too
            if number % 3 == 0:
                os.unlink(self.path("new%d" % number))
        self.assertEqual(sorted(seen), sorted(stays))

    def test_all_types(self):
        os.mkfifo(self.path("fifo"), 0o600)
        os.symlink("fi" + "fo", self.path("link"))
        os.mknod(self.path("null"), stat.S_IFCHR | 0o600, os.makedev(1, 3))
        with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
            server.bind(self.path("socket"))
            server.listen()
            client.connect(self.path("socket"))
        self.assertEqual(os.readlink(self.path("link")), "fifo")
        self.assertEqual({name: stat.S_IFMT(os.lstat(self.path(name)).st_mode) for name in os.listdir(self.point)},
                         {"fifo": stat.S_IFIFO, "link": stat.S_IFLNK, "null": stat.S_IFCHR, "socket": stat.S_IFSOCK})
        self.assertEqual(os.stat(self.path("null")).st_rdev, os.makedev(1, 3))
        self.fails(errno.EACCES, os.open, self.path("null"), os.O_RDWR)  # nodev
        reader = os.open(self.path("fifo"), os.O_RDONLY | os.O_NONBLOCK)
        writer = os.open(self.path("link"), os.O_WRONLY)
        os.write(writer, b"through")
        self.assertEqual(os.read(reader, 100), b"through")
        os.close(reader)
        os.close(writer)


class Space(Serve):
    def test_fallocate_as_a_tmpfs(self):
        fd = self.make("f")
        fallocate(fd, 0, 0, 3 * PAGE)
        self.assertEqual((os.fstat(fd).st_size, os.fstat(fd).st_blocks), (3 * PAGE, 24))
        fallocate(fd, KEEP_SIZE, 3 * PAGE, PAGE)
        self.assertEqual((os.fstat(fd).st_size, os.fstat(fd).st_blocks), (3 * PAGE, 32))
        os.pwrite(fd, b"x" * 3 * PAGE, 0)
        fallocate(fd, PUNCH_HOLE | KEEP_SIZE, PAGE, PAGE)
        self.assertEqual(os.pread(fd, 3 * PAGE, 0), b"x" * PAGE + b"\0" * PAGE + b"x" * PAGE)
        self.assertEqual(os.fstat(fd).st_blocks, 24)
        self.fails(errno.EOPNOTSUPP, fallocate, fd, ZERO_RANGE, 0, PAGE)
        os.posix_fallocate(fd, 0, 5 * PAGE)
        self.assertEqual(os.fstat(fd).st_size, 5 * PAGE)

    def test_a_hole_is_punched_under_a_mapping(self):
        fd = self.make("f", b"x" * 2 * PAGE)
        mapped = mmap.mmap(fd, 2 * PAGE)
        self.assertEqual(mapped[PAGE], ord("x"))
        mapped.madvise(9, PAGE, PAGE)  # MADV_REMOVE
        self.assertEqual((mapped[PAGE - 1], mapped[PAGE]), (ord("x"), 0))
        mapped.close()

    def test_holes_and_data(self):
        fd = self.make("f")
        os.ftruncate(fd, 10 * PAGE)
        os.pwrite(fd, b"x", 4 * PAGE)
        self.assertEqual(os.lseek(fd, 0, os.SEEK_DATA), 4 * PAGE)
        self.assertEqual(os.lseek(fd, 4 * PAGE, os.SEEK_HOLE), 5 * PAGE)
        self.fails(errno.ENXIO, os.lseek, fd, 5 * PAGE, os.SEEK_DATA)
        self.assertEqual(os.lseek(fd, 6 * PAGE, os.SEEK_HOLE), 6 * PAGE)


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
        self.assertEqual({name: (os.lstat(self.path(name)).st_uid, os.lstat(self.path(name)).st_gid)
                          for name in os.listdir(self.point)},
                         {"f": (1001, 1001), "d": (1001, 1001), "l": (1001, 1001), "p": (1002, 77)})

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
        if "passthrough: no" in self.devshmd("--status", self.point).stdout:  # else no write is seen; the mount is nosuid
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
        start = time.time_ns() - 10_000_000  # the kernel's clock for files ticks more slowly
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
        os.utime(path, (1, 1))  # what the kernel has cached of the contents goes: the next read is seen without passthrough, too
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


class Locks(Serve):
    def test_all_three_kinds_are_seen_by_other_processes(self):
        fd = self.make("f", b"x" * 100)

        def try_locks():
            other = os.open(self.path("f"), os.O_RDWR)
            results = 0
            for bit, lock in enumerate((lambda: fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB),
                                        lambda: fcntl.lockf(other, fcntl.LOCK_EX | fcntl.LOCK_NB, 10, 0),
                                        lambda: fcntl.lockf(other, fcntl.LOCK_EX | fcntl.LOCK_NB, 10, 50))):
                try:
                    lock()
                except BlockingIOError:
                    results |= 1 << bit
            return results
        self.assertEqual(in_child(try_locks), 0)
        fcntl.flock(fd, fcntl.LOCK_EX)
        self.assertEqual(in_child(try_locks), 1)
        fcntl.lockf(fd, fcntl.LOCK_EX, 10, 0)
        self.assertEqual(in_child(try_locks), 3)
        of_description = (b"\1\0" + b"\0" * 6 + (50).to_bytes(8, "little") + (10).to_bytes(8, "little") + b"\0" * 8)
        fcntl.fcntl(fd, 37, of_description)  # F_OFD_SETLK, F_WRLCK
        self.assertEqual(in_child(try_locks), 7)


class PythonPrimitives(ground.Case):
    def test_the_job_on_the_mount_without_the_preload(self):
        daemon = self.start("serve", point="/dev/shm")
        done = subprocess.run([sys.executable, ground.TOP / "tests/apps/python/primitives.py"], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn(" 0 failed", done.stdout)
        self.assertEqual(os.listdir("/dev/shm"), [])
        self.ends_well(daemon)


if __name__ == "__main__":
    ground.main()
