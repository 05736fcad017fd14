#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A /tmp that other people write to: a stranger was there first, guesses names, is faster."""
import itertools
import os
import shutil
import stat
import subprocess

from inside import LIBRARY, MEMORY, SHM, STEPS, main, snapshot, take
from users import HOME, STRANGER, USER, Ground

ROUNDS = 20 if MEMORY else 100  # of the race, which is for the directory: the same with both stores
EVERYTHING = "path=a look=a drop=a sem=/b has-sem=/b drop-sem=/b shm=/c has-shm=/c drop-shm=/c list=/dev/shm".split()


class MadeFirst(Ground):
    def refused(self, error, complaint, users=(0, USER), **settings):
        for user in users:
            before = snapshot()
            lines, said = take(*EVERYTHING, user=user, **settings)
            self.assertEqual(lines, ["%s errno %d" % (step.split("=")[0], error) for step in EVERYTHING])
            self.one_line(said, complaint)
            self.assertEqual(snapshot(), before)

    def test_symbolic_link(self):
        for target in ("/tmp/trap", "/tmp/home.0", HOME, "/tmp/nowhere", "/tmp/home.0/secret", "shm"):
            with self.subTest(target):
                self.hostile(lambda: os.symlink(target, SHM))
                self.refused(40, "/tmp/shm is a symbolic link")
                os.unlink(SHM)

    def test_no_directory(self):
        makers = {
            "file": lambda: open(SHM, "w").close(),
            "pipe": lambda: os.mkfifo(SHM),
            "socket": lambda: os.mknod(SHM, stat.S_IFSOCK | 0o777),
        }
        for name, make in makers.items():
            with self.subTest(name):
                self.hostile(make)
                self.refused(20, "/tmp/shm is not a directory")
                os.unlink(SHM)

    def test_directory_of_theirs(self):
        for mode in (0o1777, 0o777, 0o755, 0o700, 0):
            with self.subTest(oct(mode)):
                self.hostile(lambda: (os.mkdir(SHM), os.chmod(SHM, mode)))
                self.refused(13, "/tmp/shm belongs to user %d, not to root or to you" % STRANGER, users=(USER,))
                self.refused(13, "as root, make it everybody's: install -d -m 1777 -o root /tmp/shm", users=(USER,))
                os.rmdir(SHM)

    def test_directory_above(self):
        """Who owns a directory above ours can exchange ours; and anyone can have made what lies in /tmp."""
        self.hostile(lambda: [(os.mkdir(path), os.chmod(path, 0o777)) for path in ("/tmp/above", "/tmp/above/more")])
        complaint = "/tmp/above belongs to user %d, not to root or to you" % STRANGER
        for below in ("shm", "more/shm", "new/and/newer/shm"):
            with self.subTest(below):
                self.refused(13, complaint, DIR="/tmp/above/" + below)
        shutil.rmtree("/tmp/above")
        for target in ("/tmp/trap", "/tmp/home.0"):
            self.hostile(lambda: os.symlink(target, "/tmp/above"))
            self.refused(13, complaint, DIR="/tmp/above/shm")
            os.unlink("/tmp/above")
        # One's own is as good as any.
        for _ in range(2):
            self.assertEqual(take("path=a", user=USER, DIR="/tmp/mine/deep/shm"), (["path ok"], ""))
        os.symlink("/tmp/home.0", "/tmp/led")
        self.assertEqual(take("path=a", DIR="/tmp/led/shm"), (["path ok"], ""))

    def test_short_link_to_a_long_directory(self):
        """sem_open needs a name of eight bytes. None that a stranger has made is used, and he can't take them all."""
        letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
        long = "/tmp/long/er"
        self.hostile(lambda: [os.symlink(long, "/tmp/.%s%s" % (a, b)) for a in letters for b in letters])
        for user in (0, USER, 0):
            self.assertEqual(
                take("path=a%d" % user, "sem=/b%d" % user, "shm=/c%d" % user, user=user, DIR=long),
                (["path ok", "sem ok", "shm ok"], ""),
            )
        self.assertEqual(os.listdir("/tmp/trap"), [])
        links = [
            entry for entry in os.scandir("/tmp") if entry.is_symlink() and os.lstat(entry.path).st_uid != STRANGER
        ]
        self.assertEqual(sorted((os.lstat(entry.path).st_uid, len(entry.path)) for entry in links), [(0, 8), (USER, 8)])


