#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The modes that refuse: what programs are told, and what is on record of it."""
import errno
import os

import fixture
from fixture import records


class Modes(fixture.Case):
    def begin(self, mode):
        self.record = self.dir + "/record"
        self.daemon = self.start(mode, "--record", self.record)

    def attempts(self):
        """Every kind of access to a name, with the errno it got; None: it worked."""
        name = self.point + "/name"

        def outcome(function, *arguments):
            try:
                function(*arguments)
            except OSError as error:
                return error.errno
            return None

        return {
            "stat": outcome(os.stat, name),
            "open": outcome(os.open, name, os.O_RDONLY),
            "create": outcome(os.open, name, os.O_RDWR | os.O_CREAT, 0o600),
            "tmpfile": outcome(os.open, self.point, os.O_RDWR | os.O_TMPFILE, 0o600),
            "mkdir": outcome(os.mkdir, name),
            "mknod": outcome(os.mknod, name),
            "mkfifo": outcome(os.mkfifo, name),
            "symlink": outcome(os.symlink, "x", name),
            "unlink": outcome(os.unlink, name),
            "rmdir": outcome(os.rmdir, name),
            "chmod": outcome(os.chmod, self.point, 0o700),
            "setxattr": outcome(os.setxattr, self.point, "user.x", b"y"),
            "list": outcome(os.listdir, self.point),
            "chdir": outcome(os.chdir, self.point),
            "root": outcome(os.stat, self.point),
            "statvfs": outcome(os.statvfs, self.point),
            "readable": None if os.access(self.point, os.R_OK) else False,
            "writable": None if os.access(self.point, os.W_OK) else False,
            "exists": None if os.access(self.point, os.F_OK) else False,
        }

    def check(self, mode, expected):
        self.begin(mode)
        self.addCleanup(os.chdir, "/")
        self.assertEqual(self.attempts(), expected)
        os.chdir("/")
        self.ends_well(self.daemon)
        self.assertEqual(os.listdir(self.point), [])
        self.assertGreater(len(records(self.record)), 10)

    def test_hidden(self):
        all_of_them = dict.fromkeys(
            "stat open create tmpfile mkdir mknod mkfifo symlink unlink rmdir chmod setxattr list chdir root statvfs".split(),
            errno.ENOENT,
        )
        self.check("hidden", {**all_of_them, "readable": False, "writable": False, "exists": False})

    def test_denied(self):
        all_of_them = dict.fromkeys(
            "stat open create tmpfile mkdir mknod mkfifo symlink unlink rmdir chmod setxattr list chdir".split(),
            errno.EACCES,
        )
        self.check(
            "denied",
            {**all_of_them, "root": None, "statvfs": None, "readable": False, "writable": False, "exists": None},
        )

    def test_full(self):
        self.check(
            "full",
            {
                "stat": errno.ENOENT,
                "open": errno.ENOENT,
                "unlink": errno.ENOENT,
                "rmdir": errno.ENOENT,
                **dict.fromkeys("create tmpfile mkdir mknod mkfifo symlink setxattr".split(), errno.ENOSPC),
                **dict.fromkeys("chmod list chdir root statvfs readable writable exists".split(), None),
            },
        )

    def test_full_says_so(self):
        self.begin("full")
        found = os.statvfs(self.point)
        self.assertGreater(found.f_blocks, 0)
        self.assertEqual((found.f_bfree, found.f_bavail, found.f_ffree), (0, 0, 0))

    def test_readonly(self):
        self.check(
            "readonly",
            {
                "stat": errno.ENOENT,
                "open": errno.ENOENT,
                "unlink": errno.ENOENT,
                "rmdir": errno.ENOENT,
                **dict.fromkeys("create tmpfile mkdir mknod mkfifo symlink setxattr chmod".split(), errno.EROFS),
                **dict.fromkeys("list chdir root statvfs readable exists".split(), None),
                "writable": False,
            },
        )

    def test_other_users_are_told_the_same(self):
        for mode, error in {
            "hidden": errno.ENOENT,
            "denied": errno.EACCES,
            "full": errno.ENOSPC,
            "readonly": errno.EROFS,
        }.items():
            with self.subTest(mode):
                daemon = self.start(mode, "--allow-other")
                with fixture.as_user(1234):
                    self.fails(error, os.open, self.point + "/x", os.O_CREAT | os.O_RDWR)
                self.ends_well(daemon)

    def test_the_record_names_what_was_looked_for(self):
        self.begin("hidden")
        self.fails(errno.ENOENT, os.open, self.point + "/sem.x", os.O_RDWR | os.O_CREAT, 0o600)
        seen = [(line["operation"], line["path"], line["result"]) for line in records(self.record)]
        self.assertEqual(
            seen, [("lookup", self.point + "/sem.x", "ENOENT"), ("create", self.point + "/sem.x", "ENOENT")]
        )
        last = records(self.record)[-1]
        self.assertEqual(
            (last["pid"], last["tid"], last["uid"], last["flags"]), (os.getpid(), os.getpid(), 0, "O_RDWR|O_CREAT 0600")
        )
        self.assertTrue(last["program"].startswith("python3"), last)

    def test_at_dev_shm_posix_functions_fail_as_without_one(self):
        from multiprocessing import shared_memory
        import _multiprocessing

        daemon = self.start("hidden", point="/dev/shm")
        self.fails(errno.ENOENT, shared_memory.SharedMemory, create=True, size=10)
        self.fails(errno.ENOENT, _multiprocessing.SemLock, 1, 1, 1, "/x", True)
        self.ends_well(daemon)
        shared_memory.SharedMemory(create=True, size=10).unlink()


if __name__ == "__main__":
    fixture.main()
