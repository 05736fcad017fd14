# SPDX-License-Identifier: MIT
"""Parity: what files contain: reading, writing, room, holes, copies."""
import itertools
import os

from parity_system import COLLAPSE, INSERT, KEEP, PAGE, PUNCH, UNSHARE, ZERO, fallocate


def contents(calls):
    """Reading, writing and their ends; fallocate with every mode; holes; copies between files."""
    fd = calls.fd("f")
    for function, arguments in (
        (os.pwrite, (b"abc", 0)),
        (os.pwrite, (b"far", 10 * PAGE + 5)),
        (os.pread, (5, 0)),
        (os.pread, (20, 10 * PAGE)),
        (os.pread, (5, 2**40)),
        (os.pwrite, (b"", 5)),
        (os.pwrite, (b"x", 2**63 - 1)),
        (os.pwrite, (b"x", 2**63 - 2)),
        (os.pread, (5, -1)),
        (os.ftruncate, (-1,)),
        (os.ftruncate, (2**63 - 1,)),
        (os.ftruncate, (PAGE + 1,)),
        (os.ftruncate, (0,)),
        (os.ftruncate, (3 * PAGE,)),
        (os.pwrite, (b"y" * 5000, 100)),
        (os.fsync, ()),
        (os.fdatasync, ()),
        (os.posix_fallocate, (0, 5 * PAGE)),
        (os.posix_fallocate, (0, 0)),
        (os.posix_fadvise, (0, 0, os.POSIX_FADV_DONTNEED)),
        (os.isatty, ()),
    ):
        calls.call(function, fd, *arguments, show=arguments)
        calls.call(os.fstat, fd, show=[])
    read_only, append, opath = os.open("f", os.O_RDONLY), os.open("f", os.O_RDWR | os.O_APPEND), os.open("f", os.O_PATH)
    for which, other in (("read only", read_only), ("append", append), ("path", opath)):
        for function, arguments in (
            (os.pwrite, (b"abc", 0)),
            (os.write, (b"abc",)),
            (os.pread, (5, 0)),
            (os.ftruncate, (100,)),
            (fallocate, (0, 0, 9000)),
            (os.lseek, (0, 2)),
            (os.fchmod, (0o640,)),
            (os.fsync, ()),
        ):
            calls.call(function, other, *arguments, show=(which, *arguments))
        calls.call(os.fstat, fd, show=[])
    for other in (read_only, append, opath):
        os.close(other)
    modes = [
        sum(some)
        for count in range(4)
        for some in itertools.combinations((KEEP, PUNCH, COLLAPSE, ZERO, INSERT, UNSHARE), count)
    ] + [128, -1]
    for mode in modes:
        for offset, length in (
            (0, PAGE),
            (PAGE, PAGE),
            (100, 50),
            (100, 3 * PAGE),
            (3 * PAGE, 4 * PAGE),
            (50 * PAGE, PAGE),
            (0, 0),
            (-1, 5),
            (5, -1),
            (2**63 - 1, 2**63 - 1),
            (0, 2**62),
        ):
            if mode in (0, KEEP) and length == 2**62:
                continue  # how much there is to be had is in `limits`
            os.ftruncate(fd, 0)
            os.pwrite(fd, bytes(range(256)) * 80, 0)
            calls.call(fallocate, fd, mode, offset, length, show=[mode, offset, length])
            found = os.fstat(fd)
            text = os.pread(fd, 10 * PAGE, 0)
            calls.say(
                "  then",
                "size=%d blocks=%d sum=%d zeroes=%d" % (found.st_size, found.st_blocks, sum(text), text.count(0)),
            )
    os.ftruncate(fd, 0)
    os.ftruncate(fd, 20 * PAGE + 7)
    for page in (0, 3, 4, 9, 20):
        os.pwrite(fd, b"d", page * PAGE + 5)
    for at in (
        0,
        1,
        PAGE,
        2 * PAGE + 5,
        3 * PAGE,
        4 * PAGE + 1,
        8 * PAGE,
        10 * PAGE,
        20 * PAGE,
        20 * PAGE + 6,
        20 * PAGE + 7,
        21 * PAGE,
        -1,
        2**62,
    ):
        for whence in (os.SEEK_SET, os.SEEK_CUR, os.SEEK_END, os.SEEK_DATA, os.SEEK_HOLE, 9):
            os.lseek(fd, 0, os.SEEK_SET)
            calls.call(os.lseek, fd, at, whence, show=[at, whence])
    source = fd
    other = calls.fd("g")
    for count, there, here in (
        (100, 0, 0),
        (3 * PAGE, PAGE + 1, 77),
        (PAGE, 2**40, 0),
        (PAGE, 20 * PAGE, 9 * PAGE),
        (0, 0, 0),
    ):
        calls.call(os.copy_file_range, source, other, count, there, here, show=[count, there, here])
        calls.call(os.fstat, other, show=[])
    calls.call(os.copy_file_range, source, source, 100, 0, 50, show=["onto itself"])
    calls.call(os.copy_file_range, source, source, 100, 0, 5000, show=["within itself"])
    calls.call(os.sendfile, other, source, 5, 1000, show=[])
    reader, writer = os.pipe()
    calls.call(os.splice, source, writer, 1000, 0, show=["into a pipe"])
    calls.call(os.splice, reader, other, 1000, offset_dst=5, show=["from a pipe"])
    calls.call(os.preadv, source, [bytearray(5), bytearray(5000)], 3, show=[])
    calls.call(os.pwritev, other, [b"a" * 5, b"b" * 5000], 3, show=[])
    calls.call(os.fstat, other, show=[])
    for each in (reader, writer, source, other):
        os.close(each)
