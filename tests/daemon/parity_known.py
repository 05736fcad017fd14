# SPDX-License-Identifier: MIT
"""Where a mount of devshmd is not like a tmpfs: each with its reason. What could be mended is not here."""
from parity.engine import Known

KNOWN = [
    Known(
        "FUSE has no seals, and says EINVAL where a tmpfs tells that none may be set",
        r"^locks: fcntl\(103[34], ",
        "",
        "EINVAL",
    ),
    Known("FUSE has no flags of files (lsattr, chattr)", r"^locks: ioctl\('0x[84]00866", r"^b'", "ENOTTY"),
    Known(
        "SEEK_DATA in a directory: the kernel answers by itself for FUSE",
        r"^directories: lseek\('a directory'",
        "EINVAL",
        "0",
    ),
    Known(
        "a set-group-id bit without the group's right to execute stays: the kernel tells a FUSE nothing of who is in the group",
        r"^users: set-id 2(767|666) ",
        r"(ok \d?(767|666)|EPERM \d+)$",
        r"^ok 2(767|666)$",
    ),
    Known(
        "chown(-1, -1) by a user who is not the owner: the kernel asks for the bits to go as it does for a write, without a check",
        r"^users: set-id \d+ .*: chown -1 -1 by ",
        r"^EPERM [246]\d{3}$",
        r"^ok \d+$",
    ),
    Known(
        "reading changes the time of access only where the page cache does not answer",
        r"^times: (read|read at the end|copy_file_range): of d/f",
        "^a",
        "^(none|m c)$",
        on="cached",
    ),
    Known(
        "the text of a symbolic link is cached: reading it changes no time",
        r"^times: readlink: of d/l",
        "^a$",
        "^none$",
    ),
    Known(
        "truncate to the size that a file has: newer kernels' tmpfs changes the times",
        r"^times: truncate to the same: of d/f",
        "^m c$",
        "^none$",
        may_be_gone=True,  # by the kernel
    ),
    Known(
        "with --size a file is charged for its whole size, holes too: stores into a mapping could not be refused",
        r"^limits: (fallocate\(1, 1048576, 8192|fallocate\(0, 1073741824, 4096|pwrite\(b'x', 1073741824|ftruncate\(1099511627776)",
        "",
        "ENOSPC",
        on="cached",
    ),
    Known("... and what was refused has left other sizes", r"^limits: (fstat\(|  room)", on="cached"),
]
