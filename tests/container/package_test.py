#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The Debian packages, looked at by Debian's own checker."""
import os
import subprocess
import sys
import tempfile
import unittest

import sandboxed

sys.dont_write_bytecode = True
from delivery import build  # noqa: E402  pylint: disable=wrong-import-position

# The service is wanted that early: programs take /dev/shm to be there from the start.
KNOWN = "systemd-service-file-refers-to-unusual-wantedby-target"


class Package(unittest.TestCase):
    def test_lintian_finds_nothing(self):
        for architecture in build.architectures(os.uname().machine).values():
            package = sandboxed.release() / ("devshm_%s_%s.deb" % (build.version(), architecture.debian))
            with tempfile.TemporaryDirectory() as place:  # it leaves some of its files
                done = subprocess.run(
                    ["lintian", "--allow-root", "--suppress-tags", KNOWN, "--fail-on", "error,warning", package],
                    env={**os.environ, "TMPDIR": place},
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                    check=False,
                )
            self.assertEqual((done.returncode, done.stdout), (0, ""))


if __name__ == "__main__":
    unittest.main(verbosity=2)
