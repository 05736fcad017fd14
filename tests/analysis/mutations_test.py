#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""tests/analysis/mutations changes code, one thing at a time, and leaves comments, texts and declarations alone."""
import importlib.machinery
import importlib.util
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
MUTATIONS = pathlib.Path(__file__).resolve().with_name("mutations")
LOADER = importlib.machinery.SourceFileLoader("mutations", str(MUTATIONS))
mutations = importlib.util.module_from_spec(importlib.util.spec_from_loader(LOADER.name, LOADER))
LOADER.exec_module(mutations)


class Mutations(unittest.TestCase):
    def changed(self, line):
        with tempfile.TemporaryDirectory() as scratch:
            mutations.TOP = pathlib.Path(scratch)
            file = pathlib.Path(scratch, "file.cpp")
            file.write_text(line + "\n", encoding="utf-8")
            return [change.after for change in mutations.changes_of(file)]

    def test_code(self):
        self.assertIn("  if (a != b) return;", self.changed("  if (a == b) return;"))
        self.assertIn("  if (!a == b) return;", self.changed("  if (a == b) return;"))
        self.assertIn("  ;", self.changed("  close(fd);"))
        self.assertIn("  return false;", self.changed("  return true;"))
        self.assertIn("  return -EIO;", self.changed("  return -ENOENT;"))

    def test_no_code(self):
        for line in (
            "// a == b",
            "#if a == b",
            '  say("a == b");  // a == b',
            "static_assert(a == b);",
            "int close(int fd);",
        ):
            self.assertEqual([after for after in self.changed(line) if "!=" in after], [], line)

    def test_of_the_sources(self):
        command = [MUTATIONS, "--list", "--count", "50", "--seed", "1"]
        first, second = (
            subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout for _ in range(2)
        )
        self.assertEqual(first, second)
        self.assertEqual(first.count("\n    + "), 50)


if __name__ == "__main__":
    unittest.main()
