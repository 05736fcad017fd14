#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""tests/analysis/run finds what is planted, and says that there is nothing where there is nothing. The first argument: BUILD."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

RUN = pathlib.Path(__file__).resolve().parent / "run"
BUILD = sys.argv.pop(1)

CLEAN = "int twice(int number);\nint twice(int number) { return 2 * number; }\n"
PLANTED = {
    "warnings": ("int twice(int number);\nint twice(int number) { return sizeof number > number; }\n", "-Wsign-compare"),
    "tidy": ("int twice(const int* number);\nint twice(const int* number) {\n  if (number) return 2;\n  return *number;\n}\n",
             "clang-analyzer-core.NullDereference"),
    "cppcheck": ("int last();\nint last() {\n  int numbers[3] = {1, 2, 3};\n  return numbers[3];\n}\n", "arrayIndexOutOfBounds"),
}


class Planted(unittest.TestCase):
    def analyse(self, kind, text):
        with tempfile.TemporaryDirectory() as scratch:
            file = pathlib.Path(scratch, "planted.cpp")
            file.write_text(text)
            return subprocess.run([RUN, kind, "--build", BUILD, "--file", file], stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, check=False)

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


if __name__ == "__main__":
    unittest.main()
