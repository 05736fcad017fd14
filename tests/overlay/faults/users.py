# SPDX-License-Identifier: MIT
"""The users of these tests: STRANGER is the attacker; root and USER are those who run programs under devshm."""
import os
import signal
import unittest

from inside import as_user, become, clear

STRANGER, USER = 1234, 4321
HOME = "/tmp/home.%d" % USER


def as_stranger(function):
    return as_user(STRANGER, function)


class Ground(unittest.TestCase):
    """Each test begins with a sticky /tmp, empty but for a directory of each user's, and a trap."""

    def setUp(self):
        os.umask(0o022)
        clear()
        self.addCleanup(clear)
        for owner in (0, USER, STRANGER):
            home = "/tmp/home.%d" % owner
            os.mkdir(home, 0o700)
            with open(home + "/secret", "w") as file:
                file.write("of %d" % owner)
            os.chmod(home + "/secret", 0o600)
            for path in (home, home + "/secret"):
                os.chown(path, owner, owner)
        os.mkdir("/tmp/trap")
        os.chmod("/tmp/trap", 0o777)
        os.chown("/tmp/trap", STRANGER, STRANGER)

    def hostile(self, function):
        self.assertEqual(as_stranger(function), 0)

    def attack(self, steps):
        """The stranger takes the steps, which don't end, as fast as it goes, whether they succeed or not. His process's id."""
        attacker = os.fork()
        if attacker == 0:
            signal.alarm(900)  # also if the test is killed
            become(STRANGER)
            for step in steps:
                try:
                    step()
                except OSError:
                    pass
        self.addCleanup(lambda: (os.kill(attacker, signal.SIGKILL), os.waitpid(attacker, 0)))
        return attacker

    @staticmethod
    def stop(attacker):
        """Until it has stopped it may still be changing something."""
        os.kill(attacker, signal.SIGSTOP)
        os.waitpid(attacker, os.WUNTRACED)

    def one_line(self, said, complaint):
        self.assertIn(complaint, said)
        self.assertEqual(said.count("\n"), 1, "one line: " + said)
