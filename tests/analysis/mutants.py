# SPDX-License-Identifier: MIT
"""Changed sources, and the tests that judge them: a copy of the tree with its build, for each worker of tests/analysis/mutations.

Only the first is built. The others are copies of it, and whatever runs for them finds them in its place.
"""
import collections
import dataclasses
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

from mutant_tests import LEFT_OUT, SUITES, Test, part_of

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
COPIED = (
    "meson.build",
    "meson_options.txt",
    "preload",
    "daemon",
    "container",
    "docs",
    "tests",
    "README.md",
    "CHANGELOG.md",
)
# What has to be built first: if it is the same, so is the program.
PRODUCTS = {
    "preload/command": ["preload/command/libdevshm-check.so"],
    "preload/wrap": ["preload/libdevshm.so"],
    "preload": ["preload/libdevshm.so"],
    "daemon": ["daemon/devshmd"],
}
WITH_A_TMP_OF_ITS_OWN = 'cd "$1" && mount --bind "$0" /tmp && shift && exec env --default-signal "$@"'
FAMILY_BY_FAMILY = {"parity, plain": ["parity (%s)"], "parity, memory": ["parity (%s), memory"]}
IN_PLACE_OF_ANOTHER = 'mount --bind "$0" "$1" && shift && exec "$@"'

Change = collections.namedtuple("Change", "file line before after")


def bring_up_to_date(source, target):
    """Copies a file or folder. What is the same stays as it is, so that nothing is built anew."""
    if source.is_symlink():
        if not target.is_symlink():
            target.symlink_to(os.readlink(source))
    elif source.is_dir():
        target.mkdir(exist_ok=True)
        for each in source.iterdir():
            if each.name != "__pycache__":
                bring_up_to_date(each, target / each.name)
    else:
        data = source.read_bytes()
        if source == TOP / "daemon/meson.build":  # the daemon's files are compiled one by one: one of them changes
            data = data.replace(b"'unity=on', 'unity_size=8'", b"")
        if not target.exists() or target.read_bytes() != data:
            target.write_bytes(data)
            shutil.copymode(source, target)


def load():
    """By how much longer everything takes, because of what else runs. (More than four times is waited for by nobody.)"""
    return min(max(1.0, os.getloadavg()[0] / len(os.sched_getaffinity(0))), 4.0)


