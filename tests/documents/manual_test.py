#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The manual pages say what --help says, and groff has nothing to complain about."""
import os
import re
import subprocess
import unittest
from pathlib import Path

BUILD = Path(os.environ["BUILD"])


def output(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and not done.stderr, (command, done)
    return done.stdout


def page(path):
    """As it is read: one long line for each paragraph, no words divided."""
    text = output("groff", "-man", "-Tascii", "-P-c", "-ww", "-rLL=10000n", "-rHY=0", str(path))
    return " ".join(re.sub(".\b", "", text).split())


def lines_of_help(program):
    """What has to be in its page, in pieces between runs of spaces: the layout is another there."""
    for line in output(program, "--help").splitlines():
        for piece in re.split(r" {2,}", line.strip()):
            piece = piece.removeprefix("usage: ").removeprefix("* ")
            if piece and not re.match(r"([\w, ]+:|[A-Z]+( \(.*\))?)$", piece):
                yield " ".join(piece.split())


class Manual(unittest.TestCase):
    def says_what_help_says(self, program, manual):
        text = page(manual)
        pieces = list(lines_of_help(program))
        self.assertGreater(len(pieces), 25)
        for piece in pieces:
            self.assertIn(piece, text)

    def test_devshm(self):
        self.says_what_help_says(BUILD / "preload/command/devshm", BUILD / "preload/command/devshm.1")

    def test_devshmd(self):
        self.says_what_help_says(BUILD / "daemon/devshmd", BUILD / "daemon/devshmd.8")

    def test_the_settings(self):
        text = page(BUILD / "preload/command/devshm.7")
        for variable in set(re.findall(r"DEVSHM_[A-Z]+", output(BUILD / "preload/command/devshm", "--help"))):
            self.assertIn(f"{variable}=", text)

    def test_nothing_was_left_to_fill_in(self):
        for path in [*(BUILD / "preload/command").glob("*devshm*"), BUILD / "daemon/devshmd.8"]:
            if path.suffix in (".1", ".7", ".8", ".bash", ".fish", ""):
                if path.is_file():
                    self.assertNotRegex(path.read_text(), r"@[A-Z_]+@", path)


if __name__ == "__main__":
    unittest.main(verbosity=2)