class Guessed(Ground):
    """The directory is made under another name first, one with the number of the thread in it."""

    def start(self, user, taken):
        with subprocess.Popen(
            ["/bin/sh", "-c", 'read go; LD_PRELOAD=$0 exec "$@"', LIBRARY, STEPS, "path=a", "sem=/b"],
            user=user,
            group=user,
            extra_groups=[],
            env={"PATH": os.environ["PATH"]},
            text=True,
            cwd="/",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            self.hostile(lambda: taken("/tmp/.devshm.new.%d." % process.pid))
            out, said = process.communicate("go\n", timeout=60)
        return out.splitlines(), said

    def test_names_that_lead_elsewhere(self):
        def take_three(head):
            os.symlink(HOME, head + "0")
            os.mkdir(head + "1")
            os.link("/tmp/home.%d/secret" % STRANGER, head + "2")

        for user in (0, USER):
            self.assertEqual(self.start(user, take_three), (["path ok", "sem ok"], ""))
            found = os.stat(SHM)
            self.assertEqual((found.st_uid, stat.S_IMODE(found.st_mode)), (user, 0o1777))
            self.assertEqual(stat.S_IMODE(os.stat(HOME).st_mode), 0o700)
            shutil.rmtree(SHM)

    def test_all_of_them(self):
        lines, said = self.start(USER, lambda head: [os.mkdir(head + str(i)) for i in range(100)])
        self.assertEqual(lines, ["path errno 17", "sem errno 17"])
        self.one_line(said, "can't make /tmp/shm")


class Race(Ground):
    """The stranger changes what /tmp/shm is as fast as it goes, while programs start."""

    def steps(self):
        ways = (
            (lambda: os.symlink("/tmp/trap", SHM), os.unlink),
            (lambda: os.mkdir(SHM), os.rmdir),
            (lambda: os.rename("/tmp/trap", SHM), lambda path: os.rename(path, "/tmp/trap")),
            (lambda: os.symlink(HOME, SHM), os.unlink),
        )
        for make, undo in itertools.cycle(ways):
            yield from (make, lambda: os.chmod(SHM, 0o777), lambda: undo(SHM))

    def test_race(self):
        attacker = self.attack(self.steps())
        home = snapshot(HOME)
        won = 0
        for _ in range(ROUNDS):
            lines, said = take("path=a", "sem=/b", "shm=/c", user=USER)
            self.assertLessEqual(said.count("\n"), 1, said)
            # Each call looks anew until one has found it good: a later one may find it free again.
            for line in lines:
                self.assertRegex(line, r" (ok|errno (13|20|40))$")
            if lines[-1] == "shm ok":  # from then on the stranger can't take it away
                found = os.lstat(SHM)
                self.assertTrue(stat.S_ISDIR(found.st_mode))
                self.assertEqual((found.st_uid, stat.S_IMODE(found.st_mode)), (USER, 0o1777))
                self.assertIn("c", os.listdir(SHM))
                shutil.rmtree(SHM)
                won += 1
        self.stop(attacker)
        for trap in ("/tmp/trap", SHM):
            is_directory = os.path.isdir(trap) and not os.path.islink(trap)  # a link to HOME may be left
            self.assertEqual(os.listdir(trap) if is_directory else [], [], "something of ours is in " + trap)
        self.assertEqual(snapshot(HOME), home)
        print("%d of %d programs came first" % (won, ROUNDS))


if __name__ == "__main__":
    main()
