#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Many small files with 1,024 descriptors, and the memory that they take. A million of them, in some ten minutes, by name:

    DEVSHMD_SMALL_FILES=1000000 meson test -C build --verbose --timeout-multiplier 0 "daemon small_files, cached"
"""
import mmap
import os
import pathlib
import sys
import time

import fixture
from ground.waiting import wait_for

FILES = int(os.environ.get("DEVSHMD_SMALL_FILES", 12000))  # no fewer: the memory of 10,000 is given back
SHOWN = 100000
MIB = 1 << 20


class SmallFiles(fixture.Case):
    def setUp(self):
        super().setUp()
        self.daemon = self.start("serve", "--inodes", "0", before=["prlimit", "--nofile=1024:1024"])

    def memory(self):
        """What the daemon has resident."""
        status = pathlib.Path("/proc/%d/status" % self.daemon.pid).read_text()
        return int(status.split("VmRSS:")[1].split()[0]) * 1024

    def descriptors(self):
        return len(os.listdir("/proc/%d/fd" % self.daemon.pid))

    def each(self, what):
        """(number, path) of each file; says how far it is."""
        began = time.monotonic()
        for number in range(FILES):
            yield number, "%s/%d" % (self.point, number)
            if (number + 1) % SHOWN == 0:
                print(
                    "%s %d in %.0f s: %d MiB, %d descriptors"
                    % (what, number + 1, time.monotonic() - began, self.memory() / MIB, self.descriptors()),
                    file=sys.stderr,
                )

    def test_as_on_a_tmpfs(self):
        # One of them is in use, mapped, all the time.
        with open(self.point + "/mapped", "w+b") as file:
            file.write(b"m")
            file.flush()
            mapped = mmap.mmap(file.fileno(), 1)
        room, memory = os.statvfs(self.point).f_bfree, self.memory()

        for number, path in self.each("made"):
            with open(path, "xb", buffering=0) as file:
                file.write(b"%d" % number)
        self.assertEqual(room - os.statvfs(self.point).f_bfree, FILES, "a page each")
        self.assertLess(self.descriptors(), 512)
        grown = self.memory() - memory
        self.assertLess(grown, FILES * 1024 + 8 * MIB)
        mapped[:] = b"x"

        for number, path in self.each("read"):
            with open(path, "rb", buffering=0) as file:
                self.assertEqual(file.read(), b"%d" % number)
        self.assertEqual(len(os.listdir(self.point)), FILES + 1)

        for _, path in self.each("removed"):
            os.unlink(path)
        self.assertEqual(pathlib.Path(self.point, "mapped").read_bytes(), b"x")
        mapped.close()
        # The kernel forgets the last ones a moment later.
        wait_for(lambda: os.statvfs(self.point).f_bfree == room, "the room comes back")
        wait_for(lambda: self.memory() - memory < grown / 2, "and so does the memory")
        self.ends_well(self.daemon)


if __name__ == "__main__":
    fixture.main()
