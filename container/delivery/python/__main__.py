# SPDX-License-Identifier: MIT
"""python3 -m devshm: the devshm command. `run` takes a Python program, too: run app.py, run -m package, run -c CODE."""
import os
import sys

from . import _COMMAND

WITHOUT_VALUE = {"--explain", "--help", "-h"}
PYTHON = {"-c", "-m"}


def with_interpreter(arguments):
    """The arguments of `run`, with this Python before a Python program."""
    at = 0
    while at < len(arguments) and arguments[at].startswith("-") and arguments[at] not in PYTHON:
        if arguments[at] == "--":
            at += 1
            break
        at += 1 if "=" in arguments[at] or arguments[at] in WITHOUT_VALUE else 2
    program = arguments[at] if at < len(arguments) else ""
    if (
        program in PYTHON
        or program.endswith((".py", ".pyc", ".pyz"))
        or os.path.exists(os.path.join(program, "__main__.py"))
    ):
        options = arguments[:at] if at and arguments[at - 1] == "--" else [*arguments[:at], "--"]
        return [*options, sys.executable, *arguments[at:]]
    return arguments


def main():
    arguments = sys.argv[1:]
    if arguments[:1] == ["run"]:
        arguments = ["run", *with_interpreter(arguments[1:])]
    os.execv("/bin/sh", ["sh", _COMMAND, *arguments])


if __name__ == "__main__":
    main()
