#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What tools see of files in /dev/shm (files.sh), on a real tmpfs and on the memory store, line by line.

  files_test.py LIBRARY

Not in the script, as they differ: link counts by fstat and through a symbolic link (tar stores hard links as files).

On the store every file that is made has to be memory: its name in the backing directory is a link.
"""
import pathlib
import re
import sys

from ground import hidden, tmpfs
from parity.engine import Comparison, Sample

SCRIPT = pathlib.Path(__file__).resolve().with_name("files.sh")
CREATED = """
echo x >/dev/shm/a
python3 -c 'open("/dev/shm/b", "w")'
mktemp -p /dev/shm >/dev/null
LD_PRELOAD= find /tmp/shm -mindepth 1 -printf '%y'
"""
# With and without O_EXCL. The log says why the second is no memory.
UNNAMED = """
DEVSHM_LOG=/tmp/log python3 -c 'import os
for more in os.O_EXCL, 0: os.open("/dev/shm", os.O_RDWR | os.O_TMPFILE | more)'
sed -n 's/.* store: .* -> //p' /tmp/log
"""
UNNAMED_ARE = "memory\na file: it may get a name later (no O_EXCL)\n"


def samples(text):
    """Each line, by the command that said it: from `COMMAND: ` to `=> STATUS`."""
    for block in re.findall(r"(?ms)^.*?^=> \d+\n", text):
        command, _, said = block.partition(": ")
        for number, line in enumerate(said.splitlines(), 1):
            yield Sample(f"{command}, line {number}", line)


def main():
    library = pathlib.Path(sys.argv[1]).resolve() if len(sys.argv) == 2 else sys.exit(__doc__)
    memory = hidden().preloading(library, DEVSHM_STORE="memory")
    comparison, found = Comparison(), {}
    for name, ground in {"tmpfs": tmpfs(), "memory": memory}.items():
        done = ground.run("bash", SCRIPT)
        print(done.stderr, end="", file=sys.stderr)
        if done.returncode or not done.stdout.endswith("\n[]\n=> 0\n"):
            comparison.fail(
                f"{name}: status {done.returncode}, and the script ends before its end: {done.stdout[-200:]}"
            )
        found[name] = list(samples(done.stdout))
    comparison.compare(found["tmpfs"], found["memory"], "memory")
    comparison.compare(
        [Sample("what is created", "lll")], [Sample("what is created", memory.run("bash", "-c", CREATED).stdout)]
    )
    comparison.compare(
        [Sample("what is created without a name", UNNAMED_ARE)],
        [Sample("what is created without a name", memory.run("bash", "-c", UNNAMED).stdout)],
    )
    return comparison.end()


if __name__ == "__main__":
    sys.exit(main())
