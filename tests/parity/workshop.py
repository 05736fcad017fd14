# SPDX-License-Identifier: MIT
"""Samples of shell commands: what each says, how it ends, and what is there then.

The grounds, each with a /tmp of its own on disk: native (a fresh tmpfs on /dev/shm), overlay (no /dev/shm, but the library),
bare (no /dev/shm, no library: what does not differ here from native has tested nothing), traced (the overlay once more,
under strace: no path in /dev/shm may reach the kernel).
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
from pathlib import Path

from engine import Comparison, Sample
from ground import hidden, tmpfs
from ground.leaks import leaks

HERE = Path(__file__).resolve().parent
TESTS_NOTHING = "gives the same without /dev/shm: tests nothing"


def read_table(path):
    """The commands of a file: a line each; `#` begins a comment line, a backslash at the end goes on in the next."""
    text = Path(path).read_text(encoding="utf-8").replace("\\\n", "")
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]


def text_of(result):
    said = "".join(
        f"== {name}\n{result[name]}{'' if result[name].endswith(chr(10)) else chr(10)}" for name in ("out", "err")
    )
    return f"status {result['status']}\n{said}== tree\n" + "\n".join(result["tree"])


def add_options(parser):
    """The options that the tests of commands have in common."""
    parser.add_argument("library")
    parser.add_argument("--keep", metavar="DIR", help="leave what the commands did on each ground there")
    parser.add_argument("--store", choices=("disk", "memory"), default="disk")


class Workshop:
    """A place outside of /tmp, the same on every ground, with the library and what else the commands need."""

    def __init__(self, library, commands, store="disk"):
        self.dir = tempfile.mkdtemp(prefix="parity.", dir="/var/tmp")
        os.chmod(self.dir, 0o755)
        self.library = self.add(library)
        self.commands = commands
        self.store = [f"DEVSHM_STORE={store}"] if store != "disk" else []
        Path(self.dir, "commands").write_text("\n".join(commands) + "\n", encoding="utf-8")
        for part in ("run_commands", "tree.py"):
            self.add(HERE / part)
        shutil.copytree(HERE / "ground", f"{self.dir}/ground")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.dir)

    def add(self, path):
        shutil.copy(path, self.dir)
        os.chmod(f"{self.dir}/{Path(path).name}", 0o755)
        return f"{self.dir}/{Path(path).name}"

    def run(self, ground, preload="", trace=None, user=None, prefix=(), env=()):
        """The samples of the commands on a ground."""
        if os.geteuid() == 0:  # what a command leaves of System V's goes with the ground
            ground = ground.within("unshare", "--ipc")
            ground = ground if user is None else ground.as_user(user)
        done = ground.run(
            "/usr/bin/python3",
            "-B",
            f"{self.dir}/run_commands",
            f"--library={preload}",
            *(f"--env={pair}" for pair in (*env, *(self.store if preload else ()))),
            *(f"--prefix={word}" for word in prefix),
            *([f"--trace={trace}"] if trace else []),
            ground.files,
            f"{self.dir}/commands",
            cwd=self.dir,
        )
        results = [json.loads(text) for text in done.stdout.splitlines()]
        if done.returncode or len(results) != len(self.commands):
            sys.exit(
                f"a ground has run {len(results)} of {len(self.commands)} commands, status {done.returncode}:\n{done.stderr}"
            )
        return [Sample(result["command"], text_of(result)) for result in results]


def together(**runs):
    """Runs on several grounds at once: each has its own mounts and its own /tmp."""
    with concurrent.futures.ThreadPoolExecutor(2) as executor:
        futures = {name: executor.submit(run) for name, run in runs.items()}
        return {name: future.result() for name, future in futures.items()}


def changed_lines(reference, found, name):
    difference = difflib.unified_diff(reference.splitlines(), found.splitlines(), "tmpfs", name, lineterm="", n=1)
    return list(difference)[:40]


def kernel_saw(comparison, trace, commands, known_leaks):
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
            comparison.fail(f"{command}\n" + "\n".join(f"    reached the kernel: {line}" for line in reached[:10]))
        elif not calls:
            comparison.fail(f"{command}\n    strace saw nothing: the watch does not work")
        else:
            comparison.passed += 1


def write_down(results, where):
    os.makedirs(where, exist_ok=True)
    for name, result in results.items():
        text = "\n".join(f"$ {sample.case}\n{sample.result}\n" for sample in result)
        Path(where, name).write_text(text, encoding="utf-8")


def on_all_grounds(options, commands, known, excused=(), known_leaks={}, extra=(), env=(), whole=True):
    """The comparison. `options` are those of add_options. If it isn't whole, native and overlay alone."""
    comparison = Comparison(known, options.store)
    with Workshop(options.library, commands, options.store) as shop:
        for path in extra:
            shop.add(path)
        env = [pair.replace("@DIR@", shop.dir) for pair in env]
        trace = f"{shop.dir}/trace"
        runs = {
            "traced": lambda: shop.run(hidden(), preload=shop.library, env=env, trace=trace),  # first: it takes longest
            "native": lambda: shop.run(tmpfs(), env=env),
            "overlay": lambda: shop.run(hidden(), preload=shop.library, env=env),
            "bare": lambda: shop.run(hidden(), env=env),
        }
        results = together(**{name: run for name, run in runs.items() if whole or name in ("native", "overlay")})
        if options.keep:
            write_down(results, options.keep)
        comparison.compare(results["native"], results["overlay"], shows=changed_lines)
        if whole:
            comparison.must_differ(results["native"], results["bare"], TESTS_NOTHING, excused)
            kernel_saw(comparison, trace, commands, known_leaks)
    return comparison
