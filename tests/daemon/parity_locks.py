# SPDX-License-Identifier: MIT
"""Parity: locks, leases and what else fcntl does."""
import fcntl
import itertools
import os
import struct

from parity_calls import error_name
from parity_system import creat


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
