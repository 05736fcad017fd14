# SPDX-License-Identifier: MIT
"""Running `steps` with system calls refused, and what it says when all goes well.

The kernel refuses them (refuse.cpp): by a seccomp filter that looks at where the call comes from, so that libc's own
calls stay as they are; or from anywhere, as a container's filter does.
"""
import errno
import os
import re
import subprocess

from inside import BIN, STEPS, environment, run

REFUSE = BIN + "/librefuse.so"
ERRORS = "EINTR ENOMEM EMFILE ENFILE EACCES EROFS ENOSPC EPERM ENOSYS".split()
# What a program that uses files, without the memory store, has devshm call.
CALLS = """
    newfstatat mkdirat fchmodat renameat2 unlinkat gettid geteuid getpid mmap munmap mprotect mremap openat pread64
    pwrite64 close statx clock_gettime symlinkat readlinkat statfs faccessat write getcwd fcntl fstat
""".split()
# What devshm itself makes of an error; all else is the error it was given, or one of the kernel's that follows from it.
OF_ITS_OWN = [errno.ENOMEM, errno.EOPNOTSUPP, errno.EIO, errno.ENOENT, errno.EBADF, errno.ERANGE, errno.EPERM]

ROOT = run(STEPS, "fs=/", env={}).stdout.strip() if "DEVSHM_TEST_PLACE" in os.environ else ""
EACH_STEP = [
    ("fs=/", ROOT),
    ("path=a", "path ok"),
    ("look=a", "look ok 100644"),
    ("sem=/b", "sem ok"),
    ("has-sem=/b", "has-sem ok"),
    ("shm=/c", "shm ok"),
    ("put=/c:text", "put ok"),
    ("get=/c", "get ok text"),
    ("list=/dev/shm", "list ok 5"),
    ("drop=a", "drop ok"),
    ("drop-sem=/b", "drop-sem ok"),
    ("drop-shm=/c", "drop-shm ok"),
    ("keep=d", "keep ok 123"),
    ("fs=/", ROOT),
]
STEPS_TAKEN, GOOD = map(list, zip(*EACH_STEP))


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


def own_calls():
    """The names of all that the library's sources call themselves."""
    with open(BIN + "/own_calls.txt", encoding="utf-8") as file:
        return file.read().split()


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
