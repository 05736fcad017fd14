#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Random operations (random/), verified while they go on; then the tree that is left is compared with the one on a tmpfs.

RANDOM_PROGRAM is the program. RANDOM_SEED: this seed (a failing run says which it had). RANDOM_ROUNDS: default 1200.
"""
import hashlib
import os
import pathlib
import random
import stat
import subprocess
import sys

import fixture

ROUNDS = os.environ.get("RANDOM_ROUNDS", "1200")
SEED = os.environ.setdefault("RANDOM_SEED", str(random.SystemRandom().randrange(1 << 32)))


def tree(top):
    """Each name with what stat says of it, its contents, and which names are the same file."""
    found, numbers = {}, {}
    for directory, directories, files in os.walk(top):
        for name in sorted(directories + files):
            path = os.path.join(directory, name)
            at = os.lstat(path)
            digest = hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest() if stat.S_ISREG(at.st_mode) else ""
            numbers.setdefault(at.st_ino, []).append(os.path.relpath(path, top))
            # Of blocks nothing: how many a hole has become is up to the kernel's page cache.
            found[os.path.relpath(path, top)] = (oct(at.st_mode), at.st_nlink, at.st_size, at.st_uid, at.st_gid, digest)
    return found, sorted(sorted(names) for names in numbers.values())


class Random(fixture.Case):
    def run_in(self, directory):
        done = subprocess.run(
            [os.environ["RANDOM_PROGRAM"], "--seed", SEED, "--rounds", ROUNDS, "--processes", "4", directory],
            stderr=subprocess.PIPE,
            text=True,
            timeout=1800,
            check=False,
        )
        self.assertEqual(done.returncode, 0, "RANDOM_SEED=%s\n%s" % (SEED, done.stderr))
        return tree(directory)

    def both(self, *options):
        there = self.dir + "/tmpfs"
        os.mkdir(there)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=1777", "none", there], check=True)
        try:
            expected = self.run_in(there)
        finally:
            subprocess.run(["umount", there], check=True)
        daemon = self.start("serve", *options)
        found = self.run_in(self.point)
        self.assertEqual(found, expected, "RANDOM_SEED=" + SEED)
        self.assertGreater(len(found[0]), 10)
        self.ends_well(daemon)

    def test_without_a_limit(self):
        self.both("--size", "0")

    def test_with_a_limit_that_is_far(self):
        self.both("--size", "256M")


if __name__ == "__main__":
    if fixture.INSIDE in os.environ:
        print("RANDOM_SEED=" + SEED, file=sys.stderr)
    fixture.main()
