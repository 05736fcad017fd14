#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""`serve`: mappings, holes and locks, as shared memory and semaphores need them."""
import ctypes
import errno
import fcntl
import mmap
import os
import pathlib
import signal
import subprocess
import sys

import fixture
from fixture import LIBC, in_child
from ground.waiting import wait_for
from serving import KEEP_SIZE, PAGE, PUNCH_HOLE, Serve, ZERO_RANGE, fallocate


class Mappings(Serve):
    def test_stores_are_seen_by_who_opens_by_name(self):
        fd = self.make("m", b"\0" * PAGE)
        mapped = mmap.mmap(fd, PAGE)
        mapped[0:5] = b"hello"
        script = (
            "import mmap,os,sys; f=os.open(sys.argv[1],os.O_RDWR); m=mmap.mmap(f,4096); "
            "assert m[:5]==b'hello' and os.pread(f,5,0)==b'hello'; m[:5]=b'world'"
        )
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
        self.assertEqual(mapped[PAGE : PAGE + 20], b"a" * 10 + b"\0" * 10)

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
        script = (
            "import ctypes,mmap,os,sys; m=mmap.mmap(os.open(sys.argv[1],os.O_RDWR),4096); print(flush=True); "
            "sys.exit(ctypes.CDLL(None).sem_wait(ctypes.byref(ctypes.c_char.from_buffer(m))))"
        )
        waiter = subprocess.Popen([sys.executable, "-c", script, self.path("s")], stdout=subprocess.PIPE)
        waiter.stdout.readline()
        futex = {"x86_64": "202", "aarch64": "98"}[os.uname().machine]
        call = pathlib.Path("/proc/%d/syscall" % waiter.pid)
        wait_for(lambda: call.read_text().split()[0] == futex, "it waits")
        self.assertIsNone(waiter.poll())
        LIBC.sem_post(ctypes.byref(semaphore))
        self.assertEqual(waiter.wait(fixture.SECONDS), 0)
        waiter.stdout.close()
        del semaphore
        mapped.close()


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


class Locks(Serve):
    def test_all_three_kinds_are_seen_by_other_processes(self):
        fd = self.make("f", b"x" * 100)

        def try_locks():
            other = os.open(self.path("f"), os.O_RDWR)
            results = 0
            for bit, lock in enumerate(
                (
                    lambda: fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB),
                    lambda: fcntl.lockf(other, fcntl.LOCK_EX | fcntl.LOCK_NB, 10, 0),
                    lambda: fcntl.lockf(other, fcntl.LOCK_EX | fcntl.LOCK_NB, 10, 50),
                )
            ):
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
        of_description = b"\1\0" + b"\0" * 6 + (50).to_bytes(8, "little") + (10).to_bytes(8, "little") + b"\0" * 8
        fcntl.fcntl(fd, 37, of_description)  # F_OFD_SETLK, F_WRLCK
        self.assertEqual(in_child(try_locks), 7)


class PythonPrimitives(fixture.Case):
    def test_the_job_on_the_mount_without_the_preload(self):
        daemon = self.start("serve", point="/dev/shm")
        done = subprocess.run(
            [sys.executable, fixture.TOP / "tests/apps/python/primitives.py"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn(" 0 failed", done.stdout)
        self.assertEqual(os.listdir("/dev/shm"), [])
        self.ends_well(daemon)


if __name__ == "__main__":
    fixture.main()
