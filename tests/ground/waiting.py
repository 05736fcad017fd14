# SPDX-License-Identifier: MIT
"""Waits for what comes true a moment later: on a busy machine that moment can be long."""
import time

SECONDS = 120  # that anything may take; only a test that fails waits for so long


def wait_for(condition, what):
    """What `condition()` returns when that is true. `what` says what has not come, if it never is."""
    end = time.monotonic() + SECONDS
    while not (found := condition()):
        if time.monotonic() > end:
            raise AssertionError("not after %d s: %s" % (SECONDS, what() if callable(what) else what))
        time.sleep(0.01)
    return found
