# SPDX-License-Identifier: MIT
"""The files that the commands work on, laid out anew before each, and what is there afterwards, in words.

Works on the real directory (a tmpfs on /dev/shm, or the backing directory), without the library.
"""

import hashlib
import os
import re
import shutil
import stat

LONG_AGO = 1_000_000_000  # every laid-out file's time: a later one is a command's, and differs from run to run
OUTSIDE = "/tmp/out"  # the same on every ground; commands begin here

# Mode and contents; a name with a slash at its end is a directory's.
IN_SHM = {
    "a": (0o644, "alpha\nbeta\ngamma\n"),
    "b": (0o644, "beta\ndelta\n"),
    "empty": (0o644, ""),
    "private": (0o600, "secret\n"),
    "fields": (0o640, "1:one:x\n10:ten:y\n2:two:z\n"),
    "script": (0o755, '#!/bin/sh\necho ran with "$#"\n'),
    "with space": (0o644, "spaced out\n"),
    "hard1": (0o644, "twice\n"),
    "dir/": (0o755, None),
    "dir/g": (0o644, "inside\n"),
    "dir/.hidden": (0o644, "hidden\n"),
    "dir/sub/": (0o700, None),
    "dir/sub/h": (0o444, "deep\n"),
    "emptydir/": (0o755, None),
    "closed/": (0o700, None),
    "closed/in": (0o644, "in\n"),
    "setgid/": (0o2775, None),
}
LINKS = {"link": "a", "linkdir": "dir", "dangling": "nowhere", "absolute": "/dev/shm/a", "outlink": OUTSIDE + "/o"}
OUT = {
    "o": (0o644, "outside\n"),
    "d/": (0o755, None),
    "d/p": (0o644, "plain\n"),
    "home/": (0o755, None),
}
SPARSE = 1 << 17


def lay_out(shm):
    mask = os.umask(0)
    for top, things in ((shm, IN_SHM), (OUTSIDE, OUT)):
        os.makedirs(top, exist_ok=True)
        for name in os.listdir(top):
            remove(os.path.join(top, name))
        for name, (mode, text) in things.items():
            path = os.path.join(top, name)
            if text is None:
                os.mkdir(path)
            else:
                with open(path, "x") as file:
                    file.write(text)
            os.chmod(path, mode)
    for name, text in LINKS.items():
        os.symlink(text, os.path.join(shm, name))
    os.link(f"{shm}/hard1", f"{shm}/hard2")
    os.mkfifo(f"{shm}/fifo", 0o600)
    with open(f"{shm}/sparse", "xb") as file:
        file.truncate(SPARSE - 4)
        file.seek(SPARSE - 4)
        file.write(b"end\n")
    for top in (shm, OUTSIDE):
        for dir, dirs, files in os.walk(top, topdown=False):
            for name in dirs + files:
                os.utime(os.path.join(dir, name), (LONG_AGO, LONG_AGO), follow_symlinks=False)
    os.umask(mask)


def remove(path):
    if os.path.isdir(path) and not os.path.islink(path):
        try:
            shutil.rmtree(path)
        except OSError:  # an ordinary user's command has closed a directory
            for dir, _, _ in os.walk(path):
                os.chmod(dir, 0o700)
            shutil.rmtree(path)
    else:
        os.unlink(path)


# With the numbers of inodes, times, or what is drawn by lot in them: git's index, sqlite's journals.
NEVER_THE_SAME = re.compile(r"/\.git/(.*/)?index$|-journal$|-wal$")


def content(path):
    if NEVER_THE_SAME.search(path):
        return f"{os.stat(path).st_size} bytes"
    try:
        with open(path, "rb") as file:
            if os.fstat(file.fileno()).st_size > 16 << 20:
                return f"{os.fstat(file.fileno()).st_size} bytes"
            data = file.read()
    except PermissionError:
        return "(closed)"
    if len(data) <= 200:
        return repr(data)[1:]
    return f"{len(data)} bytes {hashlib.sha256(data).hexdigest()[:16]}"


OBJECT = re.compile(r"/\.[^/]+\.memory\.\d+\.\d+/[0-9a-f]{16}/\d+$")  # the link that an object's name in memory is


class Status:
    """What a program sees of a file: of an object in memory the object's, with the link count of its name."""

    def __init__(self, path):
        name = os.lstat(path)
        is_object = stat.S_ISLNK(name.st_mode) and OBJECT.search(os.readlink(path))
        self.seen = os.stat(path) if is_object else name
        self.st_nlink = name.st_nlink

    def __getattr__(self, field):
        return getattr(self.seen, field)


def describe(path):
    seen = Status(path)
    words = [
        {
            stat.S_IFDIR: "dir",
            stat.S_IFREG: "file",
            stat.S_IFLNK: "link",
            stat.S_IFIFO: "fifo",
            stat.S_IFSOCK: "socket",
            stat.S_IFCHR: "char",
            stat.S_IFBLK: "block",
        }[stat.S_IFMT(seen.st_mode)]
    ]
    words += [f"{stat.S_IMODE(seen.st_mode):04o}", f"{seen.st_uid}:{seen.st_gid}"]
    words.append(f"nlink {seen.st_nlink}")
    if stat.S_ISREG(seen.st_mode):
        words.append(content(path))
    if stat.S_ISLNK(seen.st_mode):
        words.append("-> " + os.readlink(path))
    if stat.S_IFMT(seen.st_mode) in (stat.S_IFCHR, stat.S_IFBLK):
        words.append(f"{os.major(seen.st_rdev)},{os.minor(seen.st_rdev)}")
    # What is set by a command lies in the past; now is now.
    if seen.st_mtime < 1_500_000_000 and not stat.S_ISDIR(seen.st_mode):
        words.append(f"mtime {seen.st_mtime_ns / 1e9:.9g}" if seen.st_mtime != LONG_AGO else "old")
    try:
        words += [
            f"{name}={os.getxattr(path, name, follow_symlinks=False)!r}"
            for name in sorted(os.listxattr(path, follow_symlinks=False))
            if name.startswith(("user.", "trusted."))
        ]
    except OSError:
        pass
    return " ".join(words)


def take(shm):
    """What is there, a line each: below /dev/shm, outside, and any neighbour of /dev/shm or of its backing directory."""
    lines = []
    for top, shown in ((shm, "/dev/shm"), (OUTSIDE, OUTSIDE)):
        for dir, dirs, files in os.walk(top):
            for name in dirs + files:
                path = os.path.join(dir, name)
                lines.append(f"{shown}{path[len(top):]}: {describe(path)}")
        lines.append(f"{shown}: {stat.S_IMODE(os.lstat(top).st_mode):04o}")
    for near in ("/dev", "/tmp"):
        lines += [
            f"{near}/{name} is there"
            for name in os.listdir(near)
            if re.match("shm|devshm", name) and f"{near}/{name}" != shm
        ]
    return sorted(lines)
