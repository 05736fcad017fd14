# SPDX-License-Identifier: MIT
"""Parity: directories, objects that are no files, semaphores, and limits."""
import ctypes
import mmap
import os
import socket
import struct

from ground.waiting import wait_for
from parity_calls import error_name
from parity_system import KEEP, LIBC, PAGE, PUNCH, bind, creat, fallocate, libc


def directories(calls):
    """Listing: order left aside, types, dots, seeking, while it changes; removed and made again."""
    names = ["%d-%s" % (i, "x" * (i % 200)) for i in range(500)]
    for i, name in enumerate(names):
        (os.mkdir if i % 7 == 0 else os.mkfifo if i % 7 == 1 else lambda p: creat(p, os.O_CREAT))(name)
    calls.say("listed", sorted(os.listdir(".")) == sorted(names))
    with os.scandir(".") as entries:
        found = sorted((e.name, e.is_dir(), e.is_file(), e.inode() == os.lstat(e.name).st_ino) for e in entries)
    calls.say(
        "types and numbers", [found[0], all(e[3] for e in found), sum(e[1] for e in found), sum(e[2] for e in found)]
    )
    calls.call(os.stat, ".")
    fd = os.open(".", os.O_RDONLY)
    buffer = ctypes.create_string_buffer(65536)
    for size in (0, 1, 23, 24, 280, 65536):
        os.lseek(fd, 0, 0)
        try:
            got = libc("syscall", 217, fd, buffer, size)  # getdents64
            calls.say("getdents64 into %d" % size, "some" if got else 0)
        except OSError as error:
            calls.say("getdents64 into %d" % size, error_name(error))
    raw, seen = b"", []
    os.lseek(fd, 0, 0)
    while (got := libc("syscall", 217, fd, buffer, 1000)) > 0:
        raw = buffer.raw[:got]
        at = 0
        while at < len(raw):
            _, _, length, kind = struct.unpack_from("QqHB", raw, at)
            seen.append((raw[at + 19 : at + length].split(b"\0")[0].decode(), kind))
            at += length
    calls.say("getdents64 in pieces", [len(seen), len(set(seen)), sorted(seen)[:4]])
    calls.call(os.read, fd, 10, show=["a directory"])
    calls.call(os.pwrite, fd, b"x", 0, show=["a directory"])
    calls.call(os.ftruncate, fd, 0, show=["a directory"])
    calls.call(fallocate, fd, 0, 0, 1, show=["a directory"])
    calls.call(os.fsync, fd, show=["a directory"])
    calls.call(os.lseek, fd, 0, os.SEEK_DATA, show=["a directory"])
    os.close(fd)
    for name in names:
        (os.rmdir if os.path.isdir(name) else os.unlink)(name)
    calls.call(os.listdir, ".")
    calls.call(os.stat, ".")
    path = ""
    for depth in range(20):
        path += "x" * 100 + "/"
        calls.call(os.mkdir, path, show=[depth])
    calls.call(os.stat, path, show=["deep"])


def special(calls):
    """Fifos, sockets and devices; watching; file handles; names of all bytes."""
    os.mkfifo("fifo")
    reader = os.open("fifo", os.O_RDONLY | os.O_NONBLOCK)
    writer = os.open("fifo", os.O_WRONLY)
    os.write(writer, b"through")
    calls.call(os.read, reader, 100, show=[])
    os.close(writer)
    calls.call(os.read, reader, 100, show=[])
    os.close(reader)
    calls.call(os.open, "fifo", os.O_WRONLY | os.O_NONBLOCK)
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind("socket")
        calls.call(client.connect, "socket")
        server.listen()
        calls.call(client.connect, "socket")
        calls.call(bind, "socket")
    calls.call(os.open, "socket", os.O_RDWR)
    for number, name in enumerate(
        (b"\x01", b"\xff\xfe", b"a b", b"\n", b"-", b"...", " \N{SNOWMAN}".encode(), b"\\", b"*")
    ):
        creat(name, os.O_CREAT)
        calls.say("name %d" % number, name in os.listdir(b"."))
    inotify = LIBC.inotify_init1(0o4000)
    LIBC.inotify_add_watch(inotify, b".", 0xFFF)
    fd = calls.fd("watched")
    os.write(fd, b"x")
    os.ftruncate(fd, 0)
    os.fchmod(fd, 0o600)
    os.close(fd)
    os.rename("watched", "renamed")
    os.link("renamed", "linked")
    os.unlink("renamed")
    os.unlink("linked")
    raw, at, events = os.read(inotify, 65536), 0, []
    while at < len(raw):
        _, mask, _, length = struct.unpack_from("iIII", raw, at)
        events.append("%x %s" % (mask, raw[at + 16 : at + 16 + length].rstrip(b"\0").decode()))
        at += 16 + length
    calls.say("inotify", events)
    os.close(inotify)
    before = os.stat("fifo").st_ino
    os.rename("fifo", "other")
    calls.say("number after rename", os.stat("other").st_ino == before)
    calls.say("device", os.stat("other").st_dev == os.stat(".").st_dev)


