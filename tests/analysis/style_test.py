#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""tests/analysis/style finds what is planted, formats what it can, and says which excuses are no longer needed."""
import pathlib
import shutil
import subprocess
import tempfile
import unittest

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
GOOD = {
    "tests/good.py": 'print("so")\n',
    "tests/good": '#!/usr/bin/python3\nprint("so")\n',
    "preload/good.cpp": "int one() { return 1; }\n",
    "tests/good_script": '#!/bin/sh\necho "$1"\n',
}
BAD = {
    "tests/bad.py": ("print('so')\n", "not formatted"),
    "tests/bad": ("#!/usr/bin/env python3\nprint ( 'so' )\n", "not formatted"),
    "tests/path.py": ("import sys\n\nsys.path.insert(0, sys.argv[1])\n", "changes sys.path"),
    "preload/bad.cpp": ("int  one(){return 1;}\n", "not formatted"),
    "tests/bad_script": ("#!/bin/sh\necho $1\n", "SC2086"),
    "tests/long_script": ("#!/bin/sh\n" + "true\n" * 41, "41 lines of shell"),
}


class Style(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.tree = pathlib.Path(scratch.name)
        for name in ("tests/analysis/style", "pyproject.toml", ".clang-format"):
            (self.tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(TOP / name, self.tree / name)
        for name, text in GOOD.items():
            self.write(name, text)

    def write(self, name, text):
        path = self.tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def check(self, *words):
        command = [self.tree / "tests/analysis/style", *words]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        return done.returncode, done.stdout

    def test_good(self):
        self.assertEqual(self.check(), (0, "%d files, 0 findings\n" % (len(GOOD) + 1)))

    def test_each_bad_one_is_found(self):
        for name, (text, _) in BAD.items():
            self.write(name, text)
        status, said = self.check()
        self.assertEqual(status, 1, said)
        for name, (_, finding) in BAD.items():
            self.assertRegex(said, r"(?m)^\S*%s:.*%s" % (name, finding))
        self.assertNotIn("good", said)

    def test_fix(self):
        for name in ("tests/bad.py", "tests/bad", "preload/bad.cpp"):
            self.write(name, BAD[name][0])
        self.assertEqual(self.check("--fix")[0], 0)
        self.assertEqual(self.check()[0], 0)
        self.assertIn('print("so")', (self.tree / "tests/bad").read_text(encoding="utf-8"))


if __name__ == "__main__":
    unittest.main()
