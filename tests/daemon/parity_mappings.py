# SPDX-License-Identifier: MIT
"""Parity: mappings."""
import ctypes
import mmap
import os
import resource
import signal

from parity_calls import error_name
from parity_system import KEEP, PAGE, PUNCH, fallocate, libc


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
