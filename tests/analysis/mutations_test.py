#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""tests/analysis/mutations changes code, one thing at a time, and leaves comments, texts and declarations alone. It tells a test
that fails from one that hangs, and goes on where it was ended.
"""
import importlib.machinery
import importlib.util
import os
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
# Its arguments: a place, and the command of a test.
RUN_ONE = """
import pathlib, sys
import mutants
workshop = mutants.Workshop(pathlib.Path(sys.argv[1]), None)
workshop.build.mkdir()
workshop.run(mutants.Test("it", "unit", sys.argv[2:], {}, []), 1000)
"""
mutants, mutant_tests = sys.modules["mutants"], sys.modules["mutant_tests"]


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

    def test_an_explained_change_is_not_counted(self):
        explained = mutations.equivalents()
        self.assertTrue(all(explained.values()), "each has a reason")
        with tempfile.TemporaryDirectory() as scratch:
            path = pathlib.Path(scratch, "results")
            (file, before, after), *_ = explained
            one, two = mutants.Change(file, 1000, "  " + before, "  " + after), mutants.Change(file, 1, "a", "b")
            for change in (one, two):
                mutations.Results(path).add(change, "nothing", "", "", 5)
            self.assertEqual([row["line"] for row in mutations.Results(path, explained).counted("")], [1])

    def test_results_are_kept(self):
        with tempfile.TemporaryDirectory() as scratch:
            path = pathlib.Path(scratch, "results")
            one, two, three = (mutants.Change("daemon/file.cpp", number, "a", "b") for number in (1, 2, 3))
            mutations.Results(path).add(one, "unit", "text", "fails", 5)
            mutations.Results(path).add(two, "compiler", "", "", 5)
            mutations.Results(path).add(three, "unfinished", "", "", 5)
            again = mutations.Results(path)
            self.assertEqual(again.known(5), {one, two, three})
            self.assertEqual(again.known(6), {one, two})
            self.assertEqual([row["line"] for row in again.counted("")], [1])


class Judged(unittest.TestCase):
    def test_order(self):
        def test(name, suite, seconds):
            return mutants.Test(name, suite, [], {}, [], seconds)

        tests = [
            test("parity, plain", "parity", 9),
            test("socket over /tmp/shm", "overlay", 2),
            test("daemon a", "daemon", 1),
        ]
        order = mutant_tests.Order(tests)
        self.assertEqual(
            [each.name for each in order.of("preload/wrap/open.cpp")], ["socket over /tmp/shm", "parity, plain"]
        )
        self.assertEqual(order.of("preload/wrap/socket.cpp")[0].name, "socket over /tmp/shm")
        for _ in range(9):
            order.noticed("preload/wrap/open.cpp", "parity, plain")
        self.assertEqual(order.of("preload/wrap/open.cpp")[0].name, "parity, plain")
        self.assertEqual([each.name for each in order.of("daemon/loop.cpp")], ["daemon a"])
        named = mutant_tests.Order(
            [test("socket over /tmp/shm", "overlay", 0.5), test("root takes it over", "security", 3)]
        )
        self.assertEqual(named.of("preload/take_over.cpp")[0].name, "root takes it over")

    def test_fails_or_hangs(self):
        with tempfile.TemporaryDirectory() as scratch:
            workshop = mutants.Workshop(pathlib.Path(scratch), None)
            workshop.build.mkdir()
            for how, command, seconds in (
                ("", ["true"], 100),
                ("fails", ["false"], 100),
                ("hangs", ["sleep", "infinity"], -0.9),  # less than no time, so that it doesn't wait for long
            ):
                self.assertEqual(workshop.notices(mutants.Test("it", "unit", command, {}, [], seconds)), how)

    def test_a_test_ends_with_the_run(self):
        with tempfile.TemporaryDirectory(dir="/var/tmp") as scratch:
            os.mkfifo(scratch + "/held")
            command = ["sh", "-c", 'exec >"$0"; echo; exec sleep infinity', scratch + "/held"]
            started = subprocess.Popen([sys.executable, "-c", RUN_ONE, scratch, *command], cwd=MUTATIONS.parent)
            with open(scratch + "/held") as held:
                self.assertEqual(held.readline(), "\n")
                started.kill()
                started.wait()
                self.assertEqual(held.read(), "")  # whoever has it open for writing is gone

    def test_a_copy_is_found_in_the_first_ones_place(self):
        with tempfile.TemporaryDirectory() as scratch:
            first = mutants.Workshop(pathlib.Path(scratch, "first"), None)
            first.build.mkdir(parents=True)
            other = mutants.Workshop(pathlib.Path(scratch, "other"), None, first)
            other.set_up()
            pathlib.Path(scratch, "other/build/mark").touch()
            for workshop, how in ((first, "fails"), (other, "")):
                test = mutants.Test("it", "unit", ["ls", "mark"], {}, [], 100)
                self.assertEqual(workshop.notices(test), how)


if __name__ == "__main__":
    unittest.main()
