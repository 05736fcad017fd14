#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Life and death of a mount: start, readiness, signals, being killed, being unmounted, and who is in the middle of it."""
import contextlib
import errno
import mmap
import os
import signal
import socket
import stat
import subprocess
import sys

import fixture
from fixture import SECONDS, mounts
from ground.waiting import wait_for


def is_running(pid):
    try:
        with open("/proc/%d/stat" % pid) as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


class Start(fixture.Case):
    def test_ready_means_it_answers(self):
        self.start()
        with open(self.point + "/a", "w") as file:
            file.write("x")
        self.assertEqual(mounts(), [self.point])

    def test_default_mount_point(self):
        done = self.devshmd("--daemonize")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(mounts(), ["/dev/shm"])
        self.assertIn("mount point: /dev/shm\n", self.devshmd("--status").stdout)
        self.assertEqual(self.devshmd("umount").returncode, 0)

    def test_daemonize_returns_when_it_answers(self):
        done = self.devshmd("serve", "--daemonize", self.point)
        self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)
        open(self.point + "/a", "w").close()
        status = dict(line.split(": ", 1) for line in self.devshmd("--status", self.point).stdout.splitlines())
        pid = int(status["process"])
        self.assertEqual(os.getsid(pid), pid, "a session of its own")
        self.assertEqual(os.readlink("/proc/%d/cwd" % pid), "/")
        self.assertEqual({os.readlink("/proc/%d/fd/%d" % (pid, fd)) for fd in range(3)}, {"/dev/null"})
        os.kill(pid, signal.SIGTERM)
        wait_for(lambda: not is_running(pid), "it ends")
        self.assertEqual(mounts(), [])

    def test_daemonize_says_what_went_wrong(self):
        done = self.devshmd("--daemonize", self.dir + "/missing")
        self.assertEqual(done.returncode, 1)
        self.assertIn("missing: No such file or directory", done.stderr)

    def test_start_that_fails_leaves_nothing(self):
        open(self.dir + "/file", "w").close()
        for arguments, message in (
            (["serve", self.dir + "/file"], "is not a directory"),
            (["serve", "--record", self.dir + "/no/file", self.point], "--record"),
            (["serve", "--also", self.dir + "/no", self.point], "No such file"),
            (["serve", "--also", self.point, self.point], "is the mount point itself"),
            (["hidden", "--size", "1M", self.point], "can't be combined"),
            (["hiden"], "hiden is neither a mode (serve, hidden, denied, full, readonly) nor a directory"),
            (["serve", "hiden"], "hiden: No such file or directory (ENOENT); make it first: mkdir -p hiden\n"),
        ):
            with self.subTest(arguments):
                done = self.devshmd(*arguments)
                self.assertNotEqual(done.returncode, 0)
                self.assertIn(message, done.stderr)
                self.assertEqual(mounts(), [])

    def test_service_manager(self):
        path = self.dir + "/notify"
        manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(manager.close)
        manager.bind(path)
        manager.settimeout(SECONDS)
        daemon = self.start("hidden", env={**os.environ, "NOTIFY_SOCKET": path})
        self.assertIn(b"READY=1", manager.recv(4096))
        self.ends_well(daemon)
        self.assertEqual(manager.recv(4096), b"STOPPING=1\n")

    def test_also(self):
        other = self.dir + "/other place"
        os.mkdir(other)
        daemon = self.start("serve", "--also", other)
        with open(self.point + "/a", "w+b") as file:
            file.write(b"one")
            file.flush()
            mapped = mmap.mmap(file.fileno(), 3)
        with open(other + "/a", "r+b") as file:
            again = mmap.mmap(file.fileno(), 3)
        mapped[0:3] = b"two"
        self.assertEqual(again[0:3], b"two", "the same pages")
        mapped.close()
        again.close()
        self.ends_well(daemon)
        self.assertEqual((mounts(), os.listdir(other)), ([], []))

    def test_status(self):
        self.start("serve", "--size", "1M", "--inodes", "100")
        shown = self.devshmd("--status", self.point).stdout
        for line in (
            "mode: serve",
            "process: %d" % self.daemons[0].pid,
            "contents: 0 bytes of 1 MiB",
            "objects: 1 of 100",
            "passthrough: ",
            "options: --size 1M --inodes 100",
        ):
            self.assertIn(line, shown)
        done = self.devshmd("--status", self.dir)
        self.assertEqual(done.returncode, 1)
        self.assertIn("no devshmd answers", done.stderr)

    def test_status_of_every_mode(self):
        for mode in ("serve", "hidden", "denied", "full", "readonly"):
            daemon = self.start(mode)
            self.assertIn("mode: %s\n" % mode, self.devshmd("--status", self.point).stdout)
            self.ends_well(daemon)

    def test_help_and_version(self):
        self.assertIn("examples:", self.devshmd("--help").stdout)
        self.assertRegex(self.devshmd("--version").stdout, r"^devshmd \d+\.\d+\.\d+ \(libfuse 3")
        done = self.devshmd("--nonsense")
        self.assertEqual(
            (done.returncode, done.stderr), (2, "devshmd: unknown option --nonsense; devshmd --help lists them\n")
        )
        self.assertEqual(self.devshmd("a\nb\x9b2J\u202e").stderr.count("\n"), 1)
        self.assertIn(r"--a\u000ab\u009b\u202e", self.devshmd("--a\nb\u009b\u202e").stderr)


