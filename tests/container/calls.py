# SPDX-License-Identifier: MIT
"""For the tests of container/: a command that has to succeed."""
import subprocess


def call(*command, **options):
    """What it writes on standard output. If it fails, the error has all that it wrote."""
    done = subprocess.run(
        [str(word) for word in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        check=False,
        **options
    )
    if done.returncode != 0:
        raise AssertionError("%s\n%s\n%s" % (" ".join(map(str, command)), done.stdout[-8000:], done.stderr[-8000:]))
    return done.stdout
