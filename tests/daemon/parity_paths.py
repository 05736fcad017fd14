# SPDX-License-Identifier: MIT
"""Parity: every call with a path, on every kind of object, and every pair of them."""
import fcntl
import itertools
import os
import stat

from parity_arguments import OPENS, PATHS, READ_ONLY, TWO, flags_of
from parity_calls import facts
from parity_system import (
    AT_SYMLINK_FOLLOW,
    EXCHANGE,
    NOREPLACE,
    WHITEOUT,
    bind,
    linkat,
    lister,
    renameat2,
    statfs,
    user_of,
    utime,
)


def one_path(calls, users=(0,)):
    """Each operation on each kind of path, by each user."""
    operations = [
        (os.stat,),
        (os.lstat,),
        (os.mkdir, 0o2751),
        (os.rmdir,),
        (os.unlink,),
        (os.mkfifo, 0o640),
        (os.mknod, stat.S_IFREG | 0o4640),
        (os.mknod, stat.S_IFCHR | 0o600, os.makedev(1, 3)),
        (os.mknod, stat.S_IFDIR | 0o700),
        (os.mknod, stat.S_IFSOCK | 0o7777),
        (bind,),
        (os.readlink,),
        (os.chmod, 0o4751),
        (os.chmod, 0o2777),
        (os.chmod, 0o1640),
        (os.chown, 1001, -1),
        (os.chown, -1, 1002),
        (os.chown, -1, 77),
        (os.lchown, 1002, 1002),
        (os.chown, -1, -1),
        (utime,),
        (utime, False),
        (os.utime,),
        (os.truncate, 0),
        (os.truncate, 3),
        (os.truncate, 10000),
        (os.truncate, -1),
        (os.truncate, 2**62),
        (os.truncate, 2**63 - 1),
        (os.access, os.R_OK),
        (os.access, os.W_OK),
        (os.access, os.X_OK),
        (os.access, os.F_OK),
        (statfs,),
        (os.pathconf, "PC_NAME_MAX"),
        (os.pathconf, "PC_LINK_MAX"),
        (os.listxattr,),
        (os.getxattr, "user.x"),
        (os.setxattr, "user.x", b"value"),
        (os.setxattr, "trusted.x", b"v"),
        (os.setxattr, "security.x", b"v"),
        (os.setxattr, "system.x", b"v"),
        (os.setxattr, "x", b"v"),
        (os.setxattr, "user.", b"v"),
        (os.removexattr, "user.x"),
        (os.chdir,),
    ]
    here = os.getcwd()
    for user in users:
        for path in PATHS:
            shows = path if len(path) < 4000 else path[:8] + "..."
            for function, *more in operations:
                with user_of(user):
                    calls.call(function, path, *more, show=[user, shows, *more])
                os.chdir(here)
                if calls.worked and function not in READ_ONLY:
                    calls.difference()
            calls.difference()  # what has failed must have left nothing either
            with user_of(user):
                calls.call(lister, path, show=[user, shows])
            for flags in OPENS:
                with user_of(user):
                    opened = calls.call(
                        os.open, path, flags_of(flags) | os.O_NONBLOCK, 0o4751, show=[user, shows, flags]
                    )
                    if opened is None:
                        calls.say("  opened", "no")
                    else:
                        calls.say("  opened", "%s, %o" % (facts(os.fstat(opened)), fcntl.fcntl(opened, fcntl.F_GETFL)))
                        os.close(opened)
                if opened is not None and {"O_CREAT", "O_TRUNC"} & set(flags.split("|")):
                    calls.difference()


def two_paths(calls, users=(0,)):
    """rename with all flags, link, linkat and symlink, with each pair of kinds of paths."""
    ways = [(os.rename,), (renameat2, NOREPLACE), (renameat2, EXCHANGE), (linkat, 0), (linkat, AT_SYMLINK_FOLLOW)]
    for user in users:
        for old, new in itertools.product(TWO, TWO):
            for function, *more in ways:
                with user_of(user):
                    calls.call(function, old, new, *more, show=[user, old, new, *more])
                if calls.worked:
                    calls.difference()
        for old, new in itertools.product(
            ("file", "dir", "missing", "to-file"), ("file", "new", "empty", "dir/inside", "dir/new")
        ):
            for flags in (WHITEOUT, NOREPLACE | WHITEOUT, NOREPLACE | EXCHANGE, EXCHANGE | WHITEOUT, 8, -1):
                with user_of(user):
                    calls.call(renameat2, old, new, flags, show=[user, old, new, flags])
                if calls.worked:
                    calls.difference()
        for new in TWO:
            for target in ("file", "", "x" * 100, "x" * 4095, "x" * 4096):
                with user_of(user):
                    calls.call(os.symlink, target, new, show=[user, target[:6] + str(len(target)), new])
                if calls.worked:
                    calls.difference()
        calls.difference()
