#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""devshm and another preload library, in both orders: programs work as with the other one alone on a real tmpfs.

  stack_test.py LIBRARY PROGRAM [OTHER...]

Of each other library: native (the other one alone, on a tmpfs), devshm first and devshm last (no /dev/shm), alone
(devshm without the other one: the commands that are to show the other's effect must differ), bare (the other one alone
without /dev/shm: what does not differ there has tested nothing).
"""
import argparse
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import workshop
from engine import Comparison, Known, KnownPart
from ground import hidden, tmpfs

TABLES = Path(__file__).resolve().parent / "stack"


@dataclass
class Other:
    package: str
    file: str  # how the path of its library ends
    env: tuple = ()
    prefix: tuple = ()  # the command that the programs are started by
    user: int = None


OTHERS = {
    # As an ordinary user, who becomes nobody's idea of root.
    "fakeroot": Other("libfakeroot", "/libfakeroot-sysv.so", prefix=("fakeroot-sysv",), user=65534),
    "faketime": Other("libfaketime", "/libfaketime.so.1", env=("FAKETIME=2001-02-03 04:05:06",)),
    "eatmydata": Other("libeatmydata1", "/libeatmydata.so"),
    "jemalloc": Other("libjemalloc2", "/libjemalloc.so.2"),
}
COMMAND = "faketime_command"
KNOWN = [
    KnownPart("libfaketime names its own objects by a process", r"", (r"(?P<keep>faketime_(sem|shm)_)\d+",)),
    KnownPart(
        "/dev/shm itself: EBUSY, whatever else is wrong with the call",
        r"^\$PROGRAM",
        (r"(?<=^rmdir: -1 )(Permission denied|Device or resource busy)",),
    ),
    KnownPart("the number of a process", r"abort_conf", (r"line \d+: +\d+ ",)),
    Known(
        "devshm looks at an object by its own system calls: fakeroot's library behind it doesn't see them",
        r"^id -u; touch|^chown 9:9 .*\btar\b",
        found=r"65534[ :]+65534",
        on="memory",
    ),
    Known(
        "devshm opens an object by its own system call: libeatmydata behind it doesn't see O_SYNC, and memory has no disk",
        r"^strace .* oflag=sync",
        found="== out\n1\n",
        on="memory",
    ),
]
# What is not there on a tmpfs is not there without one either.
EXCUSED = [r"^date$"]


def path_of(other):
    listing = subprocess.run(["dpkg", "-L", other.package], capture_output=True, text=True, check=False).stdout
    paths = [path for path in listing.splitlines() if path.endswith(other.file)]
    return paths[0] if paths else sys.exit(f"{other.package} is not installed, or has no {other.file}")


def stack(comparison, name, options):
    other, its = OTHERS[name], path_of(OTHERS[name])
    ordinary, telling = workshop.read_table(TABLES / "programs.txt"), workshop.read_table(TABLES / f"{name}.txt")
    with workshop.Workshop(options.library, ordinary + telling, options.store) as shop:
        how = {"user": other.user, "prefix": other.prefix, "env": [*other.env, f"PROGRAM={shop.add(options.program)}"]}
        results = workshop.together(
            native=lambda: shop.run(tmpfs(), preload=its, **how),
            first=lambda: shop.run(hidden(), preload=f"{shop.library}:{its}", **how),
            last=lambda: shop.run(hidden(), preload=f"{its}:{shop.library}", **how),
            alone=lambda: shop.run(hidden(), preload=shop.library, **how),
            bare=lambda: shop.run(hidden(), preload=its, **how),
        )
    if options.keep:
        workshop.write_down(results, f"{options.keep}/{name}")
    comparison.compare(results["native"], results["first"], f"devshm, then {name}", workshop.changed_lines)
    comparison.compare(results["native"], results["last"], f"{name}, then devshm", workshop.changed_lines)
    comparison.must_differ(results["native"], results["bare"], workshop.TESTS_NOTHING, EXCUSED)
    comparison.must_differ(
        results["native"][len(ordinary) :],
        results["alone"][len(ordinary) :],
        f"gives the same without {name}: does not show that it is at work",
    )


def faketime_command(comparison, options):
    """A program that makes a stack by itself, and uses semaphores and shared memory to begin with."""
    commands = workshop.read_table(TABLES / "faketime_command.txt")
    with workshop.Workshop(options.library, commands, options.store) as shop:
        results = workshop.together(
            native=lambda: shop.run(tmpfs()),
            overlay=lambda: shop.run(hidden(), preload=shop.library),
            bare=lambda: shop.run(hidden()),
        )
    if options.keep:
        workshop.write_down(results, f"{options.keep}/faketime_command")
    comparison.compare(results["native"], results["overlay"], shows=workshop.changed_lines)
    comparison.must_differ(results["native"], results["bare"], workshop.TESTS_NOTHING)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    workshop.add_options(parser)
    parser.add_argument("program", help="tests/parity/languages/files.c, built")
    parser.add_argument("others", nargs="*", metavar="OTHER", help="these alone: " + " ".join([*OTHERS, COMMAND]))
    options = parser.parse_args()

    comparison = Comparison(KNOWN, options.store)
    for name in options.others or [*OTHERS, COMMAND]:
        before = comparison.passed, comparison.failed
        if name == COMMAND:
            faketime_command(comparison, options)
        else:
            stack(comparison, name, options)
        print(f"{name}: {comparison.passed - before[0]} passed, {comparison.failed - before[1]} failed", flush=True)
    if not options.others:
        comparison.all_known_occur()
    return comparison.end()


if __name__ == "__main__":
    sys.exit(main())
