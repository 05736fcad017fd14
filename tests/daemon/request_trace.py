# SPDX-License-Identifier: MIT
"""The requests that the kernel makes of a FUSE daemon, counted as the daemon reads them, by strace: of any daemon.

What nobody waits for is left out (FORGET, BATCH_FORGET, INTERRUPT): how many come together depends on the moment.
"""
import collections
import re
import struct
import subprocess

NAMES = {
    1: "LOOKUP",
    3: "GETATTR",
    4: "SETATTR",
    5: "READLINK",
    6: "SYMLINK",
    8: "MKNOD",
    9: "MKDIR",
    10: "UNLINK",
    11: "RMDIR",
    12: "RENAME",
    13: "LINK",
    14: "OPEN",
    15: "READ",
    16: "WRITE",
    17: "STATFS",
    18: "RELEASE",
    20: "FSYNC",
    21: "SETXATTR",
    22: "GETXATTR",
    23: "LISTXATTR",
    24: "REMOVEXATTR",
    25: "FLUSH",
    26: "INIT",
    27: "OPENDIR",
    28: "READDIR",
    29: "RELEASEDIR",
    30: "FSYNCDIR",
    31: "GETLK",
    32: "SETLK",
    33: "SETLKW",
    34: "ACCESS",
    35: "CREATE",
    37: "BMAP",
    38: "DESTROY",
    39: "IOCTL",
    40: "POLL",
    43: "FALLOCATE",
    44: "READDIRPLUS",
    45: "RENAME2",
    46: "LSEEK",
    47: "COPY_FILE_RANGE",
    50: "SYNCFS",
    51: "TMPFILE",
    52: "STATX",
}
HEADER = struct.Struct("=IIQQ")
HEADER_SIZE = 40


class Unusable(Exception):
    """The trace says nothing: with the reason."""


def requests_in(trace):
    """(name of the request, what follows the header), in the order of reading."""
    seen = set()
    for text, result in re.findall(
        r'\bread(?:\(\d+, | resumed>)"((?:\\x[0-9a-f]{2})*)"(?:\.\.\.)?, \d+\) += (\d+)', trace
    ):
        data = bytes.fromhex(text.replace("\\x", ""))
        if len(data) < HEADER_SIZE:
            continue
        length, operation, unique, _ = HEADER.unpack_from(data)
        # A daemon that splices reads the beginning of a long request twice, by way of a pipe.
        if operation in NAMES and length >= int(result) and unique not in seen:
            seen.add(unique)
            yield NAMES[operation], data[HEADER_SIZE:].split(b"\0")[0]


def count(trace):
    """{name: number} of the requests between the marks of mount_steps, less those that a mark itself brings."""
    counts, mark = {}, None
    for name, body in requests_in(trace):
        if name == "LOOKUP" and body.startswith(b"mark-"):
            mark = body.split(b"-")[1].decode()
            counts[mark] = collections.Counter()
        elif mark:
            counts[mark][name] += 1
    if list(counts) != ["idle", "begin", "end"]:
        raise Unusable("it has the marks %s" % list(counts))
    counts["begin"].subtract(counts["idle"])
    return +counts["begin"]


def per_step(pid, steps_command, trace_file):
    """{name: how many in a step} while a command runs that is mount_steps; `pid`: the daemon's."""
    strace = subprocess.Popen(
        ["strace", "-f", "-p", str(pid), "-o", trace_file, "-e", "trace=read", "-e", "signal=none", "-xx", "-s", "100"],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        attached = strace.stderr.readline()
        if "attached" not in attached:
            raise Unusable(attached)
        done = subprocess.run(steps_command, stdout=subprocess.PIPE, text=True, check=True, timeout=600)
    finally:
        strace.terminate()
        strace.stderr.close()
        strace.wait()
    steps = int(done.stdout)
    with open(trace_file, encoding="ascii", errors="replace") as text:
        return {name: number / steps for name, number in sorted(count(text.read()).items())}


def shown(counts):
    """As a table shows them: "LOOKUP, 2 GETATTR"; "none"."""
    parts = [
        name if number == 1 else "%g %s" % (number, name)
        for name, number in sorted(counts.items(), key=lambda item: (item[1] != 1, item[0]))
    ]
    return ", ".join(parts) or "none"


def read_shown(text):
    """The counterpart of `shown`."""
    if text == "none":
        return {}
    return {
        words[-1]: float(words[0]) if len(words) > 1 else 1.0 for words in (part.split() for part in text.split(", "))
    }
