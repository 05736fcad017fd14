#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Every folder of tests/ opens with its question, tests/README.md says the same, the suites of tests/run --help exist, and test
programs are called so. The argument: BUILD."""
import json
import pathlib
import re
import subprocess
import sys
import unittest

TESTS = pathlib.Path(__file__).resolve().parent.parent
README = TESTS / "README.md"
# Some of what they do is a test: they do more by hand, or for other tests.
TOOLS = {
    *("run", "coverage", "style", "subjects", "traced", "store_soak", "primitives.py", "by_handle.py"),
    *("check_file", "check_functions", "check_inspector"),
}


def questions():
    """{folder: the first line of its meson.build, or of its README.md where there are no tests}"""
    found = {}
    for folder in sorted(path for path in TESTS.iterdir() if path.is_dir() and path.name != "__pycache__"):
        opens = next((path for path in (folder / "meson.build", folder / "README.md") if path.exists()), None)
        found[folder.name] = opens.read_text(encoding="utf-8").splitlines()[0].lstrip("# ") if opens else ""
    return found


def suites_in(folder):
    text = " ".join(path.read_text(encoding="utf-8") for path in folder.rglob("meson.build"))
    return set(re.findall(r"suite: '(\w+)'", text))


class Folders(unittest.TestCase):
    maxDiff = None

    def test_each_opens_with_a_question(self):
        self.assertEqual([name for name, text in questions().items() if not text.endswith("?")], [])

    def test_the_table(self):
        rows = re.findall(r"^\| \[`(\w+)`\]\(\1\) \| (.*) \| (.*) \|$", README.read_text(encoding="utf-8"), re.M)
        self.assertEqual({name: question for name, question, _ in rows}, questions())
        listed = sorted(suite for *_, suites in rows for suite in re.findall(r"`(\w+)`", suites))
        self.assertEqual(listed, sorted(suites_in(TESTS) | {"matrix"}))
        for name, _, suites in rows:
            wrong = set(re.findall(r"`(\w+)`", suites)) - suites_in(TESTS / name) - {"matrix"}
            self.assertEqual(wrong, set(), f"{name} has no test of these suites")

    def test_help_names_the_suites(self):
        suites = suites_in(TESTS) | {"matrix"}
        said = subprocess.run([TESTS / "run", "--help"], stdout=subprocess.PIPE, text=True, check=True).stdout
        self.assertEqual({suite for suite in suites if not re.search(r"\b%s\b" % suite, said)}, set())

    def test_programs_are_called_tests(self):
        build = sys.argv[1]
        listed = subprocess.run(
            ["meson", "introspect", "--tests", build], stdout=subprocess.PIPE, text=True, check=True
        )
        tests = {test["name"]: [pathlib.Path(word) for word in test["cmd"]] for test in json.loads(listed.stdout)}
        self.assertGreater(len(tests), 100)
        others = {
            name: programs
            for name, words in tests.items()
            if not any(word.stem.endswith("_test") or word.name in TOOLS for word in words)
            for programs in [[word.name for word in words if word.is_absolute()]]
        }
        self.assertEqual(others, {})


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
