#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""How many names fstat says a file in /dev/shm has, on a real tmpfs and on the memory store, line by line.

  links_test.py LIBRARY
  links_test.py --steps     the steps themselves, where they are run
"""
import array
import os
import pathlib
import socket
import subprocess
import sys

from ground import hidden, tmpfs
from parity.engine import Comparison, Sample

A, B, C = "/dev/shm/a", "/dev/shm/b", "/dev/shm/directory/c"


def create(path):
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)


def links(descriptor):
    """By the descriptor itself and by its name in /proc. Each is asked twice: what was found is remembered."""
    return [os.stat(way).st_nlink for way in (descriptor, f"/proc/self/fd/{descriptor}") * 2]


def say(what, *descriptors):
    print(f"{what}:", *(links(descriptor) for descriptor in descriptors))


def received(descriptor):
    here, there = socket.socketpair()
    here.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [descriptor]))])
    message = there.recvmsg(1, socket.CMSG_LEN(4))
    return int.from_bytes(message[1][0][2], sys.byteorder)


def steps():
    os.mkdir("/dev/shm/directory")
    first = create(A)
    say("made", first, os.dup(first), received(first))
    os.link(A, B)
    say("two names", first, os.dup(first))
    os.unlink(A)
    say("the other name", first, received(first))
    os.rename(B, C)
    say("renamed into a directory", first, received(first))
    os.rename(C, A)
    say("renamed back", first)
    subprocess.run([sys.executable, __file__, "--inherited", str(first)], pass_fds=[first], check=True)
    os.unlink(A)
    say("removed", first, os.dup(first), received(first))
    second = create(A)
    say("removed, and another one under its name", first, second)
    third = create(B)
    os.rename(B, A)
    say("removed, replaced by another one, and this one", first, second, third)
    for number in range(100):
        path = f"/dev/shm/{number}"
        one = create(path)
        os.unlink(path)
        say(f"removed, {number}", one, third)
        os.close(one)
    say("at the end", first, second, third)


def main():
    library = pathlib.Path(sys.argv[1]).resolve() if len(sys.argv) == 2 else sys.exit(__doc__)
    comparison, found = Comparison(), {}
    for name, ground in {
        "tmpfs": tmpfs(),
        "memory": hidden().preloading(library, DEVSHM_STORE="memory"),
    }.items():
        done = ground.run("/usr/bin/python3", __file__, "--steps")
        print(done.stderr, end="", file=sys.stderr)
        if done.returncode or "at the end" not in done.stdout:
            comparison.fail(
                f"{name}: status {done.returncode}, and the steps end before their end: {done.stdout[-200:]}"
            )
        found[name] = [Sample(*line.split(": ", 1)) for line in done.stdout.splitlines()]
    comparison.compare(found["tmpfs"], found["memory"], "memory")
    return comparison.end()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--steps"]:
        steps()
    elif sys.argv[1:2] == ["--inherited"]:
        say("inherited", int(sys.argv[2]))
    else:
        sys.exit(main())
