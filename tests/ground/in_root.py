#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs a command on the files of a root, in one of the surroundings of matrix/cells.py. Needs root (CAP_SYS_ADMIN).

    in_root.py ROOT TOOLS SCRATCH SURROUNDING [NAME=VALUE...] CMD...

ROOT is only read. TOOLS is a directory that CMD finds as /matrix, read-only. SCRATCH, an empty directory on disk,
becomes its /tmp and /dev. Everything is mounted in namespaces of its own and goes with them, processes included.
CMD runs as user 65534 with these variables alone, with /tmp (mode 0700) its own, as on Lambda, and sees no mount but
these: what chroot leaves outside is not in its /proc/mounts, which glibc before 2.34 searches for a tmpfs.

Not chroot(1): LD_PRELOAD is for CMD, and would come into that program too.
"""
import os
import pathlib
import signal
import stat
import subprocess
import sys

USER = 65534
# Its own: a container's /dev can be a tmpfs, and a node bound from there would be a tmpfs in /proc/mounts.
NODES = {"null": (1, 3), "zero": (1, 5), "urandom": (1, 9)}


def mount(*arguments):
    subprocess.run(["mount", *map(str, arguments)], check=True)


def make_tmpfs(at, options):
    mount("-t", "tmpfs", "-o", options, "tmpfs", at)


def surround(new, surrounding):
    """Makes what is described in cells.py."""
    shm = new / "dev/shm"
    if surrounding == "other":
        make_tmpfs(new / "run", "mode=755")
    elif surrounding == "other-ro":
        make_tmpfs(new / "run", "mode=1777,ro")
    elif surrounding == "other-free":
        make_tmpfs(new / "run", "mode=1777")
    elif surrounding == "roots":
        shm.mkdir()
    elif surrounding == "ro-disk":
        shm.mkdir()
        shm.chmod(0o1777)
        mount("--bind", "-o", "ro", shm, shm)
    elif surrounding == "ro-tmpfs":
        shm.mkdir()
        make_tmpfs(shm, "mode=1777,ro")
    elif surrounding != "none":
        raise SystemExit("ground: no surrounding %s" % surrounding)


def enter(root, tools, scratch, surrounding, *words):
    """Inside the namespaces."""
    new = pathlib.Path(scratch) / "root"
    # The original is bound read-only as a whole; what is mounted on top of it can be written.
    mount("--bind", root, new)
    mount("-o", "remount,bind,ro", new)
    for name in ("dev", "tmp"):
        mount("--bind", new.with_name(name), new / name)
    mount("--bind", "-o", "ro", tools, new / "matrix")
    mount("-t", "proc", "proc", new / "proc")
    surround(new, surrounding)
    # Not CMD itself is the namespace's init: signals that nobody handles, its own abort() among them, don't end that.
    child = os.fork()
    if child == 0:
        run(new, words)
    while True:
        pid, status = os.wait()  # orphans come to us, too
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            sys.exit(code if code >= 0 else 128 - code)


def run(root, words):
    os.chroot(root)
    os.chdir("/")
    os.setgroups([])
    os.setresgid(USER, USER, USER)
    os.setresuid(USER, USER, USER)
    for number in (signal.SIGPIPE, signal.SIGXFSZ):  # which Python ignores
        signal.signal(number, signal.SIG_DFL)
    variables = dict(word.split("=", 1) for word in words if "=" in word)
    command = [word for word in words if "=" not in word]
    os.execve(command[0], command, variables)


def prepare(scratch):
    for name, mode in (("root", 0o755), ("dev", 0o755), ("tmp", 0o700)):
        (scratch / name).mkdir(mode)
    os.chown(scratch / "tmp", USER, USER)
    for name, (major, minor) in NODES.items():
        os.mknod(scratch / "dev" / name, stat.S_IFCHR | 0o666, os.makedev(major, minor))


def main():
    arguments = sys.argv[1:]
    if len(arguments) < 5 or "--help" in arguments:
        raise SystemExit(__doc__)
    if arguments[0] == "--enter":
        return enter(*arguments[1:])
    os.umask(0)
    prepare(pathlib.Path(arguments[2]))
    os.umask(0o022)
    os.execvp(
        "unshare",
        [
            "unshare",
            "--mount",
            "--propagation",
            "private",
            "--pid",
            "--fork",
            "--kill-child",
            "--",
            sys.executable,
            __file__,
            "--enter",
            *arguments,
        ],
    )


if __name__ == "__main__":
    main()
