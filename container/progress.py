# SPDX-License-Identifier: MIT
"""Shows long steps of the commands in container/: what runs, for how long, and where its output is if it failed."""
import subprocess
import sys
import time


class Failed(Exception):
    """Its text is for the user: what failed and, for a command, its last lines and the file that has all of them."""


def run(command, log, who, append=False, **options):
    """Runs a command with its output in the file `log`. On a terminal one changing line shows the time and the last line."""
    log.parent.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    with open(log, "ab" if append else "wb") as output:
        process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            **options
        )
        try:
            while True:
                try:
                    status = process.wait(0.5)
                    break
                except subprocess.TimeoutExpired:
                    show("%s: %3d s  %s" % (who, time.monotonic() - begun, last_line(log)))
        except BaseException:
            process.terminate()
            process.wait()
            raise
        finally:
            show("")
    if status != 0:
        raise Failed("%s failed:\n%s\n(all of it: %s)" % (command[0], "\n".join(lines(log)[-15:]), log))


def show(text):
    """Replaces the line on the terminal; without a terminal nothing is written."""
    if sys.stderr.isatty():
        print("\r\033[K" + text[:100], end="", file=sys.stderr, flush=True)


def lines(log):
    return [line.rstrip() for line in log.read_text(errors="replace").replace("\r", "\n").splitlines()]


def last_line(log):
    return next((line for line in reversed(lines(log)) if line), "")
