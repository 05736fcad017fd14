# SPDX-License-Identifier: MIT
"""The build by clang that `warnings` and `coverage` share: clang warns while it compiles, and what it makes counts what runs."""
import contextlib
import fcntl
import json
import os
import pathlib
import re
import subprocess

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
SUITES = ["unit", "parity", "overlay", "security", "faults", "races", "stack", "daemon"]
# Left out, because they run what doesn't count: assembler code; the same again with other compilers, sanitizers or libfuse;
# what shows that a test can fail, or is about the tests; what compares with a tmpfs, without the library; another preload library
# over the memory store, which can't start its keeper from a library with counters; and a library that patchelf has changed,
# which takes itself for the one that it was made of and writes its counters over that one's.
LEFT_OUT = re.compile(
    r"^may_match$|parity, (clang|fortified)|sanitized|TSan|seeded bug|passthrough|newer libfuse|recipe|fail without"
    r"|patchelf|^parity engine$|^grounds$|libraries, memory| on a tmpfs$"
)


class Broken(Exception):
    """The analysis itself did not work."""


def must(command, **options):
    """What the command prints on its standard output."""
    done = subprocess.run(
        [str(word) for word in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        check=False,
        **options
    )
    if done.returncode:
        raise Broken("%s\n%s" % (" ".join(map(str, command)), (done.stdout + done.stderr)[-3000:]))
    return done.stdout


@contextlib.contextmanager
def only_one(directory):
    """Holds the lock of a build directory: several of these programs may want it at the same time."""
    directory.mkdir(parents=True, exist_ok=True)
    with open(directory.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


class CountingBuild:
    """BUILD/coverage, and where its programs write their counters."""

    def __init__(self, build):
        self.directory = build / "coverage"
        self.raw = build / "coverage-raw"

    def set_up(self):
        if (self.directory / "build.ninja").exists():
            return
        # One file for each binary (%m), mapped (%c).
        counting = "-fprofile-instr-generate=%s/%%m%%c -fcoverage-mapping -fprofile-update=atomic" % self.raw
        must(
            [
                "meson",
                "setup",
                self.directory,
                TOP,
                "-Dtests=enabled",
                "-Ddaemon=enabled",
                "-Dcoverage=true",
                "-Dcpp_args=%s -mllvm -runtime-counter-relocation" % counting,
                "-Dcpp_link_args=-fprofile-instr-generate",
            ],
            # What meson runs to see whether programs run would count into the working directory.
            env={**os.environ, "CC": "clang", "CXX": "clang++", "LLVM_PROFILE_FILE": "/dev/null"},
        )

    def about(self, what):
        return json.loads(must(["meson", "introspect", "--" + what, self.directory]))

    def tests(self):
        """The tests that count, as meson describes them."""
        return [
            test
            for test in self.about("tests")
            if any(suite.rpartition(":")[2] in SUITES for suite in test["suite"]) and not LEFT_OUT.search(test["name"])
        ]

    def make(self):
        """Builds what those tests need. Returns what the compiler said if it refused something, else nothing."""
        with only_one(self.directory):
            self.set_up()
            needed = {target for test in self.tests() for target in test["depends"]}
            files = [
                os.path.relpath(target["filename"][0], self.directory)
                for target in self.about("targets")
                if target["id"] in needed
            ]
            done = subprocess.run(
                ["ninja", "-C", str(self.directory), "--quiet", "-k", "0", *sorted(files)],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                check=False,
            )
            return done.stdout if done.returncode else ""

    def compiled(self):
        """The sources of which there is an object."""
        entries = json.loads((self.directory / "compile_commands.json").read_text())
        return {
            pathlib.Path(entry["directory"], entry["file"]).resolve()
            for entry in entries
            if pathlib.Path(entry["directory"], entry["output"]).exists()
        }
