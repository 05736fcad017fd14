# SPDX-License-Identifier: MIT
"""The daemon's tests stand on this: a mount namespace of their own, daemons that are started and ended, users.

A test file calls main(), which runs it again in a private mount namespace, with a fresh tmpfs on /dev/shm.
What is mounted in there goes with it. DEVSHMD is the daemon; DEVSHMD_MORE are options for every `serve`;
DEVSHMD_LEFT_OUT are tests, as Class.test, that can't be made with this daemon: who names them says why.
"""
import contextlib
import ctypes
import json
import os
import pathlib
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

from ground import apart
from ground.waiting import SECONDS

TOP = pathlib.Path(__file__).resolve().parents[2]
DEVSHMD = os.environ["DEVSHMD"]
WANTS = os.environ.get("DEVSHMD_WANTS")  # "passthrough": a daemon that serves has to have it
MORE = os.environ.get("DEVSHMD_MORE", "").split()
LEFT_OUT = os.environ.get("DEVSHMD_LEFT_OUT", "").split()
INSIDE = "DEVSHMD_TEST_IS_INSIDE"

LIBC = ctypes.CDLL(None, use_errno=True)


def main():
    if INSIDE not in os.environ:
        for need in ("/dev/fuse", "/usr/bin/unshare"):
            if not os.path.exists(need):
                sys.exit("%s is missing: nothing can be tested" % need)
        again = apart().argv(sys.executable, *sys.argv)
        os.execvpe(again[0], again, {**os.environ, INSIDE: "1"})
    # Nothing of the machine's own /dev/shm is in reach from here on.
    unittest.main(verbosity=2)


def mounts(kind="fuse.devshm"):
    """Where something of this type is mounted, in the order of mounting."""
    with open("/proc/self/mountinfo") as lines:
        return [line.split()[4] for line in lines if " - %s " % kind in line]


def options_of(point):
    with open("/proc/self/mountinfo") as lines:
        return [line.split()[5] + "," + line.split()[-1] for line in lines if line.split()[4] == point][-1].split(",")


class Daemon:
    """A daemon in the foreground that has said it is ready."""

    def __init__(self, *arguments, point, before=(), **how):
        ours, theirs = os.pipe()
        serving = not {"hidden", "denied", "full", "readonly"} & set(arguments)
        self.errors = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            [*before, DEVSHMD, *arguments, *(MORE if serving else []), "--ready-fd", str(theirs), point],
            pass_fds=[theirs, *how.pop("pass_fds", [])],
            stderr=self.errors,
            **{"stdin": subprocess.DEVNULL, **how}
        )
        os.close(theirs)
        readable, _, _ = select.select([ours], [], [], SECONDS)
        self.ready = bool(readable) and os.read(ours, 1) == b"\n"
        os.close(ours)
        self.point, self.pid = point, self.process.pid
        if WANTS == "passthrough" and self.ready and serving and not before and "passthrough: yes" not in self.said():
            raise AssertionError("no passthrough: " + self.said())

    def said(self):
        self.errors.seek(0)
        return self.errors.read()

    def end(self, how=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(SECONDS)


class Case(unittest.TestCase):
    """Each test has a directory of its own, `self.dir`, with an empty directory `self.point` for the mount."""

    def setUp(self):
        if self.id().partition(".")[2] in LEFT_OUT:
            self.skipTest("left out")
        self.dir = tempfile.mkdtemp(prefix="devshmd-test.")
        os.chmod(self.dir, 0o755)
        self.addCleanup(self.leave_nothing)
        self.daemons = []
        self.point = self.dir + "/m"
        os.mkdir(self.point)

    def leave_nothing(self):
        for daemon in self.daemons:
            daemon.end(signal.SIGKILL)
            daemon.errors.close()
            if daemon.process.stdout:
                daemon.process.stdout.close()
        for point in reversed(mounts()):
            LIBC.umount2(os.fsencode(point), 2)
        shutil.rmtree(self.dir)

    def start(self, *arguments, point=None, ready=True, **how):
        daemon = Daemon(*arguments, point=point or self.point, **how)
        self.daemons.append(daemon)
        self.assertEqual(daemon.ready, ready, daemon.said())
        return daemon

    def devshmd(self, *arguments, **how):
        return subprocess.run(
            [DEVSHMD, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            timeout=SECONDS,
            check=False,
            **how
        )

    def ends_well(self, daemon, how=signal.SIGTERM):
        self.assertEqual(daemon.end(how), 0, daemon.said())

    def fails(self, error, function, *arguments, **more):
        with self.assertRaises(OSError) as caught:
            function(*arguments, **more)
        self.assertEqual(caught.exception.errno, error, caught.exception)


@contextlib.contextmanager
def as_user(uid, gid=None):
    """The file system sees this user; as root one can come back."""
    os.setegid(gid if gid is not None else uid)
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


def in_child(function):
    """Runs `function` in a process of its own; its exit status."""
    pid = os.fork()
    if pid == 0:
        status = 99
        try:
            status = function() or 0
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def records(file):
    with open(file, errors="surrogateescape") as lines:
        return [json.loads(line) for line in lines if line != "\n"]
