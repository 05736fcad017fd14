# SPDX-License-Identifier: MIT
"""Parity: extended attributes, users and times."""
import ctypes
import itertools
import os
import shutil
import stat
import time

from parity_calls import error_name, facts
from parity_system import (
    CLOCK_REALTIME_COARSE,
    EXCHANGE,
    KEEP,
    OLD,
    PAGE,
    PUNCH,
    WHITEOUT,
    creat,
    fallocate,
    libc,
    renameat2,
    user_of,
    utime,
)


def attributes(calls):
    """Extended attributes: names, flags, sizes, of each kind of object."""
    calls.fresh()
    for path in ("file", "dir", ".", "fifo", "null", "to-file", "missing"):
        for follow in (True, False):
            for space in ("user.", "trusted.", "security.", "system.", "other."):
                name = space + "a"
                for function, arguments in (
                    (os.setxattr, (b"one", os.XATTR_REPLACE)),
                    (os.setxattr, (b"one", os.XATTR_CREATE)),
                    (os.setxattr, (b"two", os.XATTR_CREATE)),
                    (os.setxattr, (b"three", os.XATTR_REPLACE)),
                    (os.setxattr, (b"", 0)),
                    (os.getxattr, ()),
                    (os.setxattr, (b"x" * 5000, 0)),
                    (os.getxattr, ()),
                    (os.removexattr, ()),
                    (os.removexattr, ()),
                    (os.getxattr, ()),
                ):
                    calls.call(function, path, name, *arguments, follow_symlinks=follow, show=[path, name, *arguments])
    for name in ("user." + "n" * 250, "user." + "n" * 251, "", "user", "user.", "user.\udcff"):
        calls.call(os.setxattr, "file", name, b"v")
        calls.call(os.getxattr, "file", name)
    for size in (0, 1, 255, 4096, 65536, 65537):
        calls.call(os.setxattr, "file", "user.size", b"v" * size, show=["size", size])
        buffer = ctypes.create_string_buffer(70000)
        for room in (0, 1, size - 1, size):
            if room >= 0:
                calls.call(libc, "getxattr", b"file", b"user.size", buffer, room, show=["getxattr of %d" % size, room])
    for number in range(20):
        os.setxattr("dir", "user.%02d" % number, b"")
    calls.call(lister_of_attributes, "dir")
    for room in (0, 1, 159, 160, 1000):
        calls.call(libc, "listxattr", b"dir", ctypes.create_string_buffer(1000), room, show=["listxattr", room])
    os.rename("dir", "moved")
    calls.say("renamed", len(os.listxattr("moved")))
    for user in (1001, 1002):
        with user_of(user):
            for path in ("file", "sticky", "theirs", "fifo", "closed/x"):
                for name in ("user.a", "trusted.a", "security.a"):
                    for function, more in ((os.setxattr, (b"v",)), (os.getxattr, ()), (os.removexattr, ())):
                        calls.call(function, path, name, *more, show=[user, path, name])
                calls.call(lister_of_attributes, path, show=[user, path])


def lister_of_attributes(path):
    return sorted(os.listxattr(path))


