# SPDX-License-Identifier: MIT
"""Parity: names and links of one object."""
import os

from parity_calls import error_name
from parity_system import AT_EMPTY_PATH, AT_SYMLINK_FOLLOW, EXCHANGE, linkat, lister, renameat2


def links(calls):
    """Counts of links and the times of what is linked; a file with many names; of a directory."""
    fd = calls.fd("a")
    for number in range(40):
        os.link("a", "l%d" % number)
    calls.call(os.fstat, fd, show=[])
    os.unlink("a")
    calls.call(os.stat, "l7")
    for number in range(40):
        os.unlink("l%d" % number)
    calls.call(os.fstat, fd, show=[])
    calls.call(linkat, "/proc/self/fd/%d" % fd, "again", AT_SYMLINK_FOLLOW, show=["unlinked", "again"])
    calls.call(linkat, "", "again", AT_EMPTY_PATH, fd, show=["unlinked, empty path"])
    os.close(fd)
    for flags in (os.O_RDWR, os.O_WRONLY, os.O_RDWR | os.O_EXCL):
        fd = os.open(".", os.O_TMPFILE | flags, 0o6640)
        calls.call(os.fstat, fd, show=["unnamed"])
        os.write(fd, b"text")
        calls.call(linkat, "/proc/self/fd/%d" % fd, "again", AT_SYMLINK_FOLLOW, show=["unnamed", flags])
        calls.call(linkat, "", "more", AT_EMPTY_PATH, fd, show=["unnamed, empty path", flags])
        calls.call(os.fstat, fd, show=["named"])
        calls.call(lister, ".")
        os.close(fd)
        for name in os.listdir("."):
            os.unlink(name)
    calls.call(os.mkdir, "d")
    calls.call(os.stat, "d")
    for name in ("d/a", "d/b", "d/a/c"):
        os.mkdir(name)
    calls.call(os.stat, "d")
    calls.call(os.rmdir, "d")
    calls.call(os.rename, "d/a", "d/b")
    calls.call(os.rename, "d", "d/b/d")
    calls.call(renameat2, "d", "d/b", EXCHANGE)
    calls.call(os.stat, "d")
    fd = os.open("d/b", os.O_RDONLY)
    os.rmdir("d/b/c")
    calls.call(os.rmdir, "d/b")
    calls.call(os.fstat, fd, show=["removed"])
    calls.call(os.listdir, fd, show=["removed"])
    for function, more in ((os.mkdir, ()), (os.mkfifo, ()), (os.stat, ()), (os.unlink, ())):
        try:
            function("new", *more, dir_fd=fd)
            calls.say(function.__name__ + " in a removed directory", "ok")
        except OSError as error:
            calls.say(function.__name__ + " in a removed directory", error_name(error))
    os.close(fd)
