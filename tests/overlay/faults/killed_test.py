#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Killed at every system call of a start, of sem_open and of shm_open; no room at every step of them; no descriptors, no
processes.

No half-made object is ever there under its name, what is left over is what a tmpfs would have left, and the next start
works. With --native the same is expected of a real tmpfs without the library.
"""
import collections
import os
import re
import stat
import subprocess
import unittest

from inside import LIBRARY, MEMORY, NATIVE, SHM, STEPS, clear, main, run, take

STORE = ".shm.memory.0.0"
SEM_SIZE = 32  # sizeof(sem_t), on every 64-bit Linux


def strace(options, *steps):
    # For the program alone, not for strace.
    preload = [] if NATIVE else ["-E", "LD_PRELOAD=" + LIBRARY]
    if MEMORY:
        preload += ["-E", "DEVSHM_STORE=memory"]
    # Followed into the keeper of the memory store, strace would wait for that.
    follow = [] if MEMORY else ["-f"]
    return run("strace", *follow, "-qq", *options, *preload, STEPS, *steps, env={"PATH": os.environ["PATH"]})


class Killed(unittest.TestCase):
    def setUp(self):
        os.umask(0o022)

    def look(self):
        """What is visible is complete; everything else is a leftover that a tmpfs would have had, or one empty directory."""
        left = [name for name in os.listdir("/tmp") if name not in ("shm", STORE)]
        for name in left:
            self.assertRegex(name, r"^\.devshm\.new\.\d+\.\d+$")
            self.assertEqual(os.listdir("/tmp/" + name), [])
        if not os.path.lexists(SHM):
            return
        found = os.lstat(SHM)
        self.assertTrue(stat.S_ISDIR(found.st_mode))
        self.assertEqual(stat.S_IMODE(found.st_mode), 0o1777)
        for name in os.listdir(SHM):
            size = os.stat(SHM + "/" + name).st_size
            if name == "sem.b":
                self.assertEqual(size, SEM_SIZE)
                self.assertEqual(run(STEPS, "has-sem=/b").stdout, "has-sem ok\n")
                with open(SHM + "/sem.b", "rb") as file:
                    self.assertEqual(file.read(4), b"\1\0\0\0")
            elif name == "c":  # shm_open gives an empty object, which ftruncate then grows: as on a tmpfs
                self.assertIn(size, (0, 4096))
            else:
                self.assertRegex(name, r"^sem\.[A-Za-z0-9]{6}$")  # glibc's own name for one that is not done

    def test_at_every_call(self):
        clear()
        steps = ("sem=/b", "shm=/c")
        self.assertEqual(strace(["-o", "/tmp/log"], *steps).returncode, 0)
        with open("/tmp/log", encoding="utf-8", errors="replace") as log:
            counts = collections.Counter(re.findall(r"^(?:\d+ +)?(\w+)\(", log.read(), re.M))
        counts.pop("execve")
        clear()
        killed = 0
        for call, count in sorted(counts.items()):
            for when in range(1, count + 1):
                with self.subTest(call=call, when=when):
                    clear()
                    done = strace(["-o", "/dev/null", "--inject=%s:signal=KILL:when=%d" % (call, when)], *steps)
                    killed += done.returncode != 0
                    self.look()
                    self.assertEqual(
                        take(*steps, "has-sem=/b", "put=/c:text", "get=/c", "drop-sem=/b", "drop-shm=/c"),
                        (["sem ok", "shm ok", "has-sem ok", "put ok", "get ok text", "drop-sem ok", "drop-shm ok"], ""),
                    )
                    self.assertEqual(stat.S_IMODE(os.stat(SHM).st_mode), 0o1777)
        print("killed at %d of %d calls" % (killed, sum(counts.values())))
        self.assertGreater(killed, 30)


class NoRoom(unittest.TestCase):
    """A file system with room for so many files, and one with so many pages. (A tmpfs, as it has a size.)"""

    def small(self, options):
        clear()
        point = SHM if NATIVE else "/tmp/small"
        os.makedirs(point, exist_ok=True)
        # The overlay's own directory takes a file of it; where there is none left, nothing is made at all.
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=1777," + options, "tmpfs", point], check=True)
        try:
            lines, said = take(
                "sem=/b", "has-sem=/b", "shm=/c", "has-shm=/c", "fill=d", **({} if NATIVE else {"DIR": point + "/shm"})
            )
            names = (
                sorted(os.listdir(point + ("" if NATIVE else "/shm")))
                if NATIVE or os.path.isdir(point + "/shm")
                else None
            )
            return lines, said.count("\n"), names
        finally:
            subprocess.run(["umount", "-l", point], check=True)

    def test_files(self):
        none = ["sem errno 28", "has-sem errno 28", "shm errno 28", "has-shm errno 28", "fill errno 28"]
        two = ["sem ok", "has-sem ok", "shm errno 28", "has-shm errno 2", "fill errno 28"]
        if not NATIVE:
            self.assertEqual(self.small("nr_inodes=1"), (none, 1, None))
        files = 1 if NATIVE else 2
        self.assertEqual(
            self.small("nr_inodes=%d" % files),
            (["sem errno 28", "has-sem errno 2", "shm errno 28", "has-shm errno 2", "fill errno 28"], 0, []),
        )
        # A link takes one as well, for as long as there are two names.
        self.assertEqual(
            self.small("nr_inodes=%d" % (files + 2)),
            (two[:2] + ["shm ok", "has-shm ok", "fill errno 28"], 0, ["c", "sem.b"]),
        )

    def test_pages(self):
        warned = 0 if NATIVE or MEMORY else 1  # of the shared memory that is longer than the space for it
        filled = "fill ok" if MEMORY else "fill errno 28"  # memory takes none of it
        self.assertEqual(
            self.small("size=4k"),
            (["sem ok", "has-sem ok", "shm ok", "has-shm ok", filled], warned, ["c", "d", "sem.b"]),
        )


class Limits(unittest.TestCase):
    """Of a process: 1,024 descriptors, as on Lambda; of a user: no process more. The same on a tmpfs."""

    def limited(self, limit, *steps, user=0):
        done = run("prlimit", limit, "--", STEPS, *steps, user=user)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done)
        return done.stdout.splitlines()

    def test_no_descriptor_left(self):
        for first in ((), ("path=a",)):  # nothing was used before; or something was
            clear()
            self.assertEqual(
                self.limited(
                    "--nofile=1024",
                    *first,
                    "hold",
                    "path=b",
                    "sem=/b",
                    "shm=/c",
                    "list=/dev/shm",
                    "release",
                    "path=b",
                    "sem=/b",
                    "shm=/c",
                    "has-sem=/b"
                ),
                ["path ok"] * len(first)
                + [
                    "hold ok",
                    "path errno 24",
                    "sem errno 24",
                    "shm errno 24",
                    "list errno 24",
                    "release ok",
                    "path ok",
                    "sem ok",
                    "shm ok",
                    "has-sem ok",
                ],
            )

    def test_one_descriptor_left(self):
        """It is the program's: devshm keeps none for itself."""
        clear()
        self.assertEqual(
            self.limited("--nofile=1024", "hold", "spare", "path=b", "sem=/b", "shm=/c", "has-sem=/b", "list=/dev/shm"),
            ["hold ok", "spare ok", "path ok", "sem ok", "shm ok", "has-sem ok", "list ok 5"],
        )

    def test_no_process_left(self):
        clear()
        without = ["sh errno 11", "pipe errno 12"]  # ENOMEM is what glibc's popen makes of it
        self.assertEqual(
            self.limited(
                "--nproc=1",
                "path=a",
                "sem=/b",
                "shm=/c",
                "has-sem=/b",
                "sh=true",
                "pipe=echo x",
                "lose",
                "sh=true",
                "pipe=echo x",
                "drop=a",
                "drop-sem=/b",
                "drop-shm=/c",
                user=54321,
            ),
            [
                "path ok",
                "sem ok",
                "shm ok",
                "has-sem ok",
                *without,
                "lose ok",
                *without,
                "drop ok",
                "drop-sem ok",
                "drop-shm ok",
            ],
        )


if __name__ == "__main__":
    main()