class End(fixture.Case):
    def test_signals_end_it_well(self):
        for how in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            with self.subTest(how):
                daemon = self.start()
                os.mkdir(self.point + "/a")
                self.ends_well(daemon, how)
                self.assertEqual((mounts(), os.listdir(self.point)), ([], []))

    def test_while_it_is_in_use(self):
        daemon = self.start()
        fd = os.open(self.point + "/a", os.O_RDWR | os.O_CREAT)
        os.write(fd, b"x" * 4096)
        mapped = mmap.mmap(fd, 4096)
        self.assertEqual(mapped[0:1], b"x")
        self.ends_well(daemon)
        self.assertEqual(mounts(), [])
        self.fails(errno.ENOTCONN, os.fchmod, fd, 0o600)
        self.assertEqual(mapped[0:1], b"x", "a page that was touched stays")
        mapped.close()
        with contextlib.suppress(OSError):
            os.close(fd)
        self.assertEqual(os.listdir(self.point), [], "what lies beneath")

    def test_unmounted_by_others_it_ends(self):
        daemon = self.start()
        subprocess.run(["umount", self.point], check=True)
        self.assertEqual(daemon.process.wait(SECONDS), 0, daemon.said())

    def test_unmounted_by_itself(self):
        other = self.dir + "/other"
        os.mkdir(other)
        daemon = self.start("serve", "--also", other)
        done = self.devshmd("umount", other)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(daemon.process.wait(SECONDS), 0)
        self.assertEqual(mounts(), [])

    def test_umount_leaves_what_is_not_ours(self):
        for place, message in ((self.dir, "nothing is mounted"), ("/proc", "not devshmd's")):
            done = self.devshmd("umount", place)
            self.assertEqual(done.returncode, 1)
            self.assertIn(message, done.stderr)
        self.assertTrue(os.path.exists("/proc/self"))

    def test_what_is_mounted_beneath_or_above_stays(self):
        subprocess.run(["mount", "-t", "tmpfs", "beneath", self.point], check=True)
        open(self.point + "/beneath", "w").close()
        daemon = self.start()
        self.ends_well(daemon)
        self.assertEqual(os.listdir(self.point), ["beneath"])
        daemon = self.start()
        subprocess.run(["mount", "-t", "tmpfs", "above", self.point], check=True)
        self.ends_well(daemon)
        self.assertIn("something else is mounted over it", daemon.said())
        for _ in range(3):
            subprocess.run(["umount", "-l", self.point], check=True)

    def test_killed_hard_it_is_replaced(self):
        also = self.dir + "/also"
        os.mkdir(also)
        daemon = self.start("serve", "--also", also)
        daemon.end(signal.SIGKILL)
        self.fails(errno.ENOTCONN, os.stat, self.point)
        self.assertIn("mode: dead", self.devshmd("--status", self.point).stdout)
        again = self.start("serve", "--also", also)
        self.assertIn("a mount whose daemon has gone was still there", again.said())
        open(also + "/a", "w").close()
        self.assertEqual(os.listdir(self.point), ["a"])
        self.ends_well(again)
        self.assertEqual(mounts(), [])

    def test_killed_hard_umount_clears_it(self):
        daemon = self.start("hidden")
        daemon.end(signal.SIGKILL)
        done = self.devshmd("umount", self.point)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(os.listdir(self.point), [])

    def test_relative_names(self):
        record = self.dir + "/record"
        daemon = self.start("serve", "--record", "record", point="m", cwd=self.dir)
        open(self.point + "/a", "w").close()
        self.assertGreater(os.path.getsize(record), 0)
        self.assertIn("mount point: " + self.point, self.devshmd("--status", "m", cwd=self.dir).stdout)
        self.assertEqual(self.devshmd("umount", "m", cwd=self.dir).returncode, 0)
        self.assertEqual(daemon.process.wait(SECONDS), 0)


class Clients(fixture.Case):
    def test_killed_in_the_middle_they_harm_nobody(self):
        """Clients that do everything there is, and are killed at any moment; what they leave behind still works."""
        daemon = self.start("serve", "--allow-other")
        script = """
import mmap, os, sys
base = sys.argv[1] + "/" + str(os.getpid())
os.mkdir(base)
while True:
    fd = os.open(base + "/f", os.O_RDWR | os.O_CREAT)
    os.ftruncate(fd, 100000)
    with mmap.mmap(fd, 100000) as m: m[:50000] = b"x" * 50000
    os.pwrite(fd, b"y" * 200000, 0)
    os.link(base + "/f", base + "/g"); os.rename(base + "/g", base + "/h"); os.unlink(base + "/h")
    os.listdir(base); os.setxattr(base + "/f", "user.x", b"y" * 100)
    os.close(fd); os.unlink(base + "/f")
"""
        for _ in range(10):
            clients = [subprocess.Popen([sys.executable, "-c", script, self.point]) for _ in range(3)]
            wait_for(lambda: len(os.listdir(self.point)) >= 3, "they work")
            for client in clients:
                client.kill()
                client.wait()
            subprocess.run(["rm", "-rf", *[self.point + "/" + name for name in os.listdir(self.point)]], check=True)
        self.assertEqual(os.listdir(self.point), [])
        # Forgetting comes behind: when the last of them is through, all room is back.
        wait_for(lambda: "contents: 0 bytes" in self.devshmd("--status", self.point).stdout, "all room is back")
        self.ends_well(daemon)

    def test_users_of_a_mount_that_goes_are_told(self):
        daemon = self.start()
        os.mkdir(self.point + "/d")
        here = os.open(self.point + "/d", os.O_RDONLY)
        daemon.end(signal.SIGKILL)
        self.fails(errno.ENOTCONN, os.mkdir, "x", dir_fd=here)
        os.close(here)


if __name__ == "__main__":
    fixture.main()
