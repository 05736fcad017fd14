# SPDX-License-Identifier: MIT
"""A command that comes to its end, or has to succeed, and what it says."""
import subprocess


def ended(*command, **options):
    """The finished process, with all that it wrote."""
    return subprocess.run(
        [str(word) for word in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        errors="replace",
        check=False,
        **{"stderr": subprocess.PIPE, **options}
    )


def call(*command, **options):
    """What it writes on standard output. If it fails, the error has all that it wrote."""
    done = ended(*command, **options)
    if done.returncode != 0:
        said = "\n".join(text[-8000:] for text in (done.stdout, done.stderr or ""))
        raise AssertionError("%s: status %d\n%s" % (" ".join(map(str, command)), done.returncode, said))
    return done.stdout
