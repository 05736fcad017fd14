# SPDX-License-Identifier: MIT
"""Shell commands on a real tmpfs and on the overlay, side by side: what they say, how they end, what is there then.

The grounds, each with a /tmp of its own on disk: native (a fresh tmpfs on /dev/shm, in namespaces of its own), overlay
(no /dev/shm, but the library), bare (no /dev/shm, no library: what does not differ here from native has tested
nothing), traced (the overlay once more, under strace: no path in /dev/shm may reach the kernel).
"""

import concurrent.futures
import difflib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
GROUNDS = HERE.parent.parent.parent / "container" / "hide-shm"
sys.path.insert(0, str(HERE.parent.parent / "ground"))
from leaks import leaks  # noqa: E402

# Objects in memory (DEVSHM_STORE=memory): a setting of the test's own environment, for the grounds that have the library.
STORE = [f"DEVSHM_STORE={os.environ['DEVSHM_STORE']}"] if "DEVSHM_STORE" in os.environ else []


@dataclass
class Known:
    """A difference that stays: `patterns` say what of a result (see `text_of`) not to look at."""

    reason: str
    command: str  # which commands: a pattern
    patterns: tuple = ()  # taken out, but for a group `keep`; no pattern at all: the order of lines
    used: bool = field(default=False, compare=False)

    def without(self, text):
        if not self.patterns:
            return "\n".join("\n".join([title, *sorted(lines)]) for title, lines in sections(text))
        for pattern in self.patterns:
            text = re.sub(pattern, r"\g<keep>" if "(?P<keep>" in pattern else "", text, flags=re.MULTILINE)
        return text


def sections(text):
    title, lines = "", []
    for line in text.splitlines():
        if line.startswith("== "):
            yield title, lines
            title, lines = line, []
        else:
            lines.append(line)
    yield title, lines


def read_table(path):
    """The commands of a file: a line each; `#` begins a comment line, a backslash at the end goes on in the next."""
    text = Path(path).read_text(encoding="utf-8").replace("\\\n", "")
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]


def text_of(result):
    said = "".join(
        f"== {name}\n{result[name]}{'' if result[name].endswith(chr(10)) else chr(10)}" for name in ("out", "err")
    )
    return f"status {result['status']}\n{said}== tree\n" + "\n".join(result["tree"])


