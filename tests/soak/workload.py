# SPDX-License-Identifier: MIT
"""What every workload of the soak is: a program that works in rounds for as long as it is told, and answers for it.

It is told "lap SECONDS" or "end" on standard input, one a line, and answers each with one line of JSON: what it has done
so far, when it killed, and which of its processes live long. It answers when nothing of a round is left over. What is not
as it must be ends it, with the reason in its last answer.
"""
import collections
import faulthandler
import json
import os
import random
import signal
import sys
import time
import traceback
from multiprocessing import resource_tracker

WAIT = 120  # seconds: only a round that hangs takes so long, on the slowest machine
REST = 0.02  # between rounds: the others on this machine want to work, too


class Wrong(Exception):
    """A check that did not hold."""


def check(truth, message):
    if not truth:
        raise Wrong(message)


class Workload:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.done = collections.Counter()
        self.kills = (
            []
        )  # when processes were killed that could have left a file; seconds since 1970, as files have them

    def start(self):
        """Whatever lives long. Python's own helper would come with the first that needs it, and stay. And each kind of round
        once: what the first one loads, and takes for the next, must not look like growth where few rounds fit into a lap.
        """
        resource_tracker.ensure_running()

    def lap(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.round()
            time.sleep(REST)

    def round(self):
        raise NotImplementedError

    def lasting(self):
        """name -> pid"""
        return {"tracker": resource_tracker._resource_tracker._pid}

    def end(self):
        """Ends what start() began."""


def serve(kind):
    faulthandler.register(signal.SIGUSR1)  # where it hangs, if it hangs
    tell = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what children print is no answer
    workload = kind(int(sys.argv[1]))
    try:
        workload.start()
        for line in sys.stdin:
            order, *amount = line.split()
            if order == "lap":
                workload.lap(float(*amount))
            else:
                workload.end()
            lasting = {"": os.getpid(), **workload.lasting()} if order == "lap" else {}
            tell.write(json.dumps({"done": workload.done, "lasting": lasting, "kills": workload.kills}) + "\n")
            if order == "end":
                return 0
    except Exception as error:  # pylint: disable=broad-except
        traceback.print_exc()
        tell.write(json.dumps({"failed": "%s: %s" % (type(error).__name__, error)}) + "\n")
    tell.flush()
    os._exit(1)  # without waiting for threads and children that may never end
