#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Whose the backing directory is, to programs that act as several users, and in user namespaces."""
import os
import shutil
import subprocess

from inside import LIBRARY, SHM, STEPS, environment, main, run, snapshot, take
from owned import GOOD, NAMES, REFUSED, TARGET, Owned
from users import STRANGER, USER


class SeveralUsers(Owned):
    """A process that acts as one user trusts that user's directory; as another one it has to look again."""

    # How root begins to act as a user, and ends it.
    WAYS = {
        "seteuid": (lambda user: "euid=%d" % user, "euid=0"),
        "setresuid": (lambda user: "uids=-1:%d:-1" % user, "uids=-1:0:-1"),
        "one thread": (lambda user: "raw-uids=-1:%d:-1" % user, "raw-uids=-1:0:-1"),
        "setfsuid": (lambda user: "fsuid=%d" % user, "fsuid=0"),
    }
    # The stranger puts another directory in the place of the one that was made as him.
    EXCHANGE = (
        "sh=setpriv --reuid %d --regid %d --clear-groups sh -c 'mv /tmp/shm /tmp/old && mkdir /tmp/shm && "
        "ln -s %s /tmp/shm/b'" % (STRANGER, STRANGER, TARGET)
    )

    def answers(self, *steps, **settings):
        lines, said = take(*steps, **settings)
        return [line for line in lines if line.startswith(("path", "apart", "sem", "shm"))], said

    def test_another_user_afterwards(self):
        for name, (begin, end) in self.WAYS.items():
            with self.subTest(name):
                lines, said = self.answers(begin(STRANGER), "path=a", "path=a", "sem=/b", end, begin(USER), *NAMES)
                self.assertEqual(lines, ["path ok", "path ok", "sem ok"] + REFUSED)
                self.assertIn("belongs to user %d" % STRANGER, said)
                shutil.rmtree(SHM)

    def test_root_afterwards(self):
        for name, (begin, end) in self.WAYS.items():
            with self.subTest(name):
                self.assertEqual(
                    self.answers(begin(STRANGER), "path=a", end, self.EXCHANGE, "path=b", "sem=/b"),
                    (["path ok", "path ok", "sem ok"], ""),
                )
                self.assertFalse(os.path.lexists(TARGET))
                self.expect_everybodys()
                self.assertEqual(os.lstat(SHM + "/b").st_uid, 0)
                shutil.rmtree("/tmp/old")
                shutil.rmtree(SHM)

    def test_root_by_its_file_system_id_alone(self):
        self.assertEqual(
            self.answers("euid=%d" % STRANGER, "path=a", self.EXCHANGE, "fsuid=0", "path=b"),
            (["path ok", "path ok"], ""),
        )
        self.assertFalse(os.path.lexists(TARGET))
        self.expect_everybodys()

    def test_a_thread_that_has_become_a_user(self):
        self.assertEqual(self.answers("apart=%d:a" % STRANGER, self.EXCHANGE, "path=b"), (["apart ok", "path ok"], ""))
        self.assertFalse(os.path.lexists(TARGET))
        self.expect_everybodys()

    def test_roots_directory_is_good_for_all(self):
        self.assertEqual(
            self.answers("path=r", "euid=%d" % USER, *NAMES, "euid=0", "euid=%d" % STRANGER, "path=d"),
            (["path ok"] + GOOD + ["path ok"], ""),
        )
        self.expect_everybodys()

    def test_the_short_link_of_a_long_directory(self):
        """libc itself follows it: root does not leave the user's in libc's constant."""
        long = "/tmp/long/er"
        self.assertEqual(take("path=r", DIR=long)[0], ["path ok"])
        turn = (
            "sh=setpriv --reuid %d --regid %d --clear-groups sh -c 'for l in /tmp/.??; do ln -snf /tmp/trap $l; done'"
            % (STRANGER, STRANGER)
        )
        for name, (begin, end) in self.WAYS.items():
            with self.subTest(name):
                self.assertEqual(
                    self.answers(begin(STRANGER), "sem=/s", "shm=/s", end, turn, "sem=/r", "shm=/r", DIR=long),
                    (["sem ok", "shm ok", "sem ok", "shm ok"], ""),
                )
                self.assertEqual(os.listdir("/tmp/trap"), [])
                self.assertEqual(sorted(os.listdir(long)), ["r", "s", "sem.r", "sem.s"])
                subprocess.run("rm -r /tmp/.?? /tmp/long/er/s* /tmp/long/er/r", shell=True, check=True)
                take("path=r", DIR=long)

    def test_a_daemon_that_gives_up_its_rights(self):
        """It keeps to the directory that it made as a user."""
        ids = ":".join(["%d" % USER] * 3)
        self.assertEqual(self.answers("uids=" + ids, *NAMES, "path=d"), (GOOD + ["path ok"], ""))
        self.assertEqual(os.lstat(SHM).st_uid, USER)
        self.assertEqual(take(*NAMES), (GOOD, ""))
        self.expect_everybodys()


class UserNamespace(Owned):
    """Users that a user namespace does not map all look alike there; a user may even look like them."""

    WAYS = (
        ("unshare", "-U"),
        ("unshare", "-U", "--map-user=65534"),
        ("unshare", "-Ur"),
        ("unshare", "-U", "--map-user=%d" % USER),
    )

    def take_in(self, way, *steps, **settings):
        env = environment(**settings)
        del env["LD_PRELOAD"]
        done = run(*way, "env", "LD_PRELOAD=" + LIBRARY, STEPS, *steps, user=USER, env=env)
        self.assertEqual(done.returncode, 0, done)
        return done.stdout.splitlines(), done.stderr

    def test_a_strangers_directory(self):
        for mode in (0o1777, 0o755, 0o700):
            self.theirs(mode)
            for way in self.WAYS:
                with self.subTest((way, oct(mode))):
                    before = snapshot()
                    self.expect_refusal(self.take_in(way, *NAMES), "a user outside this user namespace")
                    self.assertEqual(snapshot(), before)
            os.rmdir(SHM)

    def test_a_directory_of_ones_own(self):
        for way in self.WAYS:
            with self.subTest(way):
                self.theirs(user=USER)
                self.assertEqual(self.take_in(way, *NAMES), (GOOD, ""))
                shutil.rmtree(SHM)
                self.assertEqual(self.take_in(way, *NAMES, *NAMES), (GOOD + GOOD, ""))
                self.assertEqual(os.stat(SHM).st_uid, USER)
                shutil.rmtree(SHM)

    def test_roots_directory(self):
        """Nothing there distinguishes it from a stranger's. The message says what to do, and that works."""
        self.theirs(user=0)
        for way in self.WAYS:
            with self.subTest(way):
                self.expect_refusal(self.take_in(way, *NAMES), "set DEVSHM_DIR to a directory of your own")
                self.assertEqual(self.take_in(way, *NAMES, DIR="/tmp/own.shm"), (GOOD, ""))
                shutil.rmtree("/tmp/own.shm")

    def test_a_strangers_directory_above(self):
        self.hostile(lambda: (os.mkdir("/tmp/above"), os.chmod("/tmp/above", 0o777)))
        for way in self.WAYS:
            with self.subTest(way):
                self.expect_refusal(
                    self.take_in(way, *NAMES, DIR="/tmp/above/shm"), "/tmp/above belongs to a user outside"
                )


if __name__ == "__main__":
    main()