class Workshop:
    """A place outside of /tmp, the same on every ground, with the library and what else the commands need."""

    def __init__(self, library, commands):
        self.dir = tempfile.mkdtemp(prefix="compared.", dir="/var/tmp")
        os.chmod(self.dir, 0o755)
        self.library = self.add(library)
        self.commands = commands
        Path(self.dir, "commands").write_text("\n".join(commands) + "\n", encoding="utf-8")
        for part in ("run_commands", "tree.py"):
            self.add(HERE / part)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.dir)

    def add(self, path):
        shutil.copy(path, self.dir)
        os.chmod(f"{self.dir}/{Path(path).name}", 0o755)
        return f"{self.dir}/{Path(path).name}"

    def run(self, shm=False, preload="", trace=None, user=None, prefix=(), env=()):
        """What becomes of the commands on a ground: a list of results."""
        line = [GROUNDS, "--private-tmp", *(["--shm"] if shm else []), "--"]
        if os.geteuid() == 0:  # what a command leaves of System V's goes with the ground
            line += ["unshare", "--ipc"]
        line += [
            "/usr/bin/python3",
            "-B",
            f"{self.dir}/run_commands",
            f"--library={preload}",
            *([f"--user={user}"] if user is not None else []),
            *(f"--env={pair}" for pair in (*env, *(STORE if preload else ()))),
            *(f"--prefix={word}" for word in prefix),
            *([f"--trace={trace}"] if trace else []),
            "/dev/shm" if shm else "/tmp/shm",
            f"{self.dir}/commands",
        ]
        done = subprocess.run(
            line,
            cwd=self.dir,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        results = [json.loads(text) for text in done.stdout.splitlines()]
        if done.returncode or len(results) != len(self.commands):
            sys.exit(
                f"a ground has run {len(results)} of {len(self.commands)} commands, status {done.returncode}:\n{done.stderr}"
            )
        return results


def together(**runs):
    """Runs on several grounds at once: each has its own mounts and its own /tmp."""
    with concurrent.futures.ThreadPoolExecutor(2) as executor:
        futures = {name: executor.submit(run) for name, run in runs.items()}
        return {name: future.result() for name, future in futures.items()}


class Report:
    def __init__(self, known):
        self.known, self.passed, self.failed = known, 0, 0

    def compare(self, there, here, name="overlay"):
        for one, other in zip(there, here):
            expected, found = text_of(one), text_of(other)
            for known in self.known:
                if expected == found:
                    break
                if re.search(known.command, one["command"]):
                    changed = known.without(expected), known.without(found)
                    known.used |= changed != (expected, found)
                    expected, found = changed
            if expected == found:
                self.passed += 1
                continue
            difference = difflib.unified_diff(
                expected.splitlines(), found.splitlines(), "tmpfs", name, lineterm="", n=1
            )
            self.fail(f"{one['command']}\n" + "\n".join(f"    {line}" for line in list(difference)[:40]))

    def must_differ(self, there, here, why, excused=()):
        """Of two runs of the same commands: one that comes out the same has shown nothing."""
        for one, other in zip(there, here):
            if any(re.search(pattern, one["command"]) for pattern in excused):
                continue
            if text_of(one) == text_of(other):
                self.fail(f"{one['command']}\n    {why}")
            else:
                self.passed += 1

    def all_known_occur(self):
        for known in self.known:
            if not known.used:
                self.fail(f"known difference that does not occur: {known.reason} ({known.command})")

    def kernel_saw(self, trace, commands, known_leaks):
        """No path below /dev/shm but the known: patterns of calls, by the pattern of their commands."""
        parts, number = {}, "none"
        with open(trace, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                mark = re.search(r'access\("/command/(\w+)"', line)
                if mark:
                    number = mark[1]
                else:
                    parts.setdefault(number, []).append(line)
        for number, command in enumerate(commands):
            calls = parts.get(str(number), [])
            known = [leak for pattern, its in known_leaks.items() if re.search(pattern, command) for leak in its]
            reached = list(leaks(calls, known))
            if reached:
                self.fail(f"{command}\n" + "\n".join(f"    reached the kernel: {line}" for line in reached[:10]))
            elif not calls:
                self.fail(f"{command}\n    strace saw nothing: the watch does not work")
            else:
                self.passed += 1

    def fail(self, text):
        self.failed += 1
        print(f"FAIL {text}")

    def end(self):
        print(f"{self.passed} passed, {self.failed} failed")
        return 1 if self.failed else 0


def write_down(results, where):
    os.makedirs(where, exist_ok=True)
    for name, result in results.items():
        text = "\n".join(f"$ {one['command']}\n{text_of(one)}\n" for one in result)
        Path(where, name).write_text(text, encoding="utf-8")


def on_all_grounds(library, commands, known, excused=(), known_leaks={}, extra=(), env=(), keep=None):
    """The whole comparison: its report."""
    report = Report(known)
    with Workshop(library, commands) as shop:
        for path in extra:
            shop.add(path)
        env = [pair.replace("@DIR@", shop.dir) for pair in env]
        trace = f"{shop.dir}/trace"
        results = together(
            native=lambda: shop.run(shm=True, env=env),
            overlay=lambda: shop.run(preload=shop.library, env=env),
            traced=lambda: shop.run(preload=shop.library, env=env, trace=trace),
            bare=lambda: shop.run(env=env),
        )
        if keep:
            write_down(results, keep)
            shutil.copy(trace, keep)
        report.compare(results["native"], results["overlay"])
        report.must_differ(
            results["native"], results["bare"], "gives the same without /dev/shm: tests nothing", excused
        )
        report.kernel_saw(trace, commands, known_leaks)
    return report
