#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What docs/versions.md promises is there: the fields of `devshm check --json`, the commands, the modes of devshmd."""
import json
import os
import re
import subprocess
import unittest

from pages import TOP, rows

DEVSHM = os.environ["DEVSHM"]
PROMISED = {cells[0].strip("`"): cells[1] for cells in rows((TOP / "docs/versions.md").read_text()) if len(cells) == 2}


def named(text):
    return set(re.findall(r"`([^`]+)`", text))


class Promises(unittest.TestCase):
    def test_the_fields_of_check(self):
        done = subprocess.run([DEVSHM, "check", "--json"], stdout=subprocess.PIPE, text=True, check=False)
        report = json.loads(done.stdout)
        self.assertEqual(set(report) | set(report["now"]), named(PROMISED["devshm check --json"]))

    def test_the_commands(self):
        said = subprocess.run([DEVSHM, "--help"], stdout=subprocess.PIPE, text=True, check=True).stdout
        commands = set(re.findall(r"^  devshm ([a-z]+)", said, re.M))
        self.assertEqual(commands, named(PROMISED["devshm"]) - {"devshm --help"})


if __name__ == "__main__":
    unittest.main(verbosity=2)
