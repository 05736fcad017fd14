#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""other_debian.py makes a root once, and keeps nothing of one that failed. What makes it is a script here, not mmdebstrap."""
import os
import pathlib
import sys
import tempfile
import unittest
from unittest import mock

sys.dont_write_bytecode = True
import other_debian  # noqa: E402  pylint: disable=wrong-import-position

# The root is the argument before the last one; what it was called with is a line in its file `made`.
MADE = '#!/bin/sh\nfor word; do root=$next next=$word; done\nmkdir "$root" && echo "$@" >>"$root/made"\n'
FAILED = MADE + "echo no space left\nexit 1\n"


class OtherDebian(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.dir = pathlib.Path(directory.name)
        for patch in (
            mock.patch.dict(os.environ, PATH=f"{self.dir}:{os.environ['PATH']}", DEVSHM_CACHE=f"{self.dir}/cache"),
            mock.patch("other_debian.roots.mirror", return_value="http://mirror"),
            mock.patch("other_debian.subprocess.run"),  # which installs it
            mock.patch("sys.stdout"),
        ):
            patch.start()
            self.addCleanup(patch.stop)

    def make(self, script):
        program = self.dir / "mmdebstrap"
        program.write_text(script, encoding="utf-8")
        program.chmod(0o755)
        other_debian.make("trixie", ["python3", "perl"])

    def test_makes_a_root_once(self):
        self.make(MADE)
        self.make(MADE)
        made = (other_debian.root("trixie", ["python3", "perl"]) / "made").read_text(encoding="utf-8")
        self.assertRegex(made, r"\A.* --include=python3,perl .* trixie .*\.new http://mirror\n\Z")

    def test_keeps_nothing_that_failed(self):
        with self.assertRaisesRegex(other_debian.Failed, "no space left"):
            self.make(FAILED)
        self.assertFalse(other_debian.root("trixie", ["python3", "perl"]).exists())
        self.make(MADE)  # over what is left


if __name__ == "__main__":
    unittest.main(verbosity=2)
