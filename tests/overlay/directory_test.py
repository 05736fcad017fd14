#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The backing directory and the settings, as a program sees them.

Runs itself again where there is no /dev/shm (container/hide-shm), with a /tmp of its own, so that it may empty it,
fill it and make it read-only. `steps` (steps.c) is the program; LIBRARY and STEPS come from the build.
"""
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import unittest

from ground import hidden

HIDDEN = "DEVSHM_TEST_IS_HIDDEN"
LIBRARY, STEPS = os.environ["LIBRARY"], os.environ["STEPS"]
AS_NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
TMPFS = "1021994"


def take(*steps, preload=True, user=(), **settings):
    """The lines that `steps` prints, as a list, and what it said on standard error."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("DEVSHM_") and key != "LD_PRELOAD"}
    if preload:
        env["LD_PRELOAD"] = LIBRARY
    env.update({"DEVSHM_" + key: value for key, value in settings.items()})
    # setpriv itself runs without the preload, which `env` gives to the program alone.
    preload_env = ["env", "LD_PRELOAD=" + env.pop("LD_PRELOAD")] if preload else []
    done = subprocess.run(
        [*user, *preload_env, STEPS, *steps],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done
    return done.stdout.splitlines(), done.stderr


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


class Fresh(unittest.TestCase):
    """Each test begins with an empty /tmp."""

    def setUp(self):
        subprocess.run(
            "rm -rf /tmp/shm /tmp/.[a-zA-Z0-9]* /tmp/deep /tmp/s /tmp/aside; mkdir /tmp/aside", shell=True, check=True
        )
        self.addCleanup(subprocess.run, "umount -l /tmp/bound 2>/dev/null; rm -rf /tmp/bound", shell=True)

    def expect(self, taken, lines, complaint=None):
        self.assertEqual(taken[0], lines)
        if complaint is None:
            self.assertEqual(taken[1], "")
        else:
            self.assertIn(complaint, taken[1])
            self.assertEqual(taken[1].count("\n"), 1, "one line: " + taken[1])


class WithoutDevshm(Fresh):
    def test_it_fails_where_there_is_no_dev_shm(self):
        self.expect(take("path=a", "sem=/b", "shm=/c", preload=False), ["path errno 2", "sem errno 2", "shm errno 2"])


class Directory(Fresh):
    def test_mode_is_1777_whatever_the_umask(self):
        self.expect(take("umask=077", "path=a"), ["umask ok", "path ok"])
        self.assertEqual(mode("/tmp/shm"), 0o1777)
        os.system("rm -rf /tmp/shm")
        self.expect(take("umask=077", "sem=/b"), ["umask ok", "sem ok"])
        self.assertEqual(mode("/tmp/shm"), 0o1777)

    def test_a_directory_of_the_users_keeps_its_mode(self):
        os.mkdir("/tmp/shm", 0o700)
        self.expect(take("path=a"), ["path ok"])
        self.assertEqual(mode("/tmp/shm"), 0o700)

    def test_it_is_made_again_when_somebody_empties_tmp(self):
        gone = "sh=rm -rf /tmp/shm"
        for route in ("path=a", "sem=/b", "shm=/c", "list=/dev/shm"):
            with self.subTest(route):
                os.system("rm -rf /tmp/shm")
                good = take(route)[0][0]
                self.assertIn(" ok", good)
                self.expect(take(gone, route, gone, route, gone, route), ["sh ok", good] * 3)
                self.assertEqual(mode("/tmp/shm"), 0o1777)

    def test_a_missing_object_is_still_missing(self):
        self.expect(
            take("path=a", "look=b", "has-sem=/b", "has-shm=/b"),
            ["path ok", "look errno 2", "has-sem errno 2", "has-shm errno 2"],
        )

    def test_nothing_is_left_beside_it(self):
        take("path=a", "sem=/b", "shm=/c")
        self.assertEqual([name for name in os.listdir("/tmp") if name.startswith("shm")], ["shm"])
        self.assertEqual(sorted(os.listdir("/tmp/shm")), ["a", "c", "sem.b"])


class Refused(Fresh):
    """A directory that could be somebody's trap is not used, and nothing behind it is touched."""

    def everything(self, error, complaint, **how):
        self.expect(
            take("path=a", "sem=/b", "shm=/c", "list=/dev/shm", **how),
            [f"{step} errno {error}" for step in ("path", "sem", "shm", "list")],
            complaint,
        )

    def test_symlink(self):
        os.symlink("/tmp/aside", "/tmp/shm")
        self.everything(40, "/tmp/shm is a symbolic link")
        self.assertEqual(os.listdir("/tmp/aside"), [])

    def test_file(self):
        open("/tmp/shm", "w").close()
        self.everything(20, "/tmp/shm is not a directory")

    @unittest.skipIf(os.geteuid() != 0, "needs root to give a directory away")
    def test_somebody_elses(self):
        os.mkdir("/tmp/shm", 0o777)
        os.chmod("/tmp/shm", 0o777)
        os.chown("/tmp/shm", 1234, 1234)
        self.everything(13, "/tmp/shm belongs to user 1234", user=AS_NOBODY)
        self.assertEqual(os.listdir("/tmp/shm"), [])

    @unittest.skipIf(os.geteuid() != 0, "needs root to mount")
    def test_read_only(self):
        os.mkdir("/tmp/bound")
        subprocess.run(["mount", "--bind", "-o", "ro", "/tmp/bound", "/tmp/bound"], check=True)
        self.everything(30, "can't make /tmp/bound/shm: the file system is read-only", DIR="/tmp/bound/shm")

    @unittest.skipIf(os.geteuid() != 0, "needs root to mount")
    def test_full(self):
        os.mkdir("/tmp/bound")
        # Two inodes: one for its root, one for a file. (A tmpfs, in this namespace alone, to have a small one at hand.)
        subprocess.run(
            "mount -t tmpfs -o nr_inodes=2,size=4k tmpfs /tmp/bound && touch /tmp/bound/x", shell=True, check=True
        )
        self.everything(28, "can't make /tmp/bound/shm: the file system is full", DIR="/tmp/bound/shm")


@unittest.skipIf(os.geteuid() != 0, "needs root to be two users")
class Users(Fresh):
    def test_two_users_share_an_object_and_its_mode_keeps_them_apart(self):
        self.expect(
            take("umask=0", "shm=/open", "umask=077", "shm=/closed"), ["umask ok", "shm ok", "umask ok", "shm ok"]
        )
        self.expect(
            take("put=/open:hello", "put=/closed:no", "path=closed", user=AS_NOBODY),
            ["put ok", "put errno 13", "path errno 13"],
        )
        self.expect(take("get=/open"), ["get ok hello"])

    def test_sticky(self):
        take("path=roots")
        self.expect(take("sh=rm -f /tmp/shm/roots 2>/dev/null", user=AS_NOBODY), ["sh errno 0"])


class Settings(Fresh):
    def test_disabled(self):
        self.expect(take("path=a", "sem=/b", "shm=/c", DISABLE="1"), ["path errno 2", "sem errno 2", "shm errno 2"])
        self.assertFalse(os.path.exists("/tmp/shm"))

    def test_longer_directory_by_path_and_by_name(self):
        deep = "/tmp/deep/er/than/eight"
        self.expect(
            take("path=a", "shm=/c", "sem=/b", "where=/c", "list=/dev/shm", DIR=deep, WHEN="always"),
            ["path ok", "shm ok", "sem ok", f"where ok {deep}/c", "list ok 5"],
        )
        self.assertEqual(sorted(os.listdir(deep)), ["a", "c", "sem.b"])
        self.assertFalse(os.path.exists("/tmp/shm"))
        # Emptied, the short link to it included.
        gone = "sh=rm -rf /tmp/deep /tmp/.[a-zA-Z0-9]*"
        self.expect(
            take("shm=/c", gone, "shm=/d", gone, "sem=/e", DIR=deep), ["shm ok", "sh ok", "shm ok", "sh ok", "sem ok"]
        )

    def test_shorter_directory(self):
        self.expect(
            take("path=a", "sem=/b", "shm=/c", "where=/c", DIR="/tmp/s/"),
            ["path ok", "sem ok", "shm ok", "where ok /tmp/s/c"],
        )
        self.assertEqual(sorted(os.listdir("/tmp/s")), ["a", "c", "sem.b"])

    def test_a_value_that_can_not_be_used_is_said_once(self):
        for setting in ({"DIR": "relative"}, {"DIR": "/dev/shm/x"}, {"DIR": "/"}, {"WHEN": "never"}, {"LOG": "here"}):
            with self.subTest(setting):
                name, value = next(iter(setting.items()))
                self.expect(take("path=a", "sem=/b", **setting), ["path ok", "sem ok"], f"DEVSHM_{name}={value}")

    def test_log(self):
        log = "/tmp/deep.log"
        take("path=a", "sem=/b", LOG=log)
        with open(log) as lines:
            text = lines.read()
        os.unlink(log)
        self.assertRegex(text, r"devshm\[\d+\] open: /dev/shm/a -> /tmp/shm/a\n")
        self.assertRegex(text, r"devshm\[\d+\] sem_open: /b -> /tmp/shm\n")

    @unittest.skipIf(os.geteuid() != 0, "needs root to mount a tmpfs")
    def test_missing_stands_aside_where_there_is_a_real_one(self):
        steps = ("path=a", "sem=/b", "shm=/c", "fs=/dev/shm")
        good = ["path ok", "sem ok", "shm ok", "fs ok " + TMPFS]
        self.expect(take(*steps, WHEN="missing"), good)
        self.assertEqual(sorted(os.listdir("/tmp/shm")), ["a", "c", "sem.b"])
        os.system("rm -rf /tmp/shm")
        # A namespace of its own with a tmpfs there: the program and its children use that.
        real = ["unshare", "-m", "sh", "-c", 'mkdir -p /dev/shm && mount -t tmpfs tmpfs /dev/shm && exec "$@"', "sh"]
        self.addCleanup(os.system, "rmdir /dev/shm")
        self.expect(take(*steps, WHEN="missing", user=real), good)
        self.assertFalse(os.path.exists("/tmp/shm"))
        self.expect(take(*steps, WHEN="always", user=real), good)
        self.assertEqual(sorted(os.listdir("/tmp/shm")), ["a", "c", "sem.b"])


class Errno(Fresh):
    def test_at_the_start_of_main(self):
        self.assertEqual(take("start"), take("start", preload=False))

    def test_after_a_first_call_that_succeeds(self):
        self.expect(take("keep=a"), ["keep ok 123"])


def main():
    if HIDDEN not in os.environ:
        # Copies, where users without rights may read them: a checkout can lie in somebody's home directory.
        with tempfile.TemporaryDirectory(prefix="devshm-test.", dir="/var/tmp") as place:
            os.chmod(place, 0o755)
            copies = {"LIBRARY": shutil.copy(LIBRARY, place), "STEPS": shutil.copy(STEPS, place)}
            command = hidden().argv(sys.executable, os.path.abspath(sys.argv[0]), *sys.argv[1:])
            sys.exit(subprocess.run(command, env={**os.environ, **copies, HIDDEN: "1"}, check=False).returncode)
    unittest.main(verbosity=2)


if __name__ == "__main__":
    main()
