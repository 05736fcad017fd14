#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Debian's own programs on files below /dev/shm, command by command, on a real tmpfs and on the overlay.

  tools_test.py LIBRARY TABLE...
"""
import argparse
import os
import re
import subprocess
import sys

import workshop
from tools_known import EXCUSED, KNOWN, NO_PATH


def programs_of_coreutils():
    listing = subprocess.run(["dpkg", "-L", "coreutils"], capture_output=True, text=True, check=True).stdout
    return sorted({os.path.basename(path) for path in listing.split() if re.search(r"/s?bin/.", path)})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    workshop.add_options(parser)
    parser.add_argument("tables", nargs="+")
    parser.add_argument("--only", metavar="PATTERN", help="those commands; then nothing is said of what does not occur")
    options = parser.parse_args()

    commands = [command for table in options.tables for command in workshop.read_table(table)]
    if options.only:
        commands = [command for command in commands if re.search(options.only, command)]
    # In memory that would be minutes: by which names a command comes to its files is the same.
    comparison = workshop.on_all_grounds(options, commands, KNOWN, EXCUSED, whole=options.store == "disk")
    if not options.only:
        comparison.all_known_occur()
        words = set(re.findall(r"[^\s;|&()'\"<>]+", "\n".join(commands)))
        for program in programs_of_coreutils():
            if program not in words and program not in NO_PATH:
                comparison.fail(f"coreutils has {program}, and no command here calls it")
    return comparison.end()


if __name__ == "__main__":
    sys.exit(main())
