# SPDX-License-Identifier: MIT
"""Parity: links, contents, mappings and locks."""
import ctypes
import fcntl
import itertools
import mmap
import os
import resource
import signal
import struct

from parity_calls import (
    AT_EMPTY_PATH,
    AT_SYMLINK_FOLLOW,
    COLLAPSE,
    EXCHANGE,
    INSERT,
    KEEP,
    PAGE,
    PUNCH,
    UNSHARE,
    ZERO,
    creat,
    error_name,
    fallocate,
    libc,
    linkat,
    lister,
    renameat2,
)


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


def touch(mapped, at, store):
    """How a process ends that touches this byte."""
    pid = os.fork()
    if pid == 0:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signal.signal(signal.SIGBUS, signal.SIG_DFL)
        signal.signal(signal.SIGSEGV, signal.SIG_DFL)
        if store:
            mapped[at] = 1
        else:
            mapped[at]
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def mappings(calls):
    """Mappings, shared and private, as the file grows, shrinks and loses pages beneath them."""
    fd = calls.fd("f")
    os.ftruncate(fd, 3 * PAGE)
    whole = mmap.mmap(fd, 3 * PAGE)
    private = mmap.mmap(fd, 3 * PAGE, mmap.MAP_PRIVATE)
    whole[:] = b"s" * 3 * PAGE
    second = mmap.mmap(fd, PAGE, offset=PAGE)

    def say(what):
        found = os.fstat(fd)
        texts = [bytes([one[i * PAGE]]) for one in (whole, private) for i in range(3) if i * PAGE < found.st_size]
        calls.say(what, "size=%d %s %r" % (found.st_size, b"".join(texts), os.pread(fd, 3, PAGE - 1)))
        for at in (0, PAGE - 1, PAGE, 2 * PAGE, 3 * PAGE - 1):
            calls.say("  touch %d" % at, [touch(whole, at, False), touch(whole, at, True), touch(private, at, True)])

    say("stored")
    private[0:1] = b"p"
    os.pwrite(fd, b"w" * 10, PAGE - 5)
    say("written")
    second[100] = 0x41
    calls.say("second", [whole[PAGE + 100], os.pread(fd, 1, PAGE + 100)])
    for size in (PAGE + 1, PAGE, 1, 0, 3 * PAGE, 2 * PAGE + 10, 3 * PAGE):
        calls.call(os.ftruncate, fd, size, show=[size])
        say("truncated")
    whole[:] = b"t" * 3 * PAGE
    calls.call(fallocate, fd, PUNCH | KEEP, PAGE, PAGE, show=["punch"])
    say("punched")
    whole[:] = b"u" * 3 * PAGE
    calls.call(fallocate, fd, PUNCH | KEEP, 10, 2 * PAGE, show=["punch within pages"])
    say("punched")
    for advice in ("REMOVE", "DONTNEED", "WILLNEED", "SEQUENTIAL", "FREE"):
        whole[:] = b"v" * 3 * PAGE
        try:
            whole.madvise({"REMOVE": 9, "DONTNEED": 4, "WILLNEED": 3, "SEQUENTIAL": 2, "FREE": 8}[advice], PAGE, PAGE)
            say("madvise " + advice)
        except OSError as error:
            calls.say("madvise " + advice, error_name(error))
    for flags in (4, 1, 2, 3, 8):
        calls.call(
            libc, "msync", ctypes.addressof(ctypes.c_char.from_buffer(whole)), PAGE, flags, show=["msync", flags]
        )
    for prot in (1, 2, 3, 5, 7):
        for flags in (1, 2, 3, 0x8001, 0x2001):
            for mode in (os.O_RDONLY, os.O_RDWR, os.O_WRONLY):
                other = os.open("f", mode)
                try:
                    mmap.mmap(other, PAGE, flags=flags, prot=prot).close()
                    result = "ok"
                except OSError as error:
                    result = error_name(error)
                calls.say("mmap prot=%d flags=%x open=%d" % (prot, flags, mode), result)
                os.close(other)
    os.unlink("f")
    os.pwrite(fd, b"after", 0)
    calls.say("unlinked", whole[0:6])
    os.ftruncate(fd, PAGE)
    calls.say("unlinked, truncated", [touch(whole, PAGE, True), touch(whole, 0, True)])
    os.close(fd)
    calls.say("closed", whole[0:6])
    directory = os.open(".", os.O_RDONLY)
    try:
        mmap.mmap(directory, PAGE, mmap.MAP_SHARED, mmap.PROT_READ)
        calls.say("mmap a directory", "ok")
    except OSError as error:
        calls.say("mmap a directory", error_name(error))
    os.close(directory)


