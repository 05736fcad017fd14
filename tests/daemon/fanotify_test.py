#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""fanotify with FAN_REPORT_FID: events name the directory by a handle and the file by its name.

The FUSE protocol has no field for f_fsid. So fanotify takes marks on files and directories since Linux 6.8 only, and none on the
whole file system, as docs/daemon.md says.
"""
import ctypes
import errno
import os
import platform
import struct

import fixture
from fixture import LIBC
from serving import checked

CLASS_NOTIF, NONBLOCK, REPORT_FID, REPORT_DIR_FID, REPORT_NAME = 0, 2, 0x200, 0x400, 0x800
MARK_ADD, MARK_FILESYSTEM = 1, 0x100
MODIFY, CREATE, DELETE, ON_CHILD = 2, 0x100, 0x200, 0x08000000
AT_FDCWD = -100
EVENT, INFO = struct.Struct("=IBBHQii"), struct.Struct("=BBHii")
HANDLE = struct.Struct("=Ii")  # its size and type; its bytes follow
DFID_NAME = 2


def handle_of(path):
    """(type, bytes)"""
    buffer = ctypes.create_string_buffer(HANDLE.pack(128, 0), HANDLE.size + 128)
    checked(LIBC.name_to_handle_at(AT_FDCWD, os.fsencode(path), buffer, ctypes.byref(ctypes.c_int()), 0))
    size, kind = HANDLE.unpack_from(buffer)
    return kind, buffer.raw[HANDLE.size : HANDLE.size + size]


def events(fd):
    """(mask, handle of the directory, name) of each event that is there."""
    found, data = [], os.read(fd, 65536)
    while data:
        length, _, _, header, mask, _, _ = EVENT.unpack_from(data)
        kind, _, _, _, _ = INFO.unpack_from(data, header)
        if kind == DFID_NAME:
            at = header + INFO.size
            size, handle_type = HANDLE.unpack_from(data, at)
            at += HANDLE.size
            found.append((mask, (handle_type, data[at : at + size]), data[at + size : length].split(b"\0")[0].decode()))
        data = data[length:]
    return found


class Fanotify(fixture.Case):
    def setUp(self):
        super().setUp()
        self.start("serve")
        flags = CLASS_NOTIF | NONBLOCK | REPORT_FID | REPORT_DIR_FID | REPORT_NAME
        self.fd = checked(LIBC.fanotify_init(flags, os.O_RDONLY))
        self.addCleanup(os.close, self.fd)

    def mark(self, more=0):
        mask = ctypes.c_uint64(CREATE | MODIFY | DELETE | ON_CHILD)
        checked(LIBC.fanotify_mark(self.fd, MARK_ADD | more, mask, AT_FDCWD, os.fsencode(self.point)))

    def test_a_directory(self):
        if tuple(map(int, platform.release().split(".")[:2])) < (6, 8):
            self.fails(errno.ENODEV, self.mark)
            return
        self.mark()
        with open(self.point + "/f", "wb", buffering=0) as file:
            file.write(b"x")
        os.unlink(self.point + "/f")
        seen = events(self.fd)
        self.assertEqual({(handle, name) for _, handle, name in seen}, {(handle_of(self.point), "f")})
        everything = 0
        for mask, _, _ in seen:
            everything |= mask
        self.assertEqual(everything, CREATE | MODIFY | DELETE)

    def test_the_file_system(self):
        """Only where there is an f_fsid: the kernel gives FUSE none so far."""
        if os.statvfs(self.point).f_fsid == 0:
            self.fails(errno.ENODEV, self.mark, MARK_FILESYSTEM)
        else:
            self.mark(MARK_FILESYSTEM)


if __name__ == "__main__":
    fixture.main()
