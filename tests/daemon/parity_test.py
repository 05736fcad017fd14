#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Parity: the same calls (parity_*.py) on a tmpfs and on `devshmd serve`, line by line. What differs is in parity_known.py.

PARITY_FAMILIES, names with spaces between them: only these. PARITY_KEEP: a directory where the lines are left.
"""
import os
import pathlib
import subprocess
import sys
import unittest

import fixture
import parity_families
from parity.engine import Comparison, samples
from parity_known import KNOWN

# Names are the same with passthrough and without it; all pairs of them take a while.
ALL = [
    name for name in parity_families.FAMILIES if fixture.WANTS != "passthrough" or name not in ("one_path", "two_paths")
]
FAMILIES = os.environ.get("PARITY_FAMILIES", "").split() or ALL
KEEP = os.environ.get("PARITY_KEEP")
COMPARISON = Comparison(KNOWN, fixture.WANTS or "cached")


def lines_in(directory, families):
    """What the calls say there. A process of its own: they change directories, users and limits."""
    done = subprocess.run(
        [sys.executable, "-B", pathlib.Path(parity_families.__file__).resolve(), *families],
        cwd=directory,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        timeout=1800,
        check=False,
        encoding="utf-8",
        errors="surrogateescape",
        env={**os.environ, "PYTHONIOENCODING": "utf-8:surrogateescape"},
    )
    if done.returncode != 0:
        raise AssertionError("the calls came to no end in %s: %s\n%s" % (directory, done.stderr, done.stdout[-1000:]))
    return done.stdout


class Parity(fixture.Case):
    def compare(self, families, size=(), options=()):
        if not families:
            return
        there = self.dir + "/tmpfs"
        os.mkdir(there)
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", ",".join(["mode=1777,nosuid,nodev,noexec", *size]), "none", there],
            check=True,
        )
        try:
            tmpfs = lines_in(there, families)
        finally:
            subprocess.run(["umount", there], check=True)
        daemon = self.start("serve", "--allow-other", *options)
        devshmd = lines_in(self.point, families)
        self.ends_well(daemon)
        if KEEP:
            for name, lines in (("tmpfs", tmpfs), ("devshmd", devshmd)):
                pathlib.Path(KEEP, name + "." + families[0]).write_text(lines, "utf-8", "surrogateescape")
        of_tmpfs, of_devshmd = samples(tmpfs, "\t"), samples(devshmd, "\t")
        self.assertGreater(len(of_tmpfs), 10 * len(families))
        before = COMPARISON.failed
        COMPARISON.compare(of_tmpfs, of_devshmd, "devshmd")
        self.assertEqual(COMPARISON.failed, before, "calls that differ; they are listed above")
        print("%d calls alike" % len(of_tmpfs), file=sys.stderr)

    def test_1_calls(self):
        self.compare([name for name in FAMILIES if name != "limits"])

    def test_2_limits(self):
        self.compare(
            [name for name in FAMILIES if name == "limits"],
            ["size=1M", "nr_inodes=200"],
            ["--size", "1M", "--inodes", "200"],
        )

    @unittest.skipIf(FAMILIES != ALL, "not all calls were made")
    def test_3_no_known_difference_is_gone(self):
        """Runs last: what is written down as different must be."""
        before = COMPARISON.failed
        COMPARISON.all_known_occur()
        self.assertEqual(COMPARISON.failed, before, "they are listed above")


if __name__ == "__main__":
    fixture.main()