def locks(calls):
    """flock, POSIX locks and locks of open descriptions; leases."""
    creat("f", os.O_CREAT)
    one, two, read_only = os.open("f", os.O_RDWR), os.open("f", os.O_RDWR), os.open("f", os.O_RDONLY)
    for first, second in itertools.product((fcntl.LOCK_SH, fcntl.LOCK_EX, fcntl.LOCK_UN), repeat=2):
        calls.call(fcntl.flock, one, first | fcntl.LOCK_NB, show=["one", first])
        calls.call(fcntl.flock, two, second | fcntl.LOCK_NB, show=["two", second])
        for each in (one, two):
            fcntl.flock(each, fcntl.LOCK_UN)

    def lock(fd, command, kind, start, length, whence=0):
        answer = fcntl.fcntl(fd, command, struct.pack("hhlli", kind, whence, start, length, 0))
        return struct.unpack("hhlli", answer)[:4] if command in (fcntl.F_GETLK, 36) else None

    F_OFD_GETLK, F_OFD_SETLK = 36, 37
    for kind, other in itertools.product((fcntl.F_RDLCK, fcntl.F_WRLCK), repeat=2):
        for set_lock, get_lock in ((F_OFD_SETLK, F_OFD_GETLK), (fcntl.F_SETLK, fcntl.F_GETLK)):
            calls.call(lock, one, set_lock, kind, 0, 100, show=["one", set_lock, kind, 0, 100])
            calls.call(lock, two, set_lock, other, 50, 100, show=["two", set_lock, other, 50, 100])
            calls.call(lock, two, set_lock, other, 100, 0, show=["two", set_lock, other, 100, 0])
            calls.call(lock, two, get_lock, other, 0, 0, show=["two", get_lock, other])
            calls.call(lock, read_only, set_lock, kind, 300, 1, show=["read only", set_lock, kind])
            for fd in (one, two, read_only):
                lock(fd, set_lock, fcntl.F_UNLCK, 0, 0)
    lock(one, fcntl.F_SETLK, fcntl.F_WRLCK, 0, 0)
    reader, writer = os.pipe()
    if os.fork() == 0:
        try:
            lock(two, fcntl.F_SETLK, fcntl.F_WRLCK, 0, 1)
            os.write(writer, b"got it")
        except OSError as error:
            os.write(writer, error_name(error).encode())
        os._exit(0)
    os.wait()
    calls.say("a lock against another process", os.read(reader, 100))
    for each in (reader, writer, one, two):
        os.close(each)
    for lease in (fcntl.F_RDLCK, fcntl.F_WRLCK, fcntl.F_UNLCK):
        calls.call(fcntl.fcntl, read_only, fcntl.F_SETLEASE, lease, show=["F_SETLEASE", lease])
    for command, argument in ((fcntl.F_ADD_SEALS, 1), (fcntl.F_GET_SEALS, 0), (fcntl.F_NOTIFY, 0)):
        calls.call(fcntl.fcntl, read_only, command, argument, show=[command, argument])
    for request in (0x80086601, 0x40086602, 0xC0185879):
        calls.call(fcntl.ioctl, read_only, request, bytes(64), show=[hex(request)])
    os.close(read_only)
