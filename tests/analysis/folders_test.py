#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Every folder of tests/ opens with its question, tests/README.md says the same, and the suites of tests/run --help exist."""
import pathlib
import re
import subprocess
import unittest

TESTS = pathlib.Path(__file__).resolve().parent.parent
README = TESTS / "README.md"


def questions():
    """{folder: the first line of its meson.build, or of its README.md where there are no tests}"""
    found = {}
    for folder in sorted(path for path in TESTS.iterdir() if path.is_dir() and path.name != "__pycache__"):
        opens = next((path for path in (folder / "meson.build", folder / "README.md") if path.exists()), None)
        found[folder.name] = opens.read_text(encoding="utf-8").splitlines()[0].lstrip("# ") if opens else ""
    return found


class Folders(unittest.TestCase):
    maxDiff = None

    def test_each_opens_with_a_question(self):
        self.assertEqual([name for name, text in questions().items() if not text.endswith("?")], [])

    def test_the_table(self):
        rows = dict(re.findall(r"^\| \[`(\w+)`\]\(\1\) \| (.*) \|$", README.read_text(encoding="utf-8"), re.M))
        self.assertEqual(rows, questions())

    def test_help_names_the_suites(self):
        text = " ".join(path.read_text(encoding="utf-8") for path in TESTS.rglob("meson.build"))
        suites = set(re.findall(r"suite: '(\w+)'", text)) | {"matrix"}
        said = subprocess.run([TESTS / "run", "--help"], stdout=subprocess.PIPE, text=True, check=True).stdout
        self.assertEqual({suite for suite in suites if not re.search(r"\b%s\b" % suite, said)}, set())


if __name__ == "__main__":
    unittest.main()
