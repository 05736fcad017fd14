#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""tests/analysis/subjects refuses what docs/contributing.md refuses, and works without history, or with little of it."""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

SUBJECTS = pathlib.Path(__file__).resolve().with_name("subjects")
IDENTITY = {
    "GIT_%s_%s" % (who, what): "someone@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
}
GOOD = ["preload: open directories by handle", "tests/unit, docs: name the limit", "README: say what it costs"]
BAD = {
    "preload: " + "a" * 64: "73 characters",
    "open directories by handle": "not of the form",
    "preload: Open directories": "not of the form",
    "preload: opened directories": "no imperative",
    "preload: opens directories": "no imperative",
    "preload: the directories": "no imperative",
    "preload: open directories.": "full stop",
}


class Subjects(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.tree = pathlib.Path(scratch.name, "tree")
        self.place_in(self.tree)

    @staticmethod
    def place_in(tree):
        """A copy of the program, in a tree of its own."""
        tool = tree / "tests/analysis/subjects"
        tool.parent.mkdir(parents=True)
        shutil.copy(SUBJECTS, tool)

    def git(self, *words, **more):
        return subprocess.run(
            ["git", "-c", "init.defaultBranch=main", *words],
            cwd=self.tree,
            env={**os.environ, **IDENTITY, **more},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=True,
        ).stdout.strip()

    def commit(self, subject, **more):
        self.git("commit", "--allow-empty", "-q", "-m", subject, **more)
        return self.git("rev-parse", "HEAD")

    def begin(self):
        """A history with an old commit in another form, from which on the rule holds."""
        self.git("init", "-q")
        first = self.commit("Whatever it was.", GIT_COMMITTER_DATE="2020-01-01T00:00:00Z")
        self.record(first, 1577836800)
        return first

    def record(self, name, date):
        tool = self.tree / "tests/analysis/subjects"
        text, count = re.subn(
            r"(?m)^BEGINNING, BEGAN = .*$", 'BEGINNING, BEGAN = "%s", %d' % (name, date), tool.read_text()
        )
        self.assertEqual(count, 1)
        tool.write_text(text)

    def check(self, *words):
        done = subprocess.run(
            [self.tree / "tests/analysis/subjects", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout

    def test_good(self):
        self.begin()
        for subject in GOOD:
            self.commit(subject)
        status, said = self.check()
        self.assertEqual(status, 0, said)
        self.assertIn("%d commits" % len(GOOD), said)

    def test_bad(self):
        for subject, why in BAD.items():
            with self.subTest(subject):
                shutil.rmtree(self.tree)
                self.place_in(self.tree)
                self.begin()
                self.commit(subject)
                status, said = self.check()
                self.assertEqual(status, 1, said)
                self.assertIn(why, said)

    def test_shallow(self):
        self.begin()
        for subject in [*GOOD, next(iter(BAD))]:
            self.commit(subject)
        whole = self.tree
        self.tree = whole.with_name("shallow")
        subprocess.run(["git", "clone", "-q", "--depth", "2", "file://%s" % whole, self.tree], check=True)
        shutil.copytree(whole / "tests", self.tree / "tests")
        status, said = self.check()
        self.assertEqual(status, 1, said)
        self.assertRegex(said, "(?s)73 characters.*2 commits that are newer")

    def test_no_history(self):
        status, said = self.check()
        self.assertEqual(status, 0, said)
        self.assertIn("NOT CHECKED", said)

    def test_in_another_history(self):
        """An exported tree that lies in somebody's repository."""
        self.begin()
        self.commit(next(iter(BAD)))
        self.tree = self.tree / "vendor"
        self.place_in(self.tree)
        status, said = self.check()
        self.assertEqual(status, 0, said)
        self.assertIn("NOT CHECKED", said)


if __name__ == "__main__":
    unittest.main()
