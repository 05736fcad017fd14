#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The engine notices what a parity test is there for: each fault is planted here, once in its samples, once on a real ground."""
import contextlib
import io
import os
import pathlib
import tempfile
import unittest

import workshop
from engine import Comparison, Known, KnownOrder, KnownPart, Sample, in_any_order, samples
from ground import NotMade, hidden

TMPFS = samples('open("/dev/shm/f"): fd\nunlink("/dev/shm/f"): 0\nstat("/dev/shm/f"): -1 (gone): no\n')


def changed(index, result):
    return [*TMPFS[:index], Sample(TMPFS[index].case, result), *TMPFS[index + 1 :]]


class Engine(unittest.TestCase):
    def ends(self, found, *known, on="", reference=TMPFS):
        """The status of a comparison with these samples, and what it says."""
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            comparison = Comparison(known, on)
            comparison.compare(reference, found)
            comparison.all_known_occur()
            status = comparison.end()
        return status, said.getvalue()

    def passes(self, *arguments, **more):
        status, said = self.ends(*arguments, **more)
        self.assertEqual((status, said), (0, "3 passed, 0 failed\n"))

    def fails(self, pattern, *arguments, **more):
        status, said = self.ends(*arguments, **more)
        self.assertEqual(status, 1)
        self.assertRegex(said, pattern)

    def test_a_line_is_a_case_and_a_result(self):
        self.assertEqual(TMPFS[2], Sample('stat("/dev/shm/f")', "-1 (gone): no"))
        self.assertEqual(samples("users: a (b): c\tok: 3\n", "\t"), [Sample("users: a (b): c", "ok: 3")])

    def test_what_is_the_same_passes(self):
        self.passes(TMPFS)

    def test_a_difference_fails(self):
        self.fails(r"unlink.*\n +tmpfs: +0\n +overlay: +-1 no\n2 passed, 1 failed", changed(1, "-1 no"))

    def test_a_line_too_few_fails(self):
        self.fails("2 passed, 1 failed", TMPFS[:2])
        self.fails("out of step", [TMPFS[0], TMPFS[2]])

    def test_a_line_too_many_fails(self):
        self.fails("overlay: 3 results on a tmpfs, 4 there", [*TMPFS, TMPFS[0]])

    def test_a_ground_where_nothing_ran_fails(self):
        self.fails("nothing ran", [])
        self.fails("nothing ran", [], reference=[])

    def test_a_known_difference_passes(self):
        self.passes(changed(1, "-1 no"), Known("why", "^unlink", "^0$", "no$"))

    def test_another_difference_of_that_case_fails(self):
        self.fails("-1 perhaps", changed(1, "-1 perhaps"), Known("why", "^unlink", "^0$", "no$"))

    def test_a_known_difference_that_does_not_occur_fails(self):
        stale = Known("long ago", "^unlink")
        self.fails(r"does not occur: long ago \(\^unlink\)", TMPFS, stale)
        stale.may_be_gone = True
        self.passes(TMPFS, stale)

    def test_a_known_difference_counts_on_its_ground_alone(self):
        known = Known("why", "^unlink", on="memory")
        self.passes(changed(1, "-1 no"), known, on="memory")
        self.fails("-1 no", changed(1, "-1 no"), known, on="disk")
        self.passes(TMPFS, Known("not here", "^unlink", on="memory"), on="disk")

    def test_a_part_that_is_known(self):
        part = KnownPart("the number", "^open", (r"(?P<keep>fd) \d+",))
        there = [Sample(TMPFS[0].case, "fd 3, free"), *TMPFS[1:]]
        self.passes(changed(0, "fd 4, free"), part, reference=there)
        self.fails("overlay: fd, taken", changed(0, "fd 4, taken"), part, reference=there)

    def test_an_order_that_is_known(self):
        there = [Sample(TMPFS[0].case, "== out\na\nb\n== err\nc"), *TMPFS[1:]]
        self.passes(changed(0, "== out\nb\na\n== err\nc"), KnownOrder("readdir", "^open"), reference=there)
        self.fails("1 failed", changed(0, "== out\nc\na\n== err\nb"), KnownOrder("readdir", "^open"), reference=there)

    def test_lines_in_any_order(self):
        of = in_any_order("a\nb\nc\n", "c\na\nb\n")
        self.passes(of[1], reference=of[0])
        of = in_any_order("a\nb\nc\n", "c\nx\na\n")
        self.fails(r"FAIL b\n +tmpfs: +said\n +overlay: +not said\nFAIL x\n.*\n.*\n2 passed, 2", of[1], reference=of[0])
        known = Known("why", "^[bx]$")
        self.ends(of[1], known, reference=of[0])
        self.assertEqual(known.settled, [Sample("b", "said"), Sample("x", "not said")])

    def test_it_says_it_where_it_is_told_to(self):
        said = []
        comparison = Comparison(say=said.append)
        comparison.compare(TMPFS, changed(1, "-1 no"))
        self.assertEqual((comparison.end(), len(said), said[1]), (1, 2, "2 passed, 1 failed"))

    def test_what_has_to_differ(self):
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            comparison = Comparison()
            comparison.must_differ(TMPFS, changed(0, "-1 no"), "tests nothing", ["^unlink"])
        self.assertEqual((comparison.passed, comparison.failed), (1, 1))
        self.assertRegex(said.getvalue(), "stat.*\n +tests nothing")

    def test_many_failures_of_one_function_are_cut_short(self):
        many = [Sample(f"open({number})", "fd") for number in range(100)]
        said = self.ends([Sample(case, "-1") for case, _ in many], reference=many)[1]
        self.assertEqual(said.count("FAIL open("), 25)
        self.assertIn("FAIL open: 75 more", said)


class Grounds(unittest.TestCase):
    """The same on grounds: commands for the samples, and a library that does nothing."""

    def test_a_ground_that_can_not_be_made(self):
        with self.assertRaises(NotMade):
            hidden().read_only().run("true")

    def test_a_ground_that_ends_early(self):
        with tempfile.NamedTemporaryFile() as library, workshop.Workshop(library.name, ["true", "true"]) as shop:
            pathlib.Path(shop.dir, "commands").write_text("true\n", encoding="utf-8")
            with self.assertRaisesRegex(SystemExit, "has run 1 of 2 commands"):
                shop.run(hidden())
            os.unlink(f"{shop.dir}/run_commands")
            with self.assertRaisesRegex(SystemExit, "has run 0 of 2 commands, status 2"):
                shop.run(hidden())

    def test_a_path_that_reaches_the_kernel(self):
        commands = ["cat /dev/shm/a", "cat /dev/null"]
        said = io.StringIO()
        with tempfile.NamedTemporaryFile() as library, workshop.Workshop(library.name, commands) as shop:
            shop.run(hidden(), trace=f"{shop.dir}/trace")
            comparison = Comparison()
            with contextlib.redirect_stdout(said):
                workshop.kernel_saw(comparison, f"{shop.dir}/trace", [*commands, "not run"], {})
        self.assertEqual((comparison.passed, comparison.failed), (1, 2))
        self.assertRegex(said.getvalue(), r"FAIL cat /dev/shm/a\n +reached the kernel: .*openat")
        self.assertIn("FAIL not run\n    strace saw nothing", said.getvalue())


if __name__ == "__main__":
    unittest.main()
