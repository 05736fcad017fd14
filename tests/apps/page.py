# SPDX-License-Identifier: MIT
"""docs/programs.md: what tests/apps/run has seen, as two tables: of the programs that were run where there is no /dev/shm, and of
those that were run where it has 64 MB."""
import pathlib
import subprocess
from typing import NamedTuple

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
PAGE = TOP / "docs/programs.md"

HEAD = """\
# Programs that were run

In a hurry? Each of these programs was run where there is no `/dev/shm`, or where it has 64 MB, as in a container. Without devshm nearly
all of them fail, or silently work worse. With devshm each gives the same results as on a real tmpfs.

![Each program, without devshm and with it](pictures/programs.svg)

Yours is not here? `devshm check PROGRAM` says whether devshm can reach it, and [errors.md](errors.md) has the messages of
many more. `tests/apps/run --write-docs` writes this page, and lists only programs that ran.

## How it was done

Each program ran three times: natively, with a fresh tmpfs at `/dev/shm`; where there is none (`container/hide-shm`); and there with
devshm. The output with devshm was compared with the native one, while a recording `devshmd hidden` at `/dev/shm`
watched what reached the kernel. Time is a ratio of the best of each side, measured turn by turn. It includes starting and setting up, so
differences within the machine's noise mean nothing. The version is that of the first program named. A case of CPython's tests
that fails is run once more by itself, natively and with devshm, because many lose a race on a busy machine.

Each program was also run with `DEVSHM_STORE=memory`, where there is no `/dev/shm` and in `container/lambda`
(`tests/apps/run --store disk --store memory`). The results were the same as natively, but for 6 of CPython 3.13's tests of files, which
look at the device of an object ([limits.md](limits.md#the-memory-store)). Objects were memory in each but two: Chromium makes none, and
the heap of a Java machine is a file without a name.

In `container/lambda` a program has Lambda's user, limits and refused system calls. With devshm it gives the same results there as
natively. Nothing is recorded there, because no FUSE can be mounted, and there is no `/dev/shm` to reach.
"""
NONE = """
## Where there is no /dev/shm
"""
SMALL = """
## Where /dev/shm has 64 MB

These programs need more than that. Each ran natively, with a large tmpfs; with a tmpfs of 64 MB (`container/hide-shm --shm 64M`),
without devshm and with `DEVSHM_WHEN=small:1G DEVSHM_STORE=memory`; and with devshm where there is no `/dev/shm`, watched as
above. The kernel's times of the 64 MB tmpfs show that with devshm nothing was ever made or removed in it. In `container/lambda`
these programs have 512 MB of `/tmp`, and `DEVSHM_STORE=memory`. The time is not given: the machine was busy.
"""


class Row(NamedTuple):
    """A line of the table; `ratio` is only in the first one."""

    program: str
    version: str
    uses: str
    without: str
    devshm: str
    seen: str
    on_lambda: str
    ratio: str


COLUMNS = Row(
    "program",
    "version",
    "what it does in `/dev/shm`",
    "without devshm",
    "with devshm",
    "seen by the kernel",
    "in `container/lambda`",
    "time against native",
)
SMALL_COLUMNS = COLUMNS._replace(
    without="with 64 MB, without devshm",
    devshm="with 64 MB and devshm",
    seen="without `/dev/shm`, with devshm: seen by the kernel",
)


def line_of(cells):
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def program_of(line):
    return line[2:].partition(" | ")[0]


def table(columns, programs, lines):
    found = [lines[program.say("program")] for program in programs if program.say("program") in lines]
    return ["", line_of(columns), line_of(["---"] * len(columns)), *found]


def write(rows, programs):
    """Rows of programs that did not run now stay as they are there."""
    small = {program.say("program"): bool(program.about["small"]) for program in programs}
    lines = {program_of(line): line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")}
    lines.update({row.program: line_of(row[:-1] if small[row.program] else row) for row in rows})
    page = HEAD.splitlines()
    page += NONE.splitlines() + table(COLUMNS, [one for one in programs if not one.about["small"]], lines)
    page += SMALL.splitlines() + table(SMALL_COLUMNS[:-1], [one for one in programs if one.about["small"]], lines)
    PAGE.write_text("\n".join(page) + "\n", encoding="utf-8")
    subprocess.run([TOP / "docs/pictures/draw"], check=True)
