#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What bounds there are: room, memory, who may use it, what may be run."""
import errno
import mmap
import os
import pathlib
import re
import shutil
import signal
import subprocess

import fixture
from fixture import as_user, in_child, options_of
from ground.waiting import wait_for
from serving import fallocate, KEEP_SIZE, PAGE, PUNCH_HOLE


class Size(fixture.Case):
    def begin(self, *arguments):
        self.daemon = self.start("serve", *arguments)
        shown = self.devshmd("--status", self.point).stdout
        self.passthrough = "passthrough: yes" in shown

    def open(self, name):
        fd = os.open(self.point + "/" + name, os.O_RDWR | os.O_CREAT)
        self.addCleanup(os.close, fd)
        return fd

    def left(self):
        found = os.statvfs(self.point)
        self.assertEqual((found.f_bsize, found.f_frsize, found.f_namemax), (PAGE, PAGE, 255))
        self.assertEqual(found.f_bfree, found.f_bavail)
        return found.f_bavail

    def test_writes(self):
        self.begin("--size", "64K")
        self.assertEqual((os.statvfs(self.point).f_blocks, self.left()), (16, 16))
        fd = self.open("f")
        self.assertEqual(os.write(fd, b"x" * 10 * PAGE), 10 * PAGE)
        self.assertEqual(self.left(), 6)
        self.assertEqual(os.write(fd, b"x" * 10 * PAGE), 6 * PAGE, "as much as there is room for")
        self.fails(errno.ENOSPC, os.write, fd, b"x")
        self.assertEqual(os.pwrite(fd, b"y" * 16 * PAGE, 0), 16 * PAGE, "over what is there")
        os.ftruncate(fd, 5 * PAGE)
        self.assertEqual(self.left(), 11)
        os.unlink(self.point + "/f")
        self.assertEqual(self.left(), 11, "it is still open")

    def test_fallocate(self):
        self.begin("--size", "64K")
        fd = self.open("f")
        self.fails(errno.ENOSPC, fallocate, fd, 0, 0, 17 * PAGE)
        self.assertEqual(self.left(), 16)
        fallocate(fd, 0, 0, 16 * PAGE)
        self.assertEqual(self.left(), 0)
        self.assertEqual(os.write(fd, b"x" * 16 * PAGE), 16 * PAGE, "what was reserved is there")
        fallocate(fd, PUNCH_HOLE | KEEP_SIZE, 0, 4 * PAGE)
        self.assertEqual(self.left(), 4)

    def test_ftruncate_and_the_mapping(self):
        self.begin("--size", "64K")
        fd = self.open("f")
        if self.passthrough:
            os.ftruncate(fd, 100 * PAGE)  # a hole, as on tmpfs; who stores too much gets SIGBUS
            mapped = mmap.mmap(fd, 100 * PAGE)

            def store():
                signal.signal(signal.SIGBUS, signal.SIG_DFL)
                for page in range(100):
                    mapped[page * PAGE] = 1

            self.assertEqual(in_child(store), -signal.SIGBUS)
            self.assertEqual(self.left(), 0)
        else:
            self.fails(errno.ENOSPC, os.ftruncate, fd, 17 * PAGE)  # rather than stores that get lost
            os.ftruncate(fd, 16 * PAGE)
            mapped = mmap.mmap(fd, 16 * PAGE)
            mapped[:] = b"x" * 16 * PAGE
            mapped.flush()
            self.assertEqual(self.left(), 0)
            self.fails(errno.ENOSPC, os.write, self.open("g"), b"x")
        mapped.close()

    def test_without_a_size_it_is_half_of_memory(self):
        self.begin()
        pages = os.sysconf("SC_PHYS_PAGES")
        self.assertEqual(os.statvfs(self.point).f_blocks, pages // 2)
        fd = self.open("f")
        os.ftruncate(fd, 1 << 50)
        os.pwrite(fd, b"x", 1 << 49)
        self.assertEqual(self.left(), pages // 2 - 1)

    def test_no_limit(self):
        self.begin("--size", "0", "--inodes", "0")
        found = os.statvfs(self.point)
        self.assertEqual((found.f_blocks, found.f_bfree, found.f_files, found.f_ffree), (0, 0, 0, 0))
        self.assertEqual(os.write(self.open("f"), b"x" * 100 * PAGE), 100 * PAGE)

    def test_a_part_of_memory(self):
        self.begin("--size", "25%")
        self.assertAlmostEqual(os.statvfs(self.point).f_blocks, os.sysconf("SC_PHYS_PAGES") // 4, delta=1)


class Memory(fixture.Case):
    """No client can make the daemon allocate without bound."""

    def test_inodes(self):
        self.start("serve", "--inodes", "10")
        found = os.statvfs(self.point)
        self.assertEqual((found.f_files, found.f_ffree), (10, 9))
        for number in range(9):
            os.mkdir("%s/%d" % (self.point, number))
        for function, arguments in ((os.mkdir, ()), (os.mkfifo, ()), (os.open, (os.O_CREAT,))):
            self.fails(errno.ENOSPC, function, self.point + "/x", *arguments)
        self.fails(errno.ENOSPC, os.symlink, "y", self.point + "/x")
        self.fails(errno.ENOSPC, os.open, self.point, os.O_TMPFILE | os.O_RDWR)
        os.rmdir(self.point + "/0")
        # The room comes back when the kernel has forgotten the directory. A call waits for that, but not for ever.
        wait_for(lambda: os.statvfs(self.point).f_ffree == 1, "the room of what was removed")
        open(self.point + "/x", "w").close()
        self.fails(errno.ENOSPC, os.link, self.point + "/x", self.point + "/y")

    def test_extended_attributes(self):
        self.start("serve", "--inodes", "100")
        number = 0
        with self.assertRaises(OSError) as caught:
            for number in range(1000):
                os.setxattr(self.point, "user.%d" % number, b"x" * 10000)
        self.assertEqual(caught.exception.errno, errno.ENOSPC)
        self.assertLess(number, 11)

    def test_small_files_take_no_descriptor(self):
        daemon = self.start("serve", before=["prlimit", "--nofile=100:100"])
        self.assertGreater(os.statvfs(self.point).f_files, 10000)
        before = os.statvfs(self.point).f_bfree
        for number in range(600):
            path = "%s/%d" % (self.point, number)
            pathlib.Path(path).write_bytes(b"%d" % number)
            # One of them is in use, mapped, all the time.
            if number == 0:
                with open(path, "r+b") as file:
                    mapped = mmap.mmap(file.fileno(), 1)
        mapped[:] = b"x"
        self.assertEqual(before - os.statvfs(self.point).f_bfree, 600)
        self.assertLess(len(os.listdir("/proc/%d/fd" % daemon.pid)), 100)
        for number in range(1, 600):
            path = "%s/%d" % (self.point, number)
            self.assertEqual(pathlib.Path(path).read_bytes(), b"%d" % number)
            os.truncate(path, 3)
            os.unlink(path)
        self.assertEqual(pathlib.Path(self.point, "0").read_bytes(), b"x")
        mapped.close()
        os.unlink(self.point + "/0")
        # The room comes back when the kernel has forgotten the file, a moment later.
        wait_for(lambda: os.statvfs(self.point).f_bfree == before, "all room is back")
        self.ends_well(daemon)

    def test_descriptors(self):
        """A file of more than a page takes one. Where few are left, a program gets ENOSPC in time, and the daemon goes on."""
        daemon = self.start("serve", before=["prlimit", "--nofile=200:200"])

        def descriptors():
            return len(os.listdir("/proc/%d/fd" % daemon.pid))

        before = descriptors()
        with self.assertRaises(OSError) as caught:
            for number in range(300):
                pathlib.Path(self.point, str(number)).write_bytes(b"x" * 2 * PAGE)
        self.assertEqual(caught.exception.errno, errno.ENOSPC)
        self.assertGreater(len(os.listdir(self.point)), 100)
        for name in os.listdir(self.point):
            os.unlink(self.point + "/" + name)
        # As with room: they come back when the kernel has forgotten the files.
        wait_for(lambda: descriptors() <= before, "the descriptors of what was removed")
        pathlib.Path(self.point, "again").write_bytes(b"x" * 2 * PAGE)
        self.assertNotIn("kernel refused", daemon.said())
        self.ends_well(daemon)


class Access(fixture.Case):
    def test_other_users_only_if_allowed(self):
        daemon = self.start()
        with as_user(1001):
            self.fails(errno.EACCES, os.listdir, self.point)
        self.ends_well(daemon)
        self.start("serve", "--allow-other")
        with as_user(1001):
            os.mkdir(self.point + "/d")
        self.assertIn("allow_other", options_of(self.point))

    def test_permissions_are_always_checked(self):
        self.start("serve", "--allow-other")
        self.assertIn("default_permissions", options_of(self.point))
        os.close(os.open(self.point + "/roots", os.O_CREAT, 0o600))
        with as_user(1001):
            self.fails(errno.EACCES, os.open, self.point + "/roots", os.O_RDONLY)
            self.fails(errno.EPERM, os.chmod, self.point + "/roots", 0o777)

    def test_nosuid_nodev_noexec(self):
        daemon = self.start("serve")
        self.assertLess({"nosuid", "nodev", "noexec"}, set(options_of(self.point)))
        shutil.copy("/bin/true", self.point + "/true")
        self.fails(errno.EACCES, subprocess.run, [self.point + "/true"])
        self.ends_well(daemon)
        self.start("serve", "--exec")
        self.assertNotIn("noexec", options_of(self.point))
        shutil.copy("/bin/true", self.point + "/true")
        subprocess.run([self.point + "/true"], check=True)
        self.assertLess({"nosuid", "nodev"}, set(options_of(self.point)))


class OwnMount(fixture.Case):
    """A daemon that looked into its own mount would wait for itself."""

    def seen_while(self, *arguments):
        """The daemon's system calls that have a path, and its answers, while its mount is in use."""
        other, trace = self.dir + "/also", self.dir + "/trace"
        os.mkdir(other)
        daemon = self.start("serve", "--record", self.dir + "/record", "--also", other, *arguments)
        strace = subprocess.Popen(
            ["strace", "-f", "-p", str(daemon.pid), "-o", trace, "-e", "trace=%file,writev,write", "-e", "signal=none"],
            stderr=subprocess.PIPE,
            text=True,
        )
        self.addCleanup(strace.stderr.close)
        try:
            self.assertIn("attached", strace.stderr.readline())
            for point in (self.point, other):
                os.mkdir(point + "/d")
                pathlib.Path(point + "/d/f").write_bytes(b"x" * 3 * PAGE)
                shutil.copy("/bin/true", point + "/d/true")
                os.symlink(point + "/d/f", point + "/link")
                os.rename(point + "/d/f", point + "/d/g")
                os.setxattr(point + "/d/g", "user.a", b"1")
                self.assertEqual(os.listdir(point + "/d") and os.statvfs(point).f_bsize, PAGE)
                self.assertEqual(os.readlink(point + "/link"), point + "/d/f")
                os.truncate(point + "/d/g", 1)
                self.assertIn("process:", self.devshmd("--status", point).stdout)
                shutil.rmtree(point + "/d")
                os.unlink(point + "/link")
        finally:
            self.ends_well(daemon)  # and strace with it
            strace.wait(fixture.SECONDS)
        lines = pathlib.Path(trace).read_text(errors="replace").splitlines()
        return lines, [line for line in lines if self.point in line or other in line]

    def test_the_daemon_never_looks_there(self):
        lines, there = self.seen_while()
        self.assertGreater(sum("write" in line for line in lines), 20, "its answers are among what was seen")
        # A link's text is among the answers; and at the end it unmounts, which looks at nothing that is mounted.
        there = [line for line in there if not re.search(r"\b(writev?|umount2)\(", line)]
        self.assertEqual(there, [])


class DirtyLimit(fixture.Case):
    def test_is_lifted_for_this_mount_alone(self):
        def settings(point):
            device = os.stat(point).st_dev
            where = "/sys/class/bdi/%d:%d/" % (os.major(device), os.minor(device))
            return [pathlib.Path(where + name).read_text().strip() for name in ("strict_limit", "max_ratio")]

        other = self.dir + "/other"
        os.mkdir(other)
        self.start("serve", "--no-dirty-limit")
        self.start("serve", point=other)
        self.assertEqual((settings(self.point), settings(other)), (["0", "100"], ["1", "1"]))
        self.assertNotIn("--no-dirty-limit:", self.daemons[0].said())


if __name__ == "__main__":
    fixture.main()
