# SPDX-License-Identifier: MIT
"""Working /dev/shm for programs on machines without one.

    python3 -m devshm run app.py            runs app.py with this Python, and with devshm preloaded
    devshm.library()                        the library's path, for LD_PRELOAD
    devshm.check()                          whether /dev/shm works in this process, and if not, why
"""
import json
import os
import subprocess
import sys

__version__ = "@VERSION@"
__all__ = ["library", "check"]

_HERE = os.path.dirname(os.path.abspath(__file__))
_COMMAND = os.path.join(_HERE, "devshm")


def library():
    """The path of libdevshm.so, for LD_PRELOAD in the environment of a process that is started."""
    return os.path.join(_HERE, "libdevshm.so")


def check(program=sys.executable):
    """What `devshm check --json PROGRAM` reports, as a dictionary: what /dev/shm is for a program started now, with this
    process's environment. "status" is its verdict in a word or two ("works", "works without", "not loaded", ...), "verdict" the
    same in a sentence; "exit" is 0 or 4 if it works. Changes nothing. Raises OSError if the command can't be started.
    """
    done = subprocess.run(
        ["/bin/sh", _COMMAND, "check", "--json", program],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        universal_newlines=True,
        check=False,
    )
    try:
        return json.loads(done.stdout)
    except ValueError:
        raise OSError("devshm check ended with status %d" % done.returncode) from None
