#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""devshmd does not use FUSE over io_uring, also where the kernel and libfuse offer it: libfuse would answer requests past devshmd's
loop, and one that waits for another one would hang. In a virtual machine (tests/ground/in-machine), since the kernel's
parameter is the whole machine's. libfuse's passthrough_ll shows that the ring is there.

BUILD is the build directory. It takes liburing-dev and libnuma-dev, qemu-system-x86, and a few minutes.
"""
import os
import pathlib
import subprocess
import sys
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]
PLACE = pathlib.Path(os.environ["BUILD"]) / "tests/daemon/ring"
STEPS = """
set -e
export FUSE_URING_ENABLE=1  # libfuse's own wish for a ring
mkdir /tmp/files /tmp/through
"$0/passthrough_ll" -o source=/tmp/files /tmp/through
"$0/devshmd" serve --daemonize --no-passthrough /dev/shm
touch /tmp/through/x /dev/shm/x
for thread in /proc/[0-9]*/task/*; do echo "$(cat "${thread%/task*}/comm") has $(cat "$thread/comm")"; done
python3 -c '
import mmap, os
with open("/dev/shm/mapped", "w+b") as file:
    file.write(bytes(8192))
    file.flush()
    mapped = mmap.mmap(file.fileno(), 8192)
for time in range(1, 50):
    mapped[time] = 1
    os.utime("/dev/shm/mapped", (time, time))
print("time", os.stat("/dev/shm/mapped").st_mtime)
'
"""


class Ring(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        PLACE.mkdir(parents=True, exist_ok=True)
        # A static libfuse does not say what it needs itself.
        needs = {"LDFLAGS": "-Wl,--no-as-needed -luring -lnuma"}
        subprocess.run(
            [TOP / "tests/daemon/with_passthrough", PLACE / "build", PLACE / "devshmd", "-Denable-io-uring=true"],
            env={**os.environ, **needs},
            check=True,
        )
        installed = PLACE / "build/libfuse/installed"
        flags = subprocess.run(
            ["pkg-config", "--static", "--cflags", "--libs", "fuse3"],
            env={**os.environ, "PKG_CONFIG_PATH": str(installed / "lib/pkgconfig")},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        ).stdout.split()
        source = installed / "examples/passthrough_ll.c"
        words = ["cc", "-w", source, "-o", PLACE / "passthrough_ll", *flags, "-luring", "-lnuma"]
        subprocess.run(words, check=True)

    def test_it_is_not_used(self):
        machine = [TOP / "tests/ground/in-machine", "--processors", "2", "--parameter", "fuse.enable_uring=1"]
        done = subprocess.run(
            [*machine, "timeout", "1200", "sh", "-c", STEPS, PLACE], stdout=subprocess.PIPE, text=True, check=False
        )
        self.assertIn("passthrough_ll has fuse-ring-0", done.stdout)
        self.assertIn("devshmd has devshmd", done.stdout)
        self.assertNotIn("devshmd has fuse-ring", done.stdout)
        self.assertIn("time 49.0", done.stdout)
        self.assertEqual(done.returncode, 0, done.stdout)


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    unittest.main(verbosity=2)