class Workshop:
    """A copy of the sources and its build."""

    def __init__(self, place, pause, first=None):
        self.tree, self.pause, self.first = place, pause, first
        self.build = (first or self).tree / "build"  # as it is called there
        self.inside = ["unshare", "--mount", "sh", "-c", IN_PLACE_OF_ANOTHER, place, first.tree] if first else []
        self.products, self.tests = {}, []

    def wait(self):
        """Nothing is started as long as this file exists."""
        while self.pause and self.pause.exists():
            time.sleep(1)

    def run_quietly(self, *command, **options):
        self.wait()
        return subprocess.run(
            [str(word) for word in (*self.inside, *command)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
            **options,
        )

    def must(self, *command):
        done = self.run_quietly(*command)
        if done.returncode:
            sys.exit("mutations: %s\n%s" % (" ".join(map(str, command)), done.stdout[-3000:]))
        return done.stdout

    def set_up(self):
        """Brings the sources up to date, and builds what the tests need. What a killed run has changed is put right."""
        if self.first:
            shutil.rmtree(self.tree, ignore_errors=True)
            subprocess.run(["cp", "-a", self.first.tree, self.tree], check=True)
            self.products = self.first.products
            return
        self.tree.mkdir(parents=True, exist_ok=True)
        for name in COPIED:
            bring_up_to_date(TOP / name, self.tree / name)
        if not (self.build / "build.ninja").exists():
            options = ["-Dtests=auto", "-Ddaemon=enabled", "-Dwerror=false"]
            self.must("meson", "setup", self.build, self.tree, *options)
        self.must("ninja", "-C", self.build, "--quiet", "build.ninja")
        self.tests = self.describe()
        wanted = {file for test in self.tests for file in test.targets} | {*self.generated()}
        self.must("ninja", "-C", self.build, "--quiet", "-j2", *sorted(wanted))
        self.products = {part: self.product(part) for part in PRODUCTS}

    def about(self, what):
        return json.loads(self.must("meson", "introspect", "--" + what, self.build))

    def targets(self, kind=""):
        """{id: file in the build}"""
        return {
            target["id"]: os.path.relpath(target["filename"][0], self.build)
            for target in self.about("targets")
            if kind in target["type"]
        }

    def generated(self):
        """What tests find in the build without saying so: the command, its documents, the calls that the sources have."""
        return [file for file in self.targets("custom").values() if re.match(r"(preload|daemon)/|.*own_calls", file)]

    def describe(self):
        # That one is always stale.
        files = {name: file for name, file in self.targets().items() if not file.endswith("own_calls.txt")}
        suites = {suite for some in SUITES.values() for suite in some}
        tests = [
            Test(
                test["name"],
                test["suite"][0].rpartition(":")[2],
                test["cmd"],
                test["env"],
                sorted(files[target] for target in test["depends"] if target in files),
            )
            for test in self.about("tests")
            if test["suite"][0].rpartition(":")[2] in suites and not LEFT_OUT.search(test["name"])
        ]
        # Also family by family, and without the trace, which takes longest.
        families = sorted(path.stem.partition("_")[2] for path in (TOP / "tests/parity/functions").glob("parity_*.cpp"))
        return tests + [
            dataclasses.replace(test, name=name % family, command=[*test.command, family, "--no-trace"])
            for test in tests
            for name in FAMILY_BY_FAMILY.get(test.name, [])
            for family in families
        ]

    def product(self, part):
        return [hashlib.sha256((self.tree / "build" / name).read_bytes()).digest() for name in PRODUCTS[part]]

    def make(self, targets):
        return not targets or self.run_quietly("ninja", "-C", self.build, "--quiet", "-j1", *targets).returncode == 0

    def run(self, test, limit):
        """Whether it passes; nothing if it had to be ended. In a /tmp and a world of processes of its own."""
        self.wait()
        with tempfile.TemporaryDirectory(dir="/var/tmp", prefix="mutations.", ignore_cleanup_errors=True) as tmp:
            os.chmod(tmp, 0o1777)
            private = ["setpriv", "--pdeathsig", "KILL"]  # it ends with us
            private += ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c"]
            try:
                done = subprocess.run(
                    [*self.inside, *private, WITH_A_TMP_OF_ITS_OWN, tmp, self.build, *test.command],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    env={**os.environ, "DEVSHM_MUST_WORK": "1", **test.environment},
                    timeout=limit,
                    check=False,
                )
                return done.returncode == 0
            except subprocess.TimeoutExpired:
                return None

    def measure(self, test, slowest):
        """The seconds that it takes without a change, or nothing if it does not pass, or takes longer than that."""
        self.wait()
        began = time.monotonic()
        passed = self.run(test, slowest * load())
        return (time.monotonic() - began) / load() if passed else None

    def notices(self, test):
        """How the test notices what is changed: "fails", "hangs", or not at all. What takes long runs once more, for longer."""
        limit = 5 * (test.seconds + 1)
        for times in (1, 2):
            passed = self.run(test, times * limit * load())
            if passed is not None:
                return "" if passed else "fails"
        return "hangs"

    def judge(self, change, order, budget):
        """What notices the change: (suite, test, how). The suite is "compiler", "same code" or "nothing" if none does, or
        "unfinished" if the tests so far took these seconds.
        """
        file, part = self.tree / change.file, part_of(change.file)
        text = file.read_text(encoding="utf-8")
        lines = text.split("\n")
        assert lines[change.line - 1] == change.before, change
        lines[change.line - 1] = change.after
        file.write_text("\n".join(lines), encoding="utf-8")
        try:
            made = set(PRODUCTS[part])
            if not self.make(sorted(made)):
                return "compiler", "", ""
            if self.product(part) == self.products[part]:
                return "same code", "", ""
            for test in order.of(change.file):
                budget -= test.seconds
                if budget < 0:
                    return "unfinished", "", ""
                if not self.make(sorted(set(test.targets) - made)):
                    return "compiler", "", ""
                made.update(test.targets)
                if how := self.notices(test):
                    return test.suite, test.name, how
            return "nothing", "", ""
        finally:
            file.write_text(text, encoding="utf-8")
