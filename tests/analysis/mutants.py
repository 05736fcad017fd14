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
# Those that can notice a change, by the folder that it is in.
SUITES = {
    "preload/command": ["unit", "command", "security"],
    "preload": ["unit", "library", "parity", "overlay", "faults", "security", "races", "command", "store"],
    "daemon": ["daemon"],
}
# What has to be built first: if it is the same, so is the program.
PRODUCTS = {
    "preload/command": ["preload/command/libdevshm-check.so"],
    "preload": ["preload/libdevshm.so"],
    "daemon": ["daemon/devshmd"],
}
# What runs no code of ours, or is about tests; what compiles for itself; what asks once more what another one asks.
LEFT_OUT = re.compile(
    r"parity, (clang|fortified)|parity engine|sanitized|TSan|seeded bug|newer libfuse|recipe|fail without|patchelf|idle|soak"
    r"| on a tmpfs$|, on a tmpfs$|postgres|workflows|^check_file$|image|^documents|watch sees|every family"
)
# What only DEVSHM_STORE=memory needs.
STORE = re.compile(r"/store/|memory|object_names|creation_mask|show")
WITH_A_TMP_OF_ITS_OWN = 'cd "$1" && mount --bind "$0" /tmp && shift && exec env --default-signal "$@"'
IN_PLACE_OF_ANOTHER = 'mount --bind "$0" "$1" && shift && exec "$@"'

Change = collections.namedtuple("Change", "file line before after")


@dataclasses.dataclass
class Test:
    """A test as meson describes it, and how long it takes where nothing is changed."""

    name: str
    suite: str
    command: list
    environment: dict
    targets: list
    seconds: float = 0.0


def part_of(file):
    return next(part for part in SUITES if file.startswith(part + "/"))


def can_notice(test, file):
    """Whether the test may run what is in the file."""
    if test.suite not in SUITES[part_of(file)]:
        return False
    return "/store/" not in file or with_memory(test) or test.suite in ("unit", "command")


def with_memory(test):
    return test.suite == "store" or test.name.endswith(", memory")


def words(text):
    return {word.rstrip("s") for word in re.split(r"[^a-z]+", text.lower()) if len(word) > 2}


class Order:
    """The tests that can notice a change: first those that have noticed the most in the time they take."""

    def __init__(self, tests):
        self.tests = tests
        self.by_file, self.by_part = collections.Counter(), collections.Counter()

    def noticed(self, file, name):
        self.by_file[file, name] += 1
        self.by_part[os.path.dirname(file), name] += 1

    def of(self, file):
        def worth(test):
            named = len(words(pathlib.Path(file).stem) & words(test.name))
            seen = 5 * self.by_file[file, test.name] + self.by_part[os.path.dirname(file), test.name]
            likely = 0.2 if with_memory(test) and not STORE.search(file) else 1
            return (likely + 4 * named + seen) / (0.5 + test.seconds)

        return sorted((test for test in self.tests if can_notice(test, file)), key=worth, reverse=True)


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
        return [
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

    def product(self, part):
        return [hashlib.sha256((self.tree / "build" / name).read_bytes()).digest() for name in PRODUCTS[part]]

    def make(self, targets):
        return not targets or self.run_quietly("ninja", "-C", self.build, "--quiet", "-j1", *targets).returncode == 0

    def run(self, test, limit):
        """Whether it passes; nothing if it had to be ended. In a /tmp and a world of processes of its own."""
        self.wait()
        with tempfile.TemporaryDirectory(dir="/var/tmp", prefix="mutations.", ignore_cleanup_errors=True) as tmp:
            os.chmod(tmp, 0o1777)
            private = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c"]
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

    def judge(self, change, order):
        """What notices the change: (suite, test, how). The suite is "compiler", "same code" or "nothing" if none does."""
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
                if not self.make(sorted(set(test.targets) - made)):
                    return "compiler", "", ""
                made.update(test.targets)
                if how := self.notices(test):
                    return test.suite, test.name, how
            return "nothing", "", ""
        finally:
            file.write_text(text, encoding="utf-8")
