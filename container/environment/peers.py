# SPDX-License-Identifier: MIT
"""Finds the process at the other end of a local connection, because several processes use the same interface."""
import os
import select
import time


def process_of(address):
    """The pid of the process that has the socket with this address; None if it is not found.

    The kernel's table is read in pieces, between which it changes: what is missed once is found the next time.
    """
    end = time.monotonic() + 1
    while True:
        found = look_for(address)
        if found or time.monotonic() > end:
            return found
        time.sleep(0.01)


def look_for(address):
    wanted = "%s:%04X" % ("".join("%02X" % int(part) for part in reversed(address[0].split("."))), address[1])
    try:
        with open("/proc/net/tcp") as table:
            inode = next(fields[9] for fields in map(str.split, table) if fields[1] == wanted)
    except (OSError, StopIteration):
        return None
    for entry in os.listdir("/proc"):
        if entry.isdigit() and int(entry) != os.getpid():
            try:
                for descriptor in os.listdir("/proc/%s/fd" % entry):
                    if os.readlink("/proc/%s/fd/%s" % (entry, descriptor)) == "socket:[%s]" % inode:
                        return int(entry)
            except OSError:
                pass  # it has ended, or the descriptor was closed
    return None


class Peer:
    """The process at the other end, for as long as the connection is open."""

    def __init__(self, address):
        self.handle = None
        process = process_of(address)
        if process:
            try:
                self.handle = os.pidfd_open(process)
            except OSError:
                pass  # it has ended, or the kernel is older than 5.3

    def has_ended(self):
        """Whether the process has ended. It waits a moment: files are closed before the process is gone."""
        return self.handle is not None and bool(select.select([self.handle], [], [], 1)[0])

    def close(self):
        if self.handle is not None:
            os.close(self.handle)
            self.handle = None
