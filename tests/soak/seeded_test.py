#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The soak finds what is wrong: it is run for seconds over bugs (seeded.cpp), and has to say which. LIBRARY: seeded.cpp's."""
import concurrent.futures
import os
import re
import subprocess
import sys

RUN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "run")
FINDINGS = [
    ("descriptor", "segments", r"segments: other side has grown from \d+ descriptors"),
    ("memory", "segments", r"segments: other side has grown from \d+ KiB"),
    ("mapping", "segments", r"segments: other side has grown from \d+ mappings"),
    ("file", "segments", r"a file is left over: /tmp/shm/"),
    ("segment", "postgresql", r"(a file is|files are) left over.*PostgreSQL\.\d+"),
    ("lost", "messages", r"messages: Wrong: lost"),
    ("doubled", "messages", r"messages: Wrong: (lost or )?doubled"),
    ("changed", "messages", r"messages: Wrong: (lost or doubled: .*|\d+ messages came changed)"),
    ("row-lost", "postgresql", r"postgresql: Wrong: lost: \d+ of \d+ rows"),
    ("row-doubled", "postgresql", r"postgresql: Wrong: doubled: \d+ rows"),
]


# One after the other, until it is found: on a slow machine too little happens in the shortest.
MINUTES = ("0.2", "1", "3")


def run(workload, seed, minutes):
    command = [RUN, "--build", sys.argv[1], "--only", workload, "--minutes", minutes, "--before", os.environ["LIBRARY"]]
    return subprocess.run(
        command,
        env={**os.environ, "SEEDED": seed},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def judge(seed, workload, finding):
    for minutes in MINUTES:
        done = run(workload, seed, minutes)
        found = done.returncode == 1 and re.search(r"^soak: FAILED .*" + finding, done.stdout, re.M)
        if done.returncode:
            break
    return found, "%s: %s" % (seed, found[0] if found else "NOT FOUND: " + done.stdout)


def main():
    missed = 0
    with concurrent.futures.ThreadPoolExecutor(2) as executor:
        for found, said in executor.map(lambda row: judge(*row), FINDINGS):
            print(said, flush=True)
            missed += not found
        # With none of them it says that all is well, or the findings prove nothing.
        good = run("segments", "none", MINUTES[0])
        print("none: " + (good.stdout if good.returncode else "nothing found"))
    return 1 if missed or good.returncode else 0


if __name__ == "__main__":
    sys.exit(main())
