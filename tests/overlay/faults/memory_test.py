#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Every system call that devshm makes by itself, refused, with DEVSHM_STORE=memory: what a program creates is an object, a
file or one errno, nothing hangs, and nothing is lost. faults_test.py does the same with files.
"""
import errno
import os
import unittest

from inside import SHM, STEPS, clear, main, take
from refusing import CALLS, OF_ITS_OWN, refuse

# What the memory store calls besides, in the process that uses it; what its keeper calls: tests/store/refused_test.cpp.
CALLS_OF_THE_STORE = """
    clone connect exit flock ftruncate getegid getrandom linkat memfd_create nanosleep pipe2 ppoll read recvmsg
    rt_sigprocmask sendto socket truncate wait4
""".split()


class EachCall(unittest.TestCase):
    def test_each_call(self):
        steps = {
            "path=a": "path ok",
            "shm=/c": "shm ok",
            "put=/c:text": "put ok",
            "get=/c": "get ok text",
            "has-shm=/c": "has-shm ok",
            "look=a": "look ok 100644",
            "shm=/d": "shm ok",
            "drop=a": "drop ok",
            "sem=/b": "sem ok",
            "list=/dev/shm": "list ok 5",
        }
        os.umask(0o022)
        calls = [call for call in CALLS + CALLS_OF_THE_STORE if call != "mmap"]  # without the settings it is off
        files = 0
        for call, error in [(call, error) for call in calls for error in ("EPERM", "EMFILE")]:
            with self.subTest(call=call, error=error):
                clear()
                done = refuse({call: error}, program=(STEPS, *steps))
                self.assertEqual(done.returncode, 0, done)
                self.assertLessEqual(done.stderr.count("\n"), 1, done.stderr)
                lines = dict(zip(steps, done.stdout.splitlines(), strict=True))
                allowed = "|".join(map(str, {getattr(errno, error), *OF_ITS_OWN, errno.EACCES}))
                for step, line in lines.items():
                    if line != steps[step] and step[:5] != "list=":
                        self.assertRegex(line, r"^\S+ errno (%s)$" % allowed)
                # What was created has its name and what was written, for those that nothing is refused to.
                for step, line in lines.items():
                    if step[:4] == "shm=" and line == "shm ok":
                        self.assertEqual(take("has-" + step)[0], ["has-shm ok"])
                if lines["shm=/c"] == "shm ok" and not os.path.islink(
                    SHM + "/c"
                ):  # and a file is the program's as well
                    files += 1
                    for step in ("put=/c:text", "get=/c", "has-shm=/c"):
                        self.assertEqual(lines[step], steps[step])
                if lines["put=/c:text"] == "put ok":
                    self.assertEqual(take("get=/c")[0], ["get ok text"])
        self.assertGreater(files, 0)
        print("%d calls refused; %d objects were files" % (len(calls), files))


if __name__ == "__main__":
    main()
