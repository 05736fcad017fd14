# SPDX-License-Identifier: MIT
"""Whether the same cases have the same results on two grounds, but for the differences that are known by name.

A sample is a case and its result: a call and what it returned, a command and what became of it. Where the samples come from,
and on which grounds they were taken, is the matter of the tests (*_test.py).
"""
import re
from dataclasses import dataclass, field
from typing import NamedTuple

SHOWN = 25  # failures of one function or command that are said in full


class Sample(NamedTuple):
    case: str
    result: str


def samples(text, separator="): "):
    """Of `function(case): result`, a line each. A result may hold the separator, but not a case."""
    found = []
    for line in text.splitlines():
        case, behind, result = line.partition(separator)
        found.append(Sample(case + behind.rstrip(": \t"), result))
    return found


def in_any_order(reference, found):
    """Of two texts whose lines come in any order: a sample of each line of either for each text, which has or lacks it."""
    texts = [set(text.splitlines()) for text in (reference, found)]
    lines = dict.fromkeys([*reference.splitlines(), *found.splitlines()])
    return tuple([Sample(line, "said" if line in text else "not said") for line in lines] for text in texts)


@dataclass
class Difference:
    """One that stays, and why. If it does not occur, that is a failure."""

    reason: str
    case: str  # which cases: a pattern
    on: str = field(default="", kw_only=True)  # the only kind of ground that it is about
    may_be_gone: bool = field(default=False, kw_only=True)  # it depends on the machine
    settled: list = field(default_factory=list, init=False, compare=False)  # samples of the reference that it was for


@dataclass
class Known(Difference):
    """The whole result is another one: patterns for what it looks like, empty for anything."""

    reference: str = ""
    found: str = ""

    def settle(self, reference, found):
        """The two results, as they are when this difference is left out."""
        if re.search(self.reference, reference) and re.search(self.found, found):
            return found, found
        return reference, found


@dataclass
class KnownPart(Difference):
    """What the patterns match is left out of both results, but for a group `keep`; the rest has to be the same."""

    patterns: tuple = ()

    def settle(self, *results):
        return tuple(map(self._without, results))

    def _without(self, text):
        for pattern in self.patterns:
            text = re.sub(pattern, r"\g<keep>" if "(?P<keep>" in pattern else "", text, flags=re.MULTILINE)
        return text


@dataclass
class KnownOrder(Difference):
    """The same lines, in any order within a section; a section begins with `== `."""

    def settle(self, *results):
        return tuple(map(self._sorted, results))

    @staticmethod
    def _sorted(text):
        section, lines = 0, []
        for line in text.splitlines():
            is_title = line.startswith("== ")
            section += is_title
            lines.append((section, not is_title, line))
        return "\n".join(line for *_, line in sorted(lines))


class Comparison:
    """Counts what is the same, and says what is not."""

    def __init__(self, known=(), on="", say=print):
        """`on` is the kind of ground that is compared with the reference: which of the known differences count."""
        self.known, self.say = [each for each in known if each.on in ("", on)], say
        self.passed = self.failed = 0
        self.shown = {}

    def compare(self, reference, found, name="overlay", shows=None):
        """Each sample with the one of the reference. `shows` says how two results differ: lines."""
        if not reference or not found:
            self.fail(f"{name}: nothing ran: {len(reference)} results on a tmpfs, {len(found)} there")
        for there, here in zip(reference, found):
            if there.case != here.case:  # from here on each would be compared with another's
                self.fail(f"{there.case}\n    out of step: {name} has {here.case}: {here.result}")
                break
            self._compare_one(there, here, name, shows or two_lines)
        if len(reference) != len(found):
            self.fail(f"{name}: {len(reference)} results on a tmpfs, {len(found)} there")

    def _compare_one(self, there, here, name, shows):
        reference, found = there.result, here.result
        for known in self.known:
            if reference == found:
                break
            if re.search(known.case, there.case):
                settled = known.settle(reference, found)
                if settled != (reference, found):
                    known.settled.append(there)
                reference, found = settled
        if reference == found:
            self.passed += 1
        else:
            lines = "\n".join(f"    {line}" for line in shows(reference, found, name))
            self.fail(f"{there.case}\n{lines}", there.case.partition("(")[0])

    def must_differ(self, reference, found, why, excused=()):
        """Of two runs of the same cases: one that comes out the same has shown nothing."""
        for there, here in zip(reference, found):
            if any(re.search(pattern, there.case) for pattern in excused):
                continue
            if there == here:
                self.fail(f"{there.case}\n    {why}")
            else:
                self.passed += 1

    def all_known_occur(self):
        for known in self.known:
            if not known.settled and not known.may_be_gone:
                self.fail(f"known difference that does not occur: {known.reason} ({known.case})")

    def fail(self, text, group=None):
        """Of one group, only the first are said."""
        self.failed += 1
        self.shown[group] = self.shown.get(group, 0) + 1
        if group is None or self.shown[group] <= SHOWN:
            self.say(f"FAIL {text}")

    def end(self):
        """Says the counts; the exit status."""
        for group, count in self.shown.items():
            if group is not None and count > SHOWN:
                self.say(f"FAIL {group}: {count - SHOWN} more")
        self.say(f"{self.passed} passed, {self.failed} failed")
        return 1 if self.failed or not self.passed else 0


def two_lines(reference, found, name):
    return f"{'tmpfs:':9}{reference}", f"{name + ':':9}{found}"
