# SPDX-License-Identifier: MIT
"""What has become of the cells: their marks, and the table of them."""
import time

import cells
import checks

PASSED, FAILED, MISSING, BLANK = "ok", "FAIL", "n/a", "-"


def say(text):
    print("[%s] %s" % (time.strftime("%H:%M:%S"), text), flush=True)


class Result:
    """One row of the table."""

    def __init__(self, libc, architecture):
        self.name, self.architecture = libc.name, architecture.name
        self.version = self.digest = ""
        self.marks = {}
        self.notes = []
        self.blanks = []

    def mark(self, column, mark, text=""):
        self.marks[column] = mark
        if text:
            self.notes.append((mark, "%s %s %s" % (self.name, self.architecture, column), text))
            say("%s %s, %s: %s: %s" % (self.name, self.architecture, column, mark, text))


def print_table(results, columns):
    heads = ["cell", "arch", "version", *columns]
    rows = [
        [
            r.name,
            r.architecture,
            r.version or MISSING,
            *(r.marks.get(column, "") if "root" not in r.marks else r.marks["root"] for column in columns),
        ]
        for r in results
    ]
    widths = [max(len(row[i]) for row in [heads, *rows]) for i in range(len(heads))]
    for row in [heads, ["-" * width for width in widths], *rows]:
        print("  ".join(word.ljust(width) for word, width in zip(row, widths)).rstrip())


def report(options, results, gates):
    """The table, what is wrong or missing, and the totals. Returns the exit status."""
    columns = [name for name in checks.CHECKS if not options.check or name in options.check]
    print()
    print_table(results, columns)
    for blank in sorted({blank for r in results for blank in r.blanks}):
        print("%s  %s" % (BLANK, blank))
    one_library = True
    print()
    for name in cells.ARCHITECTURES:
        digests = {r.digest for r in results if r.architecture == name and r.digest}
        for digest in sorted(digests):
            print("libdevshm.so for %s, the same in every cell: sha256 %s" % (name, digest))
        one_library = one_library and len(digests) <= 1
    for mark, where, text in gates:
        print("%-4s  libdevshm.so for %s: %s" % (mark, where, text))
    marks = [mark for r in results for mark in r.marks.values()] + [mark for mark, _, _ in gates]
    for mark, where, text in (note for r in results for note in r.notes):
        print("\n%s: %s: %s" % ("NOT AVAILABLE" if mark == MISSING else mark, where, text))
    if not one_library:
        print("FAIL: not one library for all cells of an architecture")
    failed, missing = marks.count(FAILED) + (not one_library), marks.count(MISSING)
    print("\n%d passed, %d failed, %d not available" % (marks.count(PASSED), failed, missing))
    return 1 if failed or (options.strict and missing) else 0
