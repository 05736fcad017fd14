#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Every system call that devshm makes by itself, refused with every error: the program goes on, and knows.

The kernel refuses them (refuse.cpp): by a seccomp filter that looks at where the call comes from, so that libc's own
calls stay as they are; or from anywhere, as a container's filter does. The program is `steps`.
"""
import errno
import os
import re
import subprocess
import sys
import unittest

from inside import BIN, LIBRARY, SHM, STEPS, clear, environment, main, run

REFUSE = BIN + "/librefuse.so"
ERRORS = ["EINTR", "ENOMEM", "EMFILE", "ENFILE", "EACCES", "EROFS", "ENOSPC", "EPERM", "ENOSYS"]

CALLS = [
    "newfstatat",
    "mkdirat",
    "fchmodat",
    "renameat2",
    "unlinkat",
    "gettid",
    "geteuid",
    "getpid",
    "mmap",
    "munmap",
    "mprotect",
    "mremap",
    "openat",
    "pread64",
    "pwrite64",
    "close",
    "statx",
    "clock_gettime",
    "symlinkat",
    "readlinkat",
    "statfs",
    "faccessat",
    "write",
    "getcwd",
    "fcntl",
    "fstat",
]

STEPS_TAKEN = [
    "fs=/",
    "path=a",
    "look=a",
    "sem=/b",
    "has-sem=/b",
    "shm=/c",
    "put=/c:text",
    "get=/c",
    "list=/dev/shm",
    "drop=a",
    "drop-sem=/b",
    "drop-shm=/c",
    "keep=d",
    "fs=/",
]

ROOT = run(STEPS, "fs=/", env={}).stdout.strip() if "DEVSHM_TEST_PLACE" in os.environ else ""
GOOD = [
    ROOT,
    "path ok",
    "look ok 100644",
    "sem ok",
    "has-sem ok",
    "shm ok",
    "put ok",
    "get ok text",
    "list ok 5",
    "drop ok",
    "drop-sem ok",
    "drop-shm ok",
    "keep ok 123",
    ROOT,
]
# Where names fail: with that error, and their two objects are not there to be listed.
BY_NAME = {"sem", "has-sem", "shm", "put", "get", "drop-sem", "drop-shm"}


def without_names(error):
    return [
        "%s errno %d" % (name, error) if name in BY_NAME else good.replace("list ok 5", "list ok 3")
        for name, good in zip((step.split("=")[0] for step in STEPS_TAKEN), GOOD)
    ]


def numbers():
    """The numbers of the system calls, from the kernel's own header."""
    text = subprocess.run(
        ["cc", "-E", "-dM", "-include", "sys/syscall.h", "-x", "c", "/dev/null"],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout
    return {name: int(number) for name, number in re.findall(r"#define __NR_(\w+) (\d+)", text)}


NUMBER = numbers()


def refuse(calls, everywhere=False, others=False, program=(STEPS, *STEPS_TAKEN), preload=True, **settings):
    """`calls`: name -> error's name, "kill" or "allow". The lines, and what was said on standard error."""
    env = environment(**settings)
    env["LD_PRELOAD"] += ":" + REFUSE
    if not preload:
        del env["LD_PRELOAD"]
    env["REFUSE"] = " ".join("%d:%s" % (NUMBER[call], getattr(errno, error, error)) for call, error in calls.items())
    env["REFUSE_FROM"] = "all" if everywhere else "devshm"
    if others:
        env["REFUSE_OTHERS"] = "1"
    return run(*program, env=env)


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
NEVER_REACHED = {"sched_yield", "kill", "wait4", "getegid", "openat2", "sigaltstack"}
# What devshm itself makes of an error; all else is the error it was given, or one of the kernel's that follows from it.
OF_ITS_OWN = [errno.ENOMEM, errno.EOPNOTSUPP, errno.EIO, errno.ENOENT, errno.EBADF, errno.ERANGE, errno.EPERM]
# What docs/system-calls.md says of a call that is refused, where it is no errno: names are not there to be listed, an
# address is left alone (and cut off), a child has lost devshm, a directory stays another user's.
CONSEQUENCES = {
    **dict.fromkeys(("utimensat", "fchown", "fchmod", "flistxattr", "openat", "fstat", "mmap"), ["path errno 13"]),
    "symlinkat": ["list ok 3"],
    "getsockopt": ["own-peer ok /tmp/long/e"],
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
        with open(BIN + "/own_calls.txt", encoding="utf-8") as file:
            calls = [call for call in file.read().split() if call in NUMBER and call not in NEVER_REACHED]
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


class TakenNames(unittest.TestCase):
    """Every name of a short link is taken by somebody else."""

    def test_the_error_is_none_after_which_a_program_tries_another_name(self):
        clear()
        done = refuse(
            {"symlinkat": "EEXIST"}, program=(STEPS, "path=a", "sem=/b", "shm=/c", "shm=/c"), DIR="/tmp/long/er"
        )
        self.assertEqual(done.stdout.splitlines(), ["path ok", "sem errno 13", "shm errno 13", "shm errno 13"])
        self.assertRegex(done.stderr, r"^devshm: can't make a short link in /tmp .*\(errno 13\).*\n$")


class LoadedLibraries(unittest.TestCase):
    """A program that loads a library makes no call of devshm's."""

    def test_any_call_would_end_the_program(self):
        clear()
        with open(BIN + "/own_calls.txt", encoding="utf-8") as file:
            calls = dict.fromkeys((call for call in file.read().split() if call in NUMBER), "kill")
        text = "import ctypes\nfor name in (None, 'libc.so.6', 'librt.so.1'): ctypes.CDLL(name).shm_open"
        done = refuse(calls, program=("/usr/bin/python3", "-c", text))
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        self.assertEqual(refuse(calls, program=("/usr/bin/python3", "-c", text + "(b'/x', 0, 0)")).returncode, -31)


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


class Listed(unittest.TestCase):
    """docs/system-calls.md names every call, and no other is made."""

    def setUp(self):
        clear()

    def test_the_document_is_the_source(self):
        with open(BIN + "/system-calls.md", encoding="utf-8") as file:
            listed = {
                name for line in file if line.startswith("| `") for name in re.findall(r"`(\w+)`", line.split("|")[1])
            }
        with open(BIN + "/own_calls.txt", encoding="utf-8") as file:
            self.assertEqual(sorted(listed), file.read().split())

    def test_any_other_would_end_the_program(self):
        with open(BIN + "/own_calls.txt", encoding="utf-8") as file:
            listed = dict.fromkeys(file.read().split(), "allow")
        for settings in ({}, {"DIR": "/tmp/long/er", "LOG": "/tmp/log"}, {"WHEN": "missing"}):
            done = refuse(listed, others=True, **settings)
            self.assertEqual((done.returncode, done.stdout.splitlines(), done.stderr), (0, GOOD, ""))
            clear()
        for missing in ("newfstatat", "mremap"):  # and it does end it
            self.assertEqual(refuse({**listed, missing: "kill"}).returncode, -31)


if __name__ == "__main__":
    main()