def users(calls):
    """What is made belongs to whom; setgid and sticky directories, umask, set-id bits."""
    os.mkdir("set")
    os.chown("set", 0, 77)
    os.chmod("set", 0o2777)
    os.mkdir("free")
    os.chmod("free", 0o777)
    for directory, user, umask, mode in itertools.product(
        ("set", "free"), (0, 1001, 1002), (0, 0o027, 0o777), (0o7777, 0o640)
    ):
        before = os.umask(umask)
        with user_of(user):
            for number, function in enumerate(
                (
                    lambda p, m: creat(p, os.O_CREAT, m),
                    os.mkdir,
                    os.mkfifo,
                    lambda p, m: os.mknod(p, m | stat.S_IFREG),
                    lambda p, m: os.symlink("x", p),
                )
            ):
                path = directory + "/x"
                try:
                    function(path, mode)
                    result = facts(os.lstat(path))
                except OSError as error:
                    result = error_name(error)
                calls.say("%d in %s by %d, umask %o, mode %o" % (number, directory, user, umask, mode), result)
                try:
                    (os.rmdir if stat.S_ISDIR(os.lstat(path).st_mode) else os.unlink)(path)
                except FileNotFoundError:
                    pass
            try:
                fd = os.open(directory, os.O_TMPFILE | os.O_RDWR, mode)
                calls.call(os.fstat, fd, show=["O_TMPFILE", directory, user, umask, mode])
                os.close(fd)
            except OSError as error:
                calls.say("O_TMPFILE %s %d" % (directory, user), error_name(error))
        os.umask(before)
    creat("f", os.O_CREAT)
    for bits, owner, group in itertools.product((0o6777, 0o2767, 0o4711, 0o2666), (0, 1001), (0, 77, 1001)):
        for user in (0, 1001, 1002):
            for what in ("chmod", "chown -1 -1", "chown group", "truncate", "open O_TRUNC", "fallocate", "write"):
                os.chown("f", owner, group)
                os.chmod("f", bits)
                with user_of(user):
                    try:
                        if what == "chmod":
                            os.chmod("f", bits)
                        elif what == "chown -1 -1":
                            os.chown("f", -1, -1)
                        elif what == "chown group":
                            os.chown("f", -1, 77)
                        elif what == "truncate":
                            os.truncate("f", 5)
                        elif what == "open O_TRUNC":
                            creat("f", os.O_RDWR | os.O_TRUNC)
                        else:
                            fd = os.open("f", os.O_RDWR)
                            if what == "write":
                                os.write(fd, b"x")
                            else:
                                fallocate(fd, 0, 0, PAGE)
                            os.close(fd)
                        result = "ok"
                    except OSError as error:
                        result = error_name(error)
                calls.say(
                    "set-id %o %d:%d: %s by %d" % (bits, owner, group, what, user),
                    "%s %o" % (result, stat.S_IMODE(os.stat("f").st_mode)),
                )
                os.truncate("f", 0)
    program = os.path.realpath("program")
    shutil.copyfile("/bin/true", program)
    os.chmod(program, 0o755)
    pid = os.fork()
    if pid == 0:
        try:
            os.execv(program, [program])
        except OSError as error:
            os._exit(error.errno)
    calls.say("exec", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


def times(calls):
    """Which times an operation moves: of the object and of the directory that it is in."""

    def kinds():
        os.mkdir("d")
        with open("d/f", "wb") as file:
            file.write(b"x" * 3 * PAGE)
        os.symlink("f", "d/l")
        os.mkdir("d/s")
        os.mkdir("e")

    def opened(function, flags=os.O_RDWR):
        fd = os.open("d/f", flags)
        try:
            function(fd)
        finally:
            os.close(fd)

    operations = {
        "nothing": lambda: None,
        "write": lambda: opened(lambda fd: os.write(fd, b"x")),
        "write nothing": lambda: opened(lambda fd: os.write(fd, b"")),
        "read": lambda: opened(lambda fd: os.read(fd, 5)),
        "read at the end": lambda: opened(lambda fd: os.pread(fd, 5, 2**20)),
        "read with O_NOATIME": lambda: opened(lambda fd: os.read(fd, 5), os.O_RDONLY | os.O_NOATIME),
        "open": lambda: opened(lambda fd: None),
        "open O_TRUNC": lambda: opened(lambda fd: None, os.O_RDWR | os.O_TRUNC),
        "ftruncate": lambda: opened(lambda fd: os.ftruncate(fd, 5)),
        "ftruncate to the same": lambda: opened(lambda fd: os.ftruncate(fd, 3 * PAGE)),
        "truncate": lambda: os.truncate("d/f", 5),
        "truncate to the same": lambda: os.truncate("d/f", 3 * PAGE),
        "fallocate": lambda: opened(lambda fd: fallocate(fd, 0, 0, 5 * PAGE)),
        "fallocate within": lambda: opened(lambda fd: fallocate(fd, 0, 0, PAGE)),
        "fallocate KEEP": lambda: opened(lambda fd: fallocate(fd, KEEP, 0, 5 * PAGE)),
        "punch": lambda: opened(lambda fd: fallocate(fd, PUNCH | KEEP, 0, PAGE)),
        "chmod": lambda: os.chmod("d/f", 0o600),
        "chmod d": lambda: os.chmod("d", 0o700),
        "chown": lambda: os.chown("d/f", 5, 5),
        "chown -1": lambda: os.chown("d/f", -1, -1),
        "link": lambda: os.link("d/f", "d/g"),
        "unlink": lambda: os.unlink("d/f"),
        "mkdir": lambda: os.mkdir("d/n"),
        "rmdir": lambda: os.rmdir("d/s"),
        "create": lambda: creat("d/n", os.O_CREAT),
        "symlink": lambda: os.symlink("x", "d/n"),
        "mkfifo": lambda: os.mkfifo("d/n"),
        "readlink": lambda: os.readlink("d/l"),
        "readdir": lambda: os.listdir("d"),
        "rename": lambda: os.rename("d/f", "d/n"),
        "rename away": lambda: os.rename("d/f", "e/f"),
        "rename over": lambda: os.rename("d/f", "d/l"),
        "rename a directory away": lambda: os.rename("d/s", "e/s"),
        "exchange": lambda: renameat2("d/f", "e", EXCHANGE),
        "exchange within": lambda: renameat2("d/f", "d/l", EXCHANGE),
        "whiteout": lambda: renameat2("d/f", "d/n", WHITEOUT),
        "setxattr": lambda: os.setxattr("d/f", "user.a", b"v"),
        "getxattr": lambda: os.listxattr("d/f"),
        "removexattr": lambda: os.removexattr("d/f", "security.old"),
        "setxattr d": lambda: os.setxattr("d", "user.a", b"v"),
        "utime": lambda: os.utime("d/f", ns=(5, 6)),
        "utime now": lambda: os.utime("d/f"),
        "stat": lambda: os.stat("d/f"),
        "O_TMPFILE": lambda: os.close(os.open("d", os.O_TMPFILE | os.O_RDWR)),
        "copy_file_range": lambda: opened(lambda fd: os.copy_file_range(fd, fd, 5, 0, PAGE)),
    }
    for name, operation in operations.items():
        calls.clear()
        kinds()
        os.setxattr("d/f", "security.old", b"v")
        fds = {path: os.open(path, os.O_PATH | os.O_NOFOLLOW) for path in ("d", "d/f", "d/l", "d/s", "e")}
        for path in fds:
            os.utime(path, ns=(OLD, OLD + 1), follow_symlinks=False)
        before = {path: os.fstat(fd) for path, fd in fds.items()}
        now = time.clock_gettime_ns(CLOCK_REALTIME_COARSE)
        while time.clock_gettime_ns(CLOCK_REALTIME_COARSE) == now:  # the clock that files are stamped with
            pass
        operation()
        for path, fd in fds.items():
            after = os.fstat(fd)
            moved = [
                kind
                for kind in ("st_atime_ns", "st_mtime_ns", "st_ctime_ns")
                if getattr(after, kind) != getattr(before[path], kind)
            ]
            calls.say("%s: of %s" % (name, path), " ".join(kind[3] for kind in moved) or "none")
            os.close(fd)
    creat("t", os.O_CREAT)
    for nanoseconds in (0, 1, 999999999, 10**9 + 1, -1, -(10**9), 2**31 * 10**9, 2**34 * 10**9, 2**62):
        calls.call(os.utime, "t", ns=(nanoseconds, nanoseconds))
        calls.say("  then", [os.stat("t").st_atime_ns, os.stat("t").st_mtime_ns])
    for user in (1001, 1002):
        for mode in (0o600, 0o666):
            os.chmod("t", mode)
            with user_of(user):
                calls.call(os.utime, "t", show=[user, mode])
                calls.call(utime, "t", show=[user, mode, "to a time"])
