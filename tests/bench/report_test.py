#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The report of the benchmark: what becomes worse is seen, and the document's tables are put between their marks."""
import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True

from figures import Figure, figure  # noqa: E402
import report  # noqa: E402


def figures(ratio):
    rounds = [100 * ratio * noise for noise in (0.99, 1, 1.01)]
    return [
        figure("calls", "stat", "devshm", "no preload", rounds, [100] * 3, budget=1.01),
        figure("calls", "stat", "proot", "no preload", [900] * 3, [100] * 3),
    ]


class Report(unittest.TestCase):
    def test_says_by_how_much_a_budget_is_missed(self):
        self.assertEqual(
            [figures(ratio)[0].verdict for ratio in (1, 1.015, 1.2)],
            ["PASS", "PASS within the noise", "MISSED by 18.8 %"],
        )

    def test_says_by_how_little_one_is_kept(self):
        self.assertEqual(
            [
                Figure(
                    "calls", "stat", "devshm", "no preload", value, 100, 1.02, 1.015, 1.1, budget=1.01, slack=5
                ).verdict
                for value in (103, 99)
            ],
            ["PASS, by 3.0 ns", "PASS within the noise"],
        )

    def test_compares_with_an_earlier_run(self):
        earlier = {"figures": [vars(f) for f in figures(1)]}
        self.assertEqual(report.compare(earlier, figures(1.03)), [])
        self.assertEqual(len(report.compare(earlier, figures(1.2))), 1)

    def test_a_plot_has_every_ratio_in_it_and_round_numbers_at_its_axis(self):
        self.assertEqual(report.frame([1.01, 0.9]), (1 / 5, 5, [0.2, 0.5, 1, 2, 5]))
        left, right, ticks = report.frame([0.03, 300])
        self.assertTrue(left < 0.03 and right > 300)
        self.assertEqual(ticks, [0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200])

    def test_fills_the_document_and_keeps_its_text(self):
        result = {
            "date": "2001-02-03",
            "machine": {"cpus": 2, "machine": "x86_64", "kernel": "6.1.0-x", "libc": "glibc 2.36"},
        }
        text = "before\n<!-- bench: calls -->\nold\n<!-- end -->\nbetween\n<!-- bench: start -->\nkept\n<!-- end -->\nafter\n"
        with tempfile.NamedTemporaryFile("w+", suffix=".md") as file:
            file.write(text)
            file.flush()
            report.write_document(result, figures(1), pathlib.Path(file.name))
            written = pathlib.Path(file.name).read_text(encoding="utf-8")
        self.assertEqual(
            written.splitlines(),
            [
                "before",
                "<!-- bench: calls -->",
                "| what | reference | devshm / no preload | proot / no preload |",
                "| --- | --: | --: | --: |",
                "| stat | 100 ns | 1.000 (0.99–1.01) PASS | 9.00 |",
                "<!-- end -->",
                "between",
                "<!-- bench: start -->",
                "kept",
                "<!-- end -->",
                "after",
            ],
        )

    def test_budgets_that_differ_are_in_the_table(self):
        rounds = [50, 50, 50]
        goals = [
            figure("daemon, goals", name, "devshmd", "passthrough_ll", rounds, [100] * 3, budget=budget)
            for name, budget in (("open+close", 0.1), ("write", 1.0))
        ]
        self.assertEqual(
            report.markdown(goals, "daemon, goals").splitlines()[2:],
            [
                "| open+close | 100 ns | 0.500 (0.50–0.50) ≤ 0.1: MISSED by 400.0 % |",
                "| write | 100 ns | 0.500 (0.50–0.50) ≤ 1: PASS |",
            ],
        )

    def test_requests_are_a_table_of_their_own(self):
        requests = {
            "devshmd": {"open+close": "none", "write": "WRITE", "read": "none"},
            "passthrough_ll": {"open+close": "OPEN, RELEASE", "write": "WRITE", "read": "none"},
        }
        self.assertEqual(
            report.requests_table(requests, ["devshmd", "not measured", "passthrough_ll"]).splitlines(),
            [
                "| what | devshmd | passthrough_ll |",
                "| --- | --- | --- |",
                "| open+close | none | OPEN, RELEASE |",
                "| write | WRITE | WRITE |",
            ],
        )

    def test_says_whether_the_machine_was_busy(self):
        machine = {"cpus": 2, "machine": "x86_64", "kernel": "6.1.0-x", "libc": "glibc 2.36"}
        self.assertTrue(report.made({"date": "d", "machine": {**machine, "load": 0.3}}).endswith("glibc 2.36."))
        self.assertIn(
            "other work was running (load 7)", report.made({"date": "d", "machine": {**machine, "load": 7.1}})
        )


if __name__ == "__main__":
    unittest.main()
