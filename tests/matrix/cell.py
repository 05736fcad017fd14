# SPDX-License-Identifier: MIT
"""One cell: a libc on an architecture, and how commands run in it."""
import hashlib
import os
import pathlib
import shutil
import subprocess
import tempfile
import threading

import build
from ground import in_root

PYTHON = pathlib.Path(__file__).resolve().parent.parent / "apps/python"
PRIMITIVES = [PYTHON / name for name in ("primitives.py", "primitives_cases.py")]
SECONDS = 1200  # for one command; all of them together take less

running = set()  # the processes that stop() has to end
stopped = threading.Event()


def stop():
    """Ends what is running in the cells, for good; unshare takes all that it has started along."""
    stopped.set()
    for process in list(running):
        process.kill()


class Failed(Exception):
    """With all that the command has said."""


class NotApplicable(Exception):
    """There is nothing to check in this cell, and why."""


class Cell:
    """A libc on an architecture: its root, and the directory of tools that it sees as /matrix."""

    def __init__(self, libc, architecture, root, programs, library, scratch):
        self.libc, self.architecture, self.root, self.scratch = libc, architecture, root, scratch
        self.tools = scratch / ("%s-%s" % (libc.name, architecture.name))
        shutil.copytree(programs, self.tools, copy_function=os.link)  # they are read only
        shutil.copyfile(library, self.tools / "libdevshm.so")
        for file in (*PRIMITIVES, library.with_name("libdevshm-check.so")):
            if file.exists():
                shutil.copyfile(file, self.tools / file.name)
        self.digest = hashlib.sha256((self.tools / "libdevshm.so").read_bytes()).hexdigest()
        self.emulator = ["/matrix/qemu"] if architecture.emulator else []
        self.is_old_glibc = libc.kind == "glibc" and root.number < (2, 34)
        self.is_split = libc.kind == "glibc" and root.number < (2, 21)  # 2.17 to 2.20

    @property
    def loader(self):
        return build.loader(self.architecture, self.libc.kind)

    def restartable(self, program):
        """What to run, and the variables it needs, so that the program can start itself again by its own name."""
        if not self.emulator:
            return program, []
        return "/matrix/start", ["MATRIX_PROGRAM=" + program]

    def run(self, surrounding, *words, loader=(), emulator=None):
        """Runs a command ("NAME=VALUE" words first are its whole environment) and returns how it ended."""
        launcher = [*(self.emulator if emulator is None else emulator), *loader]
        variables = [word for word in words if "=" in word] + ["PROBE_LAUNCHER=" + " ".join(launcher)]
        command = [*launcher, *(word for word in words if "=" not in word)]
        with tempfile.TemporaryDirectory(dir=self.scratch) as scratch:
            if stopped.is_set():
                raise Failed("interrupted")
            process = subprocess.Popen(
                in_root(self.root.directory, self.tools, scratch, surrounding).argv(*variables, *command),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
            )
            running.add(process)
            try:
                output, errors = process.communicate(timeout=SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                output, errors = process.communicate()
                raise Failed(
                    "no end after %d seconds: %s\n%s%s" % (SECONDS, " ".join(command), output, errors)
                ) from None
            finally:
                running.discard(process)
        return subprocess.CompletedProcess(command, process.returncode, output, errors)

    def expect_success(self, surrounding, *words, loader=()):
        done = self.run(surrounding, *words, loader=loader)
        if done.returncode != 0 or "FAIL" in done.stdout or "ok " not in done.stdout:
            failed = "".join(line for line in done.stdout.splitlines(True) if not line.startswith("ok "))
            raise Failed(
                "%s, in %s: exit status %d\n%s%s" % (" ".join(words), surrounding, done.returncode, failed, done.stderr)
            )
        if done.stderr:
            raise Failed("%s, in %s, passes but says\n%s" % (" ".join(words), surrounding, done.stderr))

    def errnos(self, done):
        if done.returncode != 0:
            raise Failed("exit status %d\n%s%s" % (done.returncode, done.stdout, done.stderr))
        return {call: int(number) for call, number in (line.split() for line in done.stdout.splitlines())}
