#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""tests/remaining: what it says of the time that is left, for a project of a few tests whose durations are known."""
import json
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
PROJECT = """project('small')
works = find_program('true')
test('first', works, suite: 'one', priority: 3)
test('second', works, suite: 'two', priority: 2)
test('third', find_program('false'), suite: 'two', priority: 1)
"""


class Remaining(unittest.TestCase):
    def setUp(self):
        self.place = pathlib.Path(tempfile.mkdtemp(prefix="remaining-test."))
        self.addCleanup(shutil.rmtree, self.place)
        (self.place / "meson.build").write_text(PROJECT)
        self.build = self.place / "build"
        subprocess.run(["meson", "setup", self.build, self.place], check=True, stdout=subprocess.DEVNULL)

    def run_tests(self, *options):
        done = subprocess.run(
            [TOP / "tests/remaining", self.build, "--num-processes", "1", *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        return done.returncode, re.findall(
            r"^\d/\d small:\w+ / (\w+) +(?:OK|FAIL) +[\d.]+s(?: +exit status 1)?(?: +(.* left))?$",
            done.stdout,
            re.MULTILINE,
        )

    def test_by_what_each_took_the_last_time(self):
        (self.build / "durations.json").write_text(json.dumps({"small:two / second": 1200, "small:two / third": 600}))
        status, said = self.run_tests()
        self.assertEqual(status, 1)
        self.assertEqual(said, [("first", "30 min left"), ("second", "10 min left"), ("third", "")])
        # What they took now is kept for the next time.
        kept = json.loads((self.build / "durations.json").read_text())
        self.assertEqual(set(kept), {"small:one / first", "small:two / second", "small:two / third"})
        self.assertLess(kept["small:two / second"], 1200)

    def test_new_ones_are_like_the_others_and_only_the_chosen_ones_count(self):
        self.assertRegex(self.run_tests()[1][0][1], r"^\d+ (s|min) left$")
        (self.build / "durations.json").write_text(json.dumps({"small:one / first": 9000}))
        status, said = self.run_tests("--suite", "two", "--no-suite", "one")
        self.assertEqual([name for name, _ in said], ["second", "third"])
        self.assertNotIn("min", said[0][1])


if __name__ == "__main__":
    unittest.main(verbosity=2)
