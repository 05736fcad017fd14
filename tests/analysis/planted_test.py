#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""tests/analysis/run finds what is planted, and nothing else; coverage says what is too little. The first argument: BUILD."""
import contextlib
import importlib.machinery
import importlib.util
import io
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
RUN = pathlib.Path(__file__).resolve().parent / "run"
BUILD = sys.argv.pop(1)

CLEAN = "int twice(int number);\nint twice(int number) { return 2 * number; }\n"
PLANTED = {
    "warnings": (
        "int twice(int number);\nint twice(int number) { return sizeof number > number; }\n",
        "-Wsign-compare",
    ),
    "tidy": (
        "int twice(const int* number);\nint twice(const int* number) {\n  if (number) return 2;\n  return *number;\n}\n",
        "clang-analyzer-core.NullDereference",
    ),
    "cppcheck": (
        "int last();\nint last() {\n  int numbers[3] = {1, 2, 3};\n  return numbers[3];\n}\n",
        "arrayIndexOutOfBounds",
    ),
}


class Planted(unittest.TestCase):
    def analyse(self, kind, text):
        with tempfile.TemporaryDirectory() as scratch:
            file = pathlib.Path(scratch, "planted.cpp")
            file.write_text(text)
            return subprocess.run(
                [RUN, kind, "--build", BUILD, "--file", file],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )

    def test_planted(self):
        for kind, (text, name) in PLANTED.items():
            with self.subTest(kind):
                done = self.analyse(kind, text)
                self.assertEqual(done.returncode, 1, done.stdout)
                self.assertIn(name, done.stdout)

    def test_clean(self):
        for kind in PLANTED:
            with self.subTest(kind):
                done = self.analyse(kind, CLEAN)
                self.assertEqual(done.returncode, 0, done.stdout)
                self.assertIn("no findings", done.stdout)

    def test_only_of_what_is_compiled_together(self):
        done = subprocess.run(
            [RUN, "tidy", "--build", BUILD, "--only", "daemon/size.cpp"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertRegex(done.stdout, r"(?m)^tidy +1 files ")


class Coverage(unittest.TestCase):
    def short(self, **missed):
        """The groups of which there is not enough, if `missed` of a hundred lines and branches are."""
        loader = importlib.machinery.SourceFileLoader("coverage", str(RUN.with_name("coverage")))
        coverage = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
        loader.exec_module(coverage)
        paths = {"rule": "preload/path_rule.cpp", "preload": "preload/settings.cpp", "daemon": "daemon/loop.cpp"}
        files = {}
        for name, path in paths.items():
            counted = {"count": 100, "covered": 100 - missed.get(name, 0)}
            files[path] = {"summary": {"lines": counted, "branches": counted}}
        with contextlib.redirect_stdout(io.StringIO()):
            return coverage.table(files)

    def test_enough(self):
        self.assertEqual(self.short(), [])
        # The group "preload" is the rule's file too: two hundred lines here, of which 93 % are enough.
        self.assertEqual(self.short(preload=14, daemon=15), [])

    def test_less(self):
        self.assertEqual(self.short(rule=1), ["path rule"])
        self.assertEqual(self.short(preload=15), ["preload"])
        self.assertEqual(self.short(daemon=16), ["daemon"])


if __name__ == "__main__":
    unittest.main()
