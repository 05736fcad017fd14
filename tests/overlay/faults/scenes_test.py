#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Every system call that docs/system-calls.md names, refused with every error where devshm comes to make it."""
import errno
import os
import unittest

from inside import STEPS, clear, main
from refusing import ERRORS, GOOD, NUMBER, OF_ITS_OWN, STEPS_TAKEN, own_calls, refuse

# Calls that `steps` gets to only there. What devshm is refused anyway, what everybody is, settings, the steps and the
# lines they give.
LONG = {"DIR": "/tmp/long/er"}
SCENES = {
    "names": ({}, {}, {}, STEPS_TAKEN, GOOD),
    "long": ({}, {}, {**LONG, "LOG": "/tmp/log"}, STEPS_TAKEN, GOOD),
    "missing": ({}, {}, {"WHEN": "missing"}, ["path=a"], ["path ok"]),
    "memory": ({"mremap": "EPERM"}, {}, {}, ["sem=/b", "drop-sem=/b"], ["sem ok", "drop-sem ok"]),
    "again": (
        {},
        {},
        {},
        ["path=a", "sh=rm -r /tmp/shm", "path=a", "look=none"],
        ["path ok", "sh ok", "path ok", "look errno 2"],
    ),
    "in place": ({"renameat2": "ENOSYS"}, {}, {}, ["path=a"], ["path ok"]),
    "relative": (
        {},
        {},
        LONG,
        ["path=a", "in=/dev/shm", "rel=b", "look=b", "in=/dev", "rel=shm/c", "look=c"],
        ["path ok", "in ok /dev/shm", "rel ok", "look ok 100644", "in ok /dev", "rel ok", "look ok 100644"],
    ),
    "sockets": ({}, {}, LONG, ["bind=s", "own-peer=t"], ["bind ok /dev/shm/s", "own-peer ok /dev/shm/t"]),
    "shells": (
        {},
        {},
        LONG,
        ["path=a", "lose", "sh=test -e /dev/shm/a", "pipe=ls /dev/shm"],
        ["path ok", "lose ok", "sh ok", "pipe ok a"],
    ),
    "space": ({}, {"fallocate": "EPERM"}, {}, ["reserve=r", "punch=p"], ["reserve ok", "punch ok"]),
    "space, no ioctl": (
        {"ioctl": "EPERM"},
        {"fallocate": "EPERM"},
        {},
        ["reserve=r", "punch=p"],
        ["reserve ok", "punch ok"],
    ),
    "space, old kernel": (
        {"ioctl": "EPERM", "madvise": "EINVAL", "pwritev2": "ENOSYS"},
        {"fallocate": "EPERM"},
        {},
        ["reserve=r", "punch=p"],
        ["reserve ok", "punch ok"],
    ),
    "several users": ({}, {}, {}, ["euid=1234", "path=a", "path=b"], ["euid ok", "path ok", "path ok"]),
    "rights given up": ({}, {}, {}, ["uids=1234:1234:1234", "path=a", "path=b"], ["uids ok", "path ok", "path ok"]),
    "nobody": ({}, {}, {}, ["uids=65534:65534:65534", "path=a"], ["uids ok", "path ok"]),
    "take over": ({}, {}, {}, ["sh=install -d -m 1777 -o 1234 /tmp/shm", "path=a"], ["sh ok", "path ok"]),
    "space, a stranger's lock": (
        {"ioctl": "EPERM", "flock": "EAGAIN"},
        {"fallocate": "EPERM"},
        {},
        ["reserve=r"],
        ["reserve ok"],
    ),
}
SLOW = "space, a stranger's lock"  # a second each time
# Only where two threads meet, one is cancelled in system(), or the memory store is used (tests/store refuses its calls).
NEVER_REACHED = {"sched_yield", "kill", "wait4", "openat2", "sigaltstack"}
# What docs/system-calls.md says of a call that is refused, where it is no errno: names are not there to be listed, a
# child has lost devshm, a directory stays another user's.
CONSEQUENCES = {
    **dict.fromkeys(("utimensat", "fchown", "fchmod", "flistxattr", "openat", "fstat", "mmap"), ["path errno 13"]),
    "symlinkat": ["list ok 3"],
    "faccessat": ["sh errno 0", "pipe errno 0"],
}
# A call that is repeated after EINTR, as nobody would answer that for ever.
REPEATED = {("read", "EINTR"), ("wait4", "EINTR")}


def play(scene, calls):
    mine, everybody, settings, steps, _ = SCENES[scene]
    program = (STEPS, *steps)
    if everybody:  # that filter first, by a program that goes on to the other one
        inner = " ".join(
            "%d:%s" % (NUMBER[call], getattr(errno, error, error)) for call, error in {**mine, **calls}.items()
        )
        return refuse(
            everybody, everywhere=True, program=("env", "REFUSE=" + inner, "REFUSE_FROM=devshm", *program), **settings
        )
    return refuse({**mine, **calls}, program=program, **settings)


class EveryCall(unittest.TestCase):
    """Each call that is documented, where it is made."""

    def setUp(self):
        os.umask(0o022)
        calls = [call for call in own_calls() if call in NUMBER and call not in NEVER_REACHED]
        self.scenes_of = {call: [] for call in calls}
        for scene in SCENES:
            clear()
            done = play(scene, {})
            self.assertEqual(
                (done.returncode, done.stdout.splitlines(), done.stderr), (0, SCENES[scene][-1], ""), scene
            )
            for call in calls:
                if self.scenes_of[call] and scene == SLOW:
                    continue
                clear()
                if play(scene, {call: "kill"}).returncode == -31:
                    self.scenes_of[call].append(scene)

    def test_each_with_each_error(self):
        self.assertEqual([call for call, scenes in self.scenes_of.items() if not scenes], [])  # each is made somewhere
        tried = 0
        for call, scenes in self.scenes_of.items():
            # All errors where it is made first; elsewhere one, as the call is what makes the difference.
            for scene, error in [(scenes[0], error) for error in ERRORS] + [(scene, "EACCES") for scene in scenes[1:]]:
                if (call, error) in REPEATED:
                    continue
                with self.subTest(call=call, scene=scene, error=error):
                    tried += 1
                    clear()
                    done = play(scene, {call: error})
                    self.assertEqual(done.returncode, 0, done)
                    self.assertLessEqual(
                        done.stderr.count("\ndevshm:") + done.stderr.startswith("devshm:"), 1, done.stderr
                    )
                    allowed = "|".join(map(str, {getattr(errno, error), *OF_ITS_OWN}))
                    for line, good in zip(done.stdout.splitlines(), SCENES[scene][-1], strict=True):
                        if line != good and line not in CONSEQUENCES.get(
                            call, ()
                        ):  # either right, or an errno; never a success with something else in it
                            self.assertRegex(line, r"^%s errno (%s)$" % (good.split()[0], allowed))
                    left = [name for name in os.listdir("/tmp") if name.startswith(".devshm")]
                    self.assertEqual(len(left), 1 if call == "unlinkat" else 0)
        print("%d calls in %d scenes: %d times refused" % (len(self.scenes_of), len(SCENES), tried))


if __name__ == "__main__":
    main()
