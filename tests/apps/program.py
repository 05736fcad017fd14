# SPDX-License-Identifier: MIT
"""A program that tests/apps/run runs, as the comments at its top describe it."""
import pathlib
import re
import subprocess

import other_debian

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
NO_PROGRAM = {"run", "traced"}
KEYS = {
    *("program", "uses", "packages", "suite", "differs", "never_memory", "reaches"),
    *("unneeded", "small", "lambda", "refused", "limit"),
}
DEFAULT_LIMIT = 300


class Failed(Exception):
    """What a program's row can't be written for."""


class Program:
    def __init__(self, path):
        self.path, self.name = path, path.name
        self.about = {key: [] for key in KEYS}
        for line in path.read_text(encoding="utf-8").splitlines():
            if match := re.fullmatch(r"# (\w+): +(.*)", line):
                if match[1] not in KEYS:
                    raise Failed(f"{path}: unknown {match[1]}")
                self.about[match[1]].append(match[2])
            elif not line.startswith("#"):
                break
        self.packages = " ".join(self.about["packages"]).split()
        self.differing, self.reaching = (
            [tuple(text.split(": ", 1)) for text in self.about[key]] for key in ("differs", "reaches")
        )
        self.suite = self.say("suite")
        self.root = other_debian.root(self.suite, self.packages) if self.suite else None
        self.is_small = bool(self.about["small"])
        self.limit = int(self.say("limit") or DEFAULT_LIMIT)

    def say(self, key):
        return " ".join(self.about[key])

    def install(self):
        if self.suite:
            other_debian.make(self.suite, self.packages)
        else:
            subprocess.run([TOP / "container/install", *self.packages], check=True)

    def version(self):
        if not self.packages:
            return "Debian's"
        where = ["--admindir", self.root / "var/lib/dpkg"] if self.root else []
        out = subprocess.run(
            ["dpkg-query", *where, "-W", "-f", "${Version}", self.packages[0]], capture_output=True, text=True
        )
        return re.sub(r"^\d+:|[+-].*", "", out.stdout)


def programs():
    found = (
        path
        for path in sorted(HERE.iterdir())
        if path.is_file() and path.suffix not in (".py", ".build") and path.name not in NO_PROGRAM
    )
    return [program for program in map(Program, found) if program.about["program"]]
