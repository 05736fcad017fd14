#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""ordinary_test.py CALLS LIBRARY FUNCTIONS: a call on an ordinary path or descriptor makes exactly the system calls that it
makes without devshm.

CALLS (calls.cpp and the files beside it) makes each wrapped function's call on ordinary paths. It runs twice where there is no /dev/shm, without
and with the library, and strace shows what the kernel sees of each call. FUNCTIONS lists what is wrapped: none may be left
out. A program under a strict seccomp filter is ended by a system call that it does not expect.
"""
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from ground import hidden

# Wrapped, and not called here: the reason.
NOT_CALLED = {
    "sem_open": "is about /dev/shm by its nature",
    "sem_unlink": "the same",
    "shm_open": "the same",
    "shm_unlink": "the same",
}
# Made as often as libc needs random numbers or memory, which is not the same in each run.
UNSTEADY = {"getrandom", "brk"}


def trace(calls: Path, library: str, directory: str = "") -> list[tuple[str, list[str]]]:
    """The system calls that the kernel sees, by what calls.cpp says of each call; DIRECTORY is the DEVSHM_DIR."""
    with tempfile.TemporaryDirectory() as place:
        work = Path(place)
        for name in ("plain", "ahm", "dev/shmfoo", "dev/shm"):
            (work / name).mkdir(parents=True)
            (work / name / "../random").mkdir(exist_ok=True)
            for file in ("file", "other"):
                (work / name / file).write_text("text\n")
        preload = ["-E", "LD_PRELOAD=" + library] if library else []
        preload += ["-E", "DEVSHM_DIR=" + directory] if directory else []
        command = hidden().argv("strace", "-o", work / "trace", "-s", "256", *preload, calls)
        done = subprocess.run(command, cwd=work, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if done.returncode != 0 or "cannot be preloaded" in done.stderr:
            raise AssertionError(f"{calls} ended with {done.returncode}: {done.stderr[-2000:]}")
        lines = (work / "trace").read_text(errors="replace").splitlines()
    seen: list[tuple[str, list[str]]] = []
    for line in lines:
        if mark := re.match(r'write\(-1, "([^"]*)"', line):
            seen.append((mark.group(1), []))
        elif seen and (call := re.match(r"(\w+)\(", line)) and call.group(1) not in UNSTEADY:
            seen[-1][1].append(call.group(1))
    return seen


class Ordinary(unittest.TestCase):
    calls: Path
    library: str
    functions: Path

    def test_makes_the_same_system_calls(self):
        self.maxDiff = 4000
        native = trace(self.calls, "")
        self.assertGreater(len(native), 800, "the program made few calls")
        for directory in ("", "/tmp/that-takes-a-short-link"):
            preloaded = trace(self.calls, self.library, directory)
            self.assertEqual([name for name, _ in native], [name for name, _ in preloaded])
            for (name, there), (_, here) in zip(native, preloaded):
                # The name that is shown may fit where the longer one of the directory does not.
                if directory and name.endswith("too small"):
                    there = there * 2
                with self.subTest(name, directory=directory):
                    self.assertEqual(there, here)

    def test_calls_every_wrapped_function(self):
        text = "".join(path.read_text() for path in Path(__file__).parent.glob("*.cpp"))
        called = set(re.findall(r"\bCALLS?\((\w+)", text)) | set(re.findall(r'mark\("(\w+) ', text))
        wrapped = set()
        for line in self.functions.read_text().splitlines():
            if not line.startswith("#") and line.split("\t")[2] == "wrapped":
                wrapped.add(line.split("\t")[0])
        self.assertGreater(len(wrapped), 190)
        self.assertEqual(sorted(wrapped - called - set(NOT_CALLED)), [])
        self.assertEqual(sorted(set(NOT_CALLED) & called), [], "it is called: take it out of NOT_CALLED")


if __name__ == "__main__":
    Ordinary.calls, Ordinary.library = Path(sys.argv[1]).resolve(), str(Path(sys.argv[2]).resolve())
    Ordinary.functions = Path(sys.argv[3])
    unittest.main(argv=sys.argv[:1] + sys.argv[4:])