def semaphores(calls):
    """A semaphore as sem_open makes it, and a robust mutex's owner that dies: by names in the current directory."""
    fd = calls.fd("temporary")
    os.ftruncate(fd, 32)
    mapped = mmap.mmap(fd, 32)
    word = ctypes.c_char.from_buffer(mapped)
    LIBC.sem_init(ctypes.byref(word), 1, 1)
    os.link("temporary", "sem.x")
    os.unlink("temporary")
    other = os.open("sem.x", os.O_RDWR)
    again = mmap.mmap(other, 32)
    second = ctypes.c_char.from_buffer(again)
    calls.say("trywait", [LIBC.sem_trywait(ctypes.byref(each)) for each in (word, second, word)])
    pid = os.fork()
    if pid == 0:
        os._exit(0 if LIBC.sem_wait(ctypes.byref(second)) == 0 else 1)
    LIBC.sem_post(ctypes.byref(word))
    calls.say("woken", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    del word, second
    for each in (mapped, again):
        each.close()
    os.close(fd)
    os.close(other)


def limits(calls):
    """On a file system of 1 MiB: what is refused, and when; what statvfs says. Names in the current directory."""

    def room():
        found = os.statvfs(".")
        calls.say(
            "  room",
            "%d of %d blocks of %d, %d of %d files"
            % (found.f_bfree, found.f_blocks, found.f_bsize, found.f_ffree, found.f_files),
        )

    room()
    fd = calls.fd("f")
    room()
    for function, arguments in (
        (os.pwrite, (b"x" * 2**19, 0)),
        (os.pwrite, (b"x" * 2**20, 2**19)),
        (os.pwrite, (b"x", 2**20)),
        (os.pwrite, (b"y" * 100, 0)),
        (os.pwrite, (b"x", 2**20 - 1)),
        (os.ftruncate, (5 * PAGE,)),
        (fallocate, (0, 0, 2**20)),
        (fallocate, (0, 0, 2**20 + 1)),
        (fallocate, (KEEP, 2**20, 1)),
        (fallocate, (0, 2**30, PAGE)),
        (fallocate, (PUNCH | KEEP, PAGE, 3 * PAGE)),
        (fallocate, (KEEP, 2**20, 2 * PAGE)),
        (os.ftruncate, (0,)),
        (fallocate, (0, 2**30, PAGE)),
        (os.ftruncate, (0,)),
        (os.pwrite, (b"x", 2**30)),
        (os.ftruncate, (0,)),
        (os.ftruncate, (2**40,)),
        (os.ftruncate, (0,)),
        (fallocate, (0, 0, 2**62)),
        (fallocate, (0, 2**62, 2**62 - 1)),
    ):
        calls.call(function, fd, *arguments, show=arguments)
        calls.call(os.fstat, fd, show=[])
        room()
    os.pwrite(fd, b"x" * (2**20 - PAGE), 0)
    for target in (b"short", b"x" * 127, b"x" * 128, b"x" * 3000, b"x" * 3000):
        calls.call(os.symlink, target, b"l%d" % len(target), show=[len(target)])
        room()
    os.unlink("f")
    calls.call(os.fstat, fd, show=["unlinked"])
    room()
    files = os.statvfs(".").f_ffree
    os.close(fd)
    # Of devshmd it is free when the kernel has forgotten the file: a call waits for that, but not for ever, and not with passthrough.
    wait_for(lambda: os.statvfs(".").f_bfree * PAGE >= 2**19 and os.statvfs(".").f_ffree > files, "its room is free")
    other = calls.fd("g")
    calls.call(os.pwrite, other, b"x" * 2**19, 0, show=["after it"])
    room()
    os.close(other)
    made = 0
    try:
        for made in range(1000):
            os.mkdir("d%d" % made)
    except OSError as error:
        calls.say("directories", [made, error_name(error)])
    for function, arguments in (
        (creat, ("n", os.O_CREAT)),
        (os.symlink, ("x", "n")),
        (os.link, ("g", "n")),
        (os.mkfifo, ("n",)),
        (os.rename, ("g", "n")),
    ):
        calls.call(function, *arguments)
    room()
    os.rmdir("d0")
    wait_for(lambda: os.statvfs(".").f_ffree > 0, "its room is free")
    calls.call(os.link, "n", "linked")
    room()
    calls.call(os.mkdir, "d0")
