# SPDX-License-Identifier: MIT
"""The grounds of tests/apps/run on this machine: a large tmpfs, none, 64 MB, and what the kernel sees with devshm."""
import json
import os
import pathlib
import subprocess
import time

TOP = pathlib.Path(__file__).resolve().parent.parent.parent

# Where it runs with devshm, /dev/shm is devshmd's: hidden, and recording. The first access is ours, without the library:
# a recording that doesn't have it proves nothing. The library is a copy that every user may read (PostgreSQL's, say): a
# checkout can lie in somebody's home directory.
WATCHED = """
mkdir /dev/shm && daemon/devshmd hidden --allow-other --daemonize --record "$RECORD" /dev/shm || exit 125
! stat /dev/shm/is-it-watched 2>/dev/null || exit 125
mkdir /tmp/of-the-test && cp preload/libdevshm.so /tmp/of-the-test || exit 125
LD_PRELOAD=/tmp/of-the-test/libdevshm.so "$@"
"""


# Where /dev/shm has 64 MB. What the kernel says of it: nothing has ever been in there. (Its directory's times tell.)
SMALL = """
mkdir /tmp/of-the-test && cp preload/libdevshm.so /tmp/of-the-test && before=$(stat -c %y%z /dev/shm) || exit 125
LD_PRELOAD=/tmp/of-the-test/libdevshm.so DEVSHM_WHEN=small:1G DEVSHM_STORE=memory "$@" || exit
[ "$before" = "$(stat -c %y%z /dev/shm)" ] || { echo "the real /dev/shm was written to" >&2; exit 123; }
"""


class Failed(Exception):
    """What a program's row can't be written for."""


class Ground:
    """Runs a program where there is a tmpfs, where there is none, and where there is none but devshm."""

    def __init__(self, build, limit):
        self.build, self.limit = build, limit

    def _run(self, where, options, command, program):
        started, limit = time.monotonic(), self.limit or program.limit
        print(f"{where} ", end="", flush=True)
        done = subprocess.run(
            [
                "timeout",
                "-k",
                "20",
                str(limit),
                TOP / "container/hide-shm",
                "--private-tmp",
                *options,
                "--",
                *command,
                *program.command(),
            ],
            cwd=self.build,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
        if done.returncode in (124, 137):  # hide-shm was ended by TERM, and has cleaned up
            raise Failed(f"not done after {limit} s")
        if done.returncode == 125:
            raise Failed(f"the ground could not be made: {done.stderr.strip()}")
        took = time.monotonic() - started
        print(f"{took:.0f} s, ", end="", flush=True)
        return done, took

    def native(self, program):
        return self._run("natively", ["--shm"], [], program)

    def without(self, program):
        small = ["--shm", "64M"] if program.about["small"] else []
        return self._run("with 64 MB" if small else "without", small, [], program)

    def small(self, program):
        """With devshm where /dev/shm has 64 MB."""
        return self._run("with devshm beside 64 MB", ["--shm", "64M"], ["sh", "-c", SMALL, "sh"], program)[0]

    def devshm(self, program):
        """Also what the kernel saw."""
        record = self.build / f"{program.name}.{os.getpid()}.seen"
        record.unlink(missing_ok=True)
        try:
            done, took = self._run("with devshm", [], ["env", f"RECORD={record}", "sh", "-c", WATCHED, "sh"], program)
            seen = [json.loads(line) for line in record.read_text(encoding="utf-8").splitlines()]
        finally:
            record.unlink(missing_ok=True)
        if not any("is-it-watched" in access["path"] for access in seen):
            raise Failed("the watch at /dev/shm saw nothing, not even what it had to")
        # Ours walks the mount point too, and mkdir and mount come before the program.
        ours = {access["pid"] for access in seen if "is-it-watched" in access["path"]}
        return done, took, [access for access in seen if access["pid"] not in ours and access["program"] != "devshmd"]
