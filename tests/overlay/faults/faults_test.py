#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Every system call that devshm makes by itself, refused with every error: the program goes on, and knows."""
import errno
import os
import unittest

from inside import LIBRARY, SHM, STEPS, clear, main
from refusing import CALLS, ERRORS, GOOD, REFUSE, ROOT, STEPS_TAKEN, refuse

# Where names fail: with that error, and their two objects are not there to be listed.
BY_NAME = {"sem", "has-sem", "shm", "put", "get", "drop-sem", "drop-shm"}


def without_names(error):
    return [
        "%s errno %d" % (name, error) if name in BY_NAME else good.replace("list ok 5", "list ok 3")
        for name, good in zip((step.split("=")[0] for step in STEPS_TAKEN), GOOD)
    ]


class OneCall(unittest.TestCase):
    """Each call, with each error, from devshm alone."""

    def setUp(self):
        clear()

    def judge(self, call, error, kind, said, **settings):
        done = refuse({call: error}, **settings)
        number = getattr(errno, error)
        self.assertEqual(done.returncode, 0, done)
        lines = done.stdout.splitlines()
        expected = {
            "": GOOD,
            "names": without_names(number),
            "all": [ROOT if step == "fs=/" else "%s errno %d" % (step.split("=")[0], number) for step in STEPS_TAKEN],
        }
        self.assertEqual(lines, expected[kind])
        self.assertEqual(done.stderr.count("\n"), 1 if said else 0, done.stderr)
        if said:
            self.assertRegex(done.stderr, r"^devshm: can't .*\(errno %d\)" % number)
        left = [name for name in os.listdir("/tmp") if name.startswith(".devshm")]
        self.assertEqual(left, [])
        if os.path.isdir(SHM):
            self.assertIn(os.stat(SHM).st_mode & 0o7777, (0o1777, 0o700) if call == "fchmodat" else (0o1777,))

    def test_each_with_each_error(self):
        for call in CALLS:
            kind = {"newfstatat": "all", "mkdirat": "all"}.get(call, "")
            for error in ERRORS:
                with self.subTest(call=call, error=error):
                    clear()
                    self.judge(call, error, kind, kind != "")

    def test_with_a_long_directory_and_a_log(self):
        """Which takes a link, and a file. Three errors: what devshm does differs by call, not by error."""
        for call in CALLS:
            kind = {"newfstatat": "all", "mkdirat": "all", "symlinkat": "names"}.get(call, "")
            for error in ("EACCES", "EMFILE", "ENOSYS"):
                if call == "mmap":
                    continue  # below
                with self.subTest(call=call, error=error):
                    clear()
                    self.judge(call, error, kind, kind != "", DIR="/tmp/long/er", LOG="/tmp/log")

    def test_no_memory_for_settings_that_differ(self):
        for setting in ({"DIR": "/tmp/long/er"}, {"LOG": "stderr"}, {"PROPAGATE": "0"}, {"WHEN": "missing"}):
            with self.subTest(**setting):
                done = refuse({"mmap": "ENOMEM"}, **setting)
                self.assertEqual(
                    (done.returncode, done.stderr),
                    (0, "devshm: no memory for the settings; this process goes without devshm\n"),
                )
                self.assertEqual(
                    set(line.split(" ", 1)[1] for line in done.stdout.splitlines()), {ROOT.split(" ", 1)[1], "errno 2"}
                )


class TakenNames(unittest.TestCase):
    """Every name of a short link is taken by somebody else."""

    def test_the_error_is_none_after_which_a_program_tries_another_name(self):
        clear()
        done = refuse(
            {"symlinkat": "EEXIST"}, program=(STEPS, "path=a", "sem=/b", "shm=/c", "shm=/c"), DIR="/tmp/long/er"
        )
        self.assertEqual(done.stdout.splitlines(), ["path ok", "sem errno 13", "shm errno 13", "shm errno 13"])
        self.assertRegex(done.stderr, r"^devshm: can't make a short link in /tmp .*\(errno 13\).*\n$")


class Ways(unittest.TestCase):
    """The three ways to change libc's directory: refused by a filter, for everybody, alone and together."""

    def test_ways(self):
        for proc in (False, True):
            for calls in ({}, {"mremap": "EPERM"}, {"mprotect": "EPERM"}, {"mremap": "EPERM", "mprotect": "EPERM"}):
                with self.subTest(calls=calls, proc=proc):
                    clear()
                    mount = "mount -t tmpfs none /proc && " if proc else ""
                    done = refuse(
                        calls,
                        everywhere=True,
                        program=(
                            "unshare",
                            "-m",
                            "sh",
                            "-c",
                            mount + 'LD_PRELOAD=$0 exec "$@"',
                            LIBRARY + ":" + REFUSE,
                            STEPS,
                            *STEPS_TAKEN,
                        ),
                        preload=False,
                    )
                    self.assertEqual(done.returncode, 0, done)
                    expected = list(GOOD)
                    # One that is left is enough: mremap needs mprotect, /proc/self/mem nothing, mprotect itself.
                    if proc and "mprotect" in calls:
                        expected = without_names(errno.ENOENT)
                        self.assertRegex(
                            done.stderr, "^devshm: this system refuses the change of libc's directory .*\n$"
                        )
                    else:
                        self.assertEqual(done.stderr, "")
                    self.assertEqual(done.stdout.splitlines(), expected)


if __name__ == "__main__":
    main()
