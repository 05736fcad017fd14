# SPDX-License-Identifier: MIT
"""Parity: the paths that calls are made with, below what Calls.make() has made, and the flags that they are opened with."""
import os

from parity_calls import LONGEST, TOO_LONG
from parity_system import statfs

PATHS = [
    "file",
    "dir",
    "empty",
    "closed",
    "fifo",
    "socket",
    "null",
    "to-file",
    "to-dir",
    "dangling",
    "loop",
    "missing",
    "file/x",
    "missing/x",
    "dir/",
    "empty/",
    "file/",
    "to-file/",
    "to-dir/",
    "to-dir/inside",
    "missing/",
    "dangling/",
    "",
    ".",
    "empty/.",
    "dir/..",
    "empty/..",
    "loop/x",
    LONGEST,
    TOO_LONG,
    "dir/" + TOO_LONG,
    TOO_LONG + "/x",
    "x/" * 2100,
    "./" * 2047 + "x",
    "closed/x",
    "sticky/of-root",
    "sticky/of-1001",
    "sticky/new",
    "theirs/of-root",
    "theirs/new",
    "dir/inside",
    "new\udcff",
]
FLAGS = {
    name: getattr(os, name)
    for name in (
        "O_RDONLY O_WRONLY O_RDWR O_CREAT O_EXCL O_TRUNC O_APPEND O_DIRECTORY O_NOFOLLOW O_PATH O_TMPFILE O_SYNC O_DSYNC O_NOATIME "
        "O_DIRECT O_CLOEXEC"
    ).split()
}
OPENS = """
    O_RDONLY O_WRONLY O_RDWR O_CREAT O_CREAT|O_RDWR
    O_CREAT|O_EXCL O_CREAT|O_EXCL|O_NOFOLLOW O_TRUNC O_RDWR|O_TRUNC O_CREAT|O_TRUNC|O_RDWR
    O_DIRECTORY O_DIRECTORY|O_RDWR O_DIRECTORY|O_CREAT O_NOFOLLOW O_NOFOLLOW|O_CREAT
    O_PATH O_PATH|O_NOFOLLOW O_PATH|O_DIRECTORY O_TMPFILE|O_RDWR O_TMPFILE|O_RDONLY
    O_TMPFILE|O_RDWR|O_EXCL O_RDWR|O_APPEND O_RDONLY|O_NOATIME O_RDWR|O_SYNC O_RDWR|O_DSYNC
""".split()


def flags_of(text):
    value = 0
    for name in text.split("|"):
        value |= FLAGS[name]
    return value


READ_ONLY = (os.stat, os.lstat, os.access, os.readlink, statfs, os.pathconf, os.listxattr, os.getxattr, os.chdir)

TWO = [
    "file",
    "dir",
    "empty",
    "fifo",
    "to-file",
    "to-dir",
    "dangling",
    "missing",
    "file/x",
    "missing/x",
    "dir/inside",
    "dir/new",
    "empty/new",
    "dir/",
    "missing/",
    "file/",
    ".",
    "empty/..",
    "dir/../new",
    LONGEST,
    TOO_LONG,
    "closed/x",
    "sticky/of-root",
    "sticky/of-1001",
    "sticky/new",
    "theirs/of-root",
    "theirs/new",
    "dir/sub/x",
    "",
]
