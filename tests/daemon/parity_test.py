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

import ground
import parity_families
from parity_known import KNOWN

# Names are the same with passthrough and without it; all pairs of them take a while.
ALL = [
    name for name in parity_families.FAMILIES if ground.WANTS != "passthrough" or name not in ("one_path", "two_paths")
]
FAMILIES = os.environ.get("PARITY_FAMILIES", "").split() or ALL
KEEP = os.environ.get("PARITY_KEEP")
SHOWN = 60  # failures that are printed in full
SEEN = set()  # which of KNOWN have occurred


def lines_in(directory, families):
    """What the calls say there. A process of its own: they change directories, users and limits."""
    program = "import sys; sys.path.insert(0, sys.argv[1]); import parity_families; parity_families.main(sys.stdout, sys.argv[2:])"
    done = subprocess.run(
        [sys.executable, "-B", "-c", program, pathlib.Path(__file__).resolve().parent, *families],
        cwd=directory,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        timeout=400,
        check=False,
        encoding="utf-8",
        errors="surrogateescape",
        env={**os.environ, "PYTHONIOENCODING": "utf-8:surrogateescape"},
    )
    if done.returncode != 0:
        raise AssertionError("the calls came to no end in %s: %s\n%s" % (directory, done.stderr, done.stdout[-1000:]))
    return done.stdout.splitlines()


class Parity(ground.Case):
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
                pathlib.Path(KEEP, name + "." + families[0]).write_text(
                    "\n".join(lines) + "\n", "utf-8", "surrogateescape"
                )
        self.assertGreater(len(tmpfs), 10 * len(families))
        failures = []
        for expected, found in zip(tmpfs, devshmd):
            case, _, result = expected.rpartition("): ") if "): " in expected else expected.rpartition(": ")
            if expected == found:
                continue
            if not found.startswith(case):
                failures.append("out of step:\n    tmpfs:   %s\n    devshmd: %s" % (expected, found))
                break
            other = found[len(expected) - len(result) :]
            known = [
                index for index, each in enumerate(KNOWN) if each.covers(ground.WANTS or "cached", case, result, other)
            ]
            SEEN.update(known)
            if not known:
                failures.append("%s\n    tmpfs:   %s\n    devshmd: %s" % (case, result, other))
        if len(tmpfs) != len(devshmd):
            failures.append("%d lines of a tmpfs, %d of devshmd" % (len(tmpfs), len(devshmd)))
        if failures:
            self.fail("%d of %d calls differ:\n%s" % (len(failures), len(tmpfs), "\n".join(failures[:SHOWN])))
        print("%d calls alike" % len(tmpfs), file=sys.stderr)

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
        gone = [
            each.why
            for index, each in enumerate(KNOWN)
            if index not in SEEN and not each.kernels and each.way in ("", ground.WANTS or "cached")
        ]
        self.assertEqual(gone, [])


if __name__ == "__main__":
    ground.main()
