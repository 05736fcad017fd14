#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the program of functions/ on a real tmpfs and on the overlay, and compares what it prints, line by line.

  functions_test.py PROGRAM LIBRARY [FAMILY...]      (--keep DIR: leave the output of each run there)
  functions_test.py --store memory ...               the files in /dev/shm are objects of the memory store

The grounds, each with a /tmp of its own: native (a fresh tmpfs on /dev/shm), overlay (no /dev/shm, but the library), bare
(no /dev/shm, no library: what does not differ here from native has tested nothing), traced (the overlay once more, under
strace: no path in /dev/shm may reach the kernel). With the memory store native and overlay alone.
"""

import argparse
import concurrent.futures
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from engine import Comparison, samples
from functions_known import KNOWN, KNOWN_LEAKS, NOT_CALLED
from ground import hidden, strace, tmpfs
from ground.leaks import leaks


class Program:
    """The program in a place that is the same on every ground: not below /tmp."""

    def __init__(self, work, options):
        self.work, self.families, self.store = work, options.families, options.store
        self.library = shutil.copy(options.library, f"{work}/libdevshm.so")
        self.program = shutil.copy(options.program, f"{work}/parity")

    def run(self, name, ground, *before):
        """The text that it prints on a ground."""
        ground = ground.with_environment(PARITY_REAL_SHM=ground.files)
        if name == "overlay":
            memory = {"DEVSHM_STORE": "memory", "PARITY_STORE": self.library} if self.store == "memory" else {}
            ground = ground.preloading(self.library, **memory)
        done = ground.run(*before, self.program, *self.families, cwd=self.work)
        for line in [line for line in done.stderr.splitlines() if line][:10]:
            print(f"{name}: standard error: {line}")
        if not done.stdout:
            sys.exit(f"{name}: the program printed nothing (status {done.returncode})")
        return done.stdout

    def trace(self):
        """What reached the kernel and should not."""
        log = f"{self.work}/trace"
        # Without the keeper, what is traced would be mostly how the program looks at its files.
        keep = [self.program, "--keep"]
        self.run("traced", hidden(), *keep, *strace(log, LD_PRELOAD=self.library))
        with open(log, encoding="utf-8", errors="replace") as lines:
            reached = [f"reached the kernel: {line}" for line in leaks(lines, KNOWN_LEAKS)]
        with open(log, encoding="utf-8", errors="replace") as lines:
            saw = any('"/tmp/shm/' in line for line in lines)
        return reached if saw else ["strace saw nothing of the overlay: the watch does not work"]


def function_of(sample):
    return sample.case.partition("(")[0]


def exported_by(library):
    listing = subprocess.run(["nm", "-D", "--defined-only", library], capture_output=True, text=True, check=True).stdout
    names = {line.split()[-1].partition("@")[0] for line in listing.splitlines() if " A " not in line}  # A: a version
    return sorted(name for name in names if not name.startswith("devshm_"))  # what hides absent functions


def untested(exports, native, bare):
    """Exports that the program has not called, or whose calls give the same without /dev/shm."""
    called = {function_of(sample) for sample in native}
    missing = {function_of(sample) for sample in native if sample.result == "not in this libc"}
    telling = {function_of(there) for there, here in zip(native, bare) if there != here}
    for function in exports:
        if function in NOT_CALLED or function in missing:
            continue
        if function not in called:
            yield f"{function}: exported, but the program never calls it"
        elif function not in telling:
            yield f"{function}: gives the same without /dev/shm, so the cases test nothing"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("library")
    parser.add_argument("families", nargs="*", help="only these: nothing is said then of what has not been tested")
    parser.add_argument("--keep", metavar="DIR", help="leave the lines of each ground in this directory")
    parser.add_argument("--store", choices=("disk", "memory"), default="disk")
    parser.add_argument("--no-trace", action="store_true", help="leave out the run under strace")
    options = parser.parse_args()
    is_disk = options.store == "disk"

    with tempfile.TemporaryDirectory(prefix="parity.", dir="/var/tmp") as work:
        program = Program(work, options)
        with concurrent.futures.ThreadPoolExecutor() as beside:  # the trace takes as long as the others together
            traced = beside.submit(program.trace) if is_disk and not options.no_trace else None
            grounds = {"native": tmpfs(), "overlay": hidden(), **({"bare": hidden()} if is_disk else {})}
            printed = {name: program.run(name, ground) for name, ground in grounds.items()}
            complaints = traced.result() if traced else []
    if options.keep:
        os.makedirs(options.keep, exist_ok=True)
        for name, text in printed.items():
            Path(options.keep, name).write_text(text, encoding="utf-8")

    of = {name: samples(text) for name, text in printed.items()}
    comparison = Comparison(KNOWN, options.store)
    comparison.compare(of["native"], of["overlay"])
    if not options.families:
        comparison.all_known_occur()
        complaints += untested(exported_by(options.library), of["native"], of["bare"]) if is_disk else []
    complaints += [line for line in printed["overlay"].splitlines() if line.startswith("family ")]
    for complaint in complaints:
        comparison.fail(complaint)
    return comparison.end()


if __name__ == "__main__":
    sys.exit(main())
