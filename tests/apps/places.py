# SPDX-License-Identifier: MIT
"""Where tests/apps/run runs a program: grounds of tests/ground, and how devshm is used on each."""
import collections
import pathlib
import re
import shutil
import tempfile
import time

from ground import NOT_MADE, accesses, hidden, on_lambda, tmpfs

TASK = "/var/task"  # where a function's code lies: here the program, and the library
SMALL = "64M"

# devshm's log is where each user may write it, and is copied when the program has ended.
LOG = "/tmp/log-of-the-test"
LOGGED = f"""
touch {LOG} && chmod 666 {LOG} || exit {NOT_MADE}
copy=$1; shift
"$@"; ended=$?
cp {LOG} "$copy" && exit $ended
"""
STORED = re.compile(r"devshm\[\d+\] store: .* -> (.*)")


def stored(log):
    """How many objects devshm has made as what, by its log: `memory`, or `a file: REASON`."""
    lines = pathlib.Path(log).read_text(encoding="utf-8", errors="replace").splitlines()
    return collections.Counter(match[1] for match in map(STORED.fullmatch, lines) if match)


class Places:
    """Each says how the program ended there; some also how long it took."""

    def __init__(self, build, limit):
        self.build, self.limit = build, limit
        self.library = build / "preload/libdevshm.so"

    def _run(self, where, ground, program):
        print(f"{where} ", end="", flush=True)
        if program.root:
            ground = ground.on_files_of(program.root)
        started = time.monotonic()
        done = ground.limited(self.limit or program.limit).run(program.path, cwd=self.build)
        took = time.monotonic() - started
        print(f"{took:.0f} s, ", end="", flush=True)
        return done, took

    def native(self, program):
        return self._run("natively", tmpfs(), program)

    def without(self, program):
        """Where there is no /dev/shm, or too small a one."""
        if program.is_small:
            return self._run("with 64 MB", tmpfs(SMALL), program)
        return self._run("without", hidden(), program)

    def devshm(self, program, store):
        """Also what the kernel saw, and with `memory` what the objects were made as: to log that takes time."""
        with tempfile.TemporaryDirectory(prefix=program.name + ".", dir=self.build) as scratch:
            seen, log = pathlib.Path(scratch, "seen"), pathlib.Path(scratch, "log")
            ground = hidden().recorded(self.build / "daemon/devshmd", seen).within("sh", "-c", LOGGED, "sh", log)
            logged = {"DEVSHM_LOG": LOG} if store == "memory" else {}
            ground = ground.preloading_a_copy(self.library, DEVSHM_STORE=store, **logged)
            done, took = self._run(f"with devshm ({store})", ground, program)
            return done, took, accesses(seen), stored(log)

    def beside(self, program):
        """With devshm where /dev/shm is too small: nothing of the program's may ever have been in there."""
        ground = tmpfs(SMALL).unwritten()
        ground = ground.preloading_a_copy(self.library, DEVSHM_WHEN="small:1G", DEVSHM_STORE="memory")
        return self._run("with devshm beside 64 MB", ground, program)[0]

    def on_lambda(self, program, store=None):
        """As a function's code, on this machine's own root; without devshm if no store is named."""
        variables = {"LD_PRELOAD": f"{TASK}/{self.library.name}", "DEVSHM_STORE": store} if store else {}
        with tempfile.TemporaryDirectory(prefix="devshm-apps.") as task:
            pathlib.Path(task).chmod(0o755)  # it is Lambda's user who runs it
            for file in program.path, self.library:
                shutil.copy(file, task)
            ground = on_lambda(task, program.say("lambda"), tmp=512 if program.is_small else 4096, **variables)
            return ground.limited(self.limit or program.limit).run(f"{TASK}/{program.name}")
