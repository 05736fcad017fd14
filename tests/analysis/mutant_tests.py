# SPDX-License-Identifier: MIT
"""Which tests can notice a change of a file, and in which order they are tried: for tests/analysis/mutations."""
import collections
import dataclasses
import os
import pathlib
import re

# Those that can notice a change, by the folder that it is in.
SUITES = {
    "preload/command": ["unit", "command", "security"],
    "preload/wrap": ["library", "parity", "overlay", "faults", "security", "races", "command", "store"],
    "preload": ["unit", "library", "parity", "overlay", "faults", "security", "races", "command", "store"],
    "daemon": ["daemon"],
}
# What runs no code of ours, or is about tests; what compiles for itself; what asks once more what another one asks.
LEFT_OUT = re.compile(
    r"parity, (clang|fortified)|parity engine|sanitized|TSan|seeded bug|newer libfuse|recipe|fail without|patchelf"
    r"|idle|soak|stress|proof|completions"
    r"| on a tmpfs$|, on a tmpfs$|postgres|workflows|^check_file$|image|^documents|watch sees|every family"
)
# What only DEVSHM_STORE=memory needs.
STORE = re.compile(r"/store/|memory|object_names|creation_mask|show")
NO_SUBJECT = {"over"}  # "socket over /tmp/shm"
FAMILY = re.compile(r"\((?!open|raw|shm_sem)\w+\)")  # but for those that come to most


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
    if test.name.endswith(", passthrough"):  # otherwise it is as with the page cache
        return bool(re.search(r"passthrough|open|content|memory_file|session|init", file))
    if with_memory(test):
        return bool(STORE.search(file))
    return "/store/" not in file or "store" in test.name


def with_memory(test):
    return test.suite == "store" or test.name.endswith(", memory")


def words(text):
    return {word.rstrip("s") for word in re.split(r"[^a-z]+", text.lower()) if len(word) > 2} - NO_SUBJECT


class Order:
    """The tests that can notice a change: first those that have noticed the most in the time they take."""

    def __init__(self, tests):
        self.tests = tests
        self.by_file, self.by_part = collections.Counter(), collections.Counter()

    def noticed(self, file, name):
        self.by_file[file, name] += 1
        self.by_part[os.path.dirname(file), name] += 1

    def of(self, file):
        def named(test):
            return len(words(pathlib.Path(file).stem) & words(test.name))

        def worth(test):
            seen = 5 * self.by_file[file, test.name] + self.by_part[os.path.dirname(file), test.name]
            return (1 + 4 * named(test) + seen) / (0.5 + test.seconds)

        # Families of parity that nothing speaks for are left out.
        able = [
            test
            for test in self.tests
            if can_notice(test, file)
            and (not FAMILY.search(test.name) or named(test) or self.by_part[os.path.dirname(file), test.name])
        ]
        return sorted(able, key=worth, reverse=True)
