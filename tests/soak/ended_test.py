#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A soak that is ended half-way leaves no process and no directory. The first argument: BUILD."""
import glob
import os
import pathlib
import signal
import subprocess
import sys
import unittest

from ground.waiting import SECONDS, wait_for

RUN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "run")
BUILD = sys.argv.pop(1)
SEED = str(10**12 + os.getpid())  # by which its processes and its directory are known, beside another soak


def processes():
    """The workload's, of whichever pid namespace."""
    found = []
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            words = pathlib.Path(path).read_bytes().decode(errors="replace").split("\0")
        except OSError:  # has ended in between
            continue
        if SEED in words and any(word.endswith("messages.py") for word in words):
            found.append(path)
    return found


class Ended(unittest.TestCase):
    def test_by_term(self):
        with subprocess.Popen(
            [RUN, "--build", BUILD, "--only", "messages", "--seed", SEED], stdout=subprocess.DEVNULL
        ) as soak:
            wait_for(lambda: len(processes()) > 1, "its processes")
            ours = glob.glob("/var/tmp/devshm-soak.%s.*" % SEED)
            self.assertTrue(ours)
            soak.send_signal(signal.SIGTERM)
            self.assertEqual(soak.wait(SECONDS), 143)
        wait_for(lambda: not processes(), "no process is left")
        self.assertFalse([path for path in ours if os.path.exists(path)])


if __name__ == "__main__":
    unittest.main()
