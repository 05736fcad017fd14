#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Many: invocations in one environment, environments one after another, processes of one environment at a time. Nothing
grows, and what dies takes nothing with it. Prints the figures that it compares.

INVOCATIONS, ENVIRONMENTS, WORKERS and CALLS, in the environment, are for other sizes; STORE is a value of DEVSHM_STORE.
"""
import concurrent.futures
import os
import pathlib
import unittest

import sandboxed
from ground.waiting import wait_for

INVOCATIONS = int(os.environ.get("INVOCATIONS", "1000"))
ENVIRONMENTS = int(os.environ.get("ENVIRONMENTS", "100"))
WORKERS = int(os.environ.get("WORKERS", "32"))  # 16 for each of two processors
CALLS = int(os.environ.get("CALLS", "200"))
STORE = ("--env", "DEVSHM_STORE=" + os.environ["STORE"]) if "STORE" in os.environ else ()
OPTIONS = ("--task", sandboxed.HERE / "handlers", "--timeout", "900", "--memory", "3072")


def layered(*more):
    return sandboxed.function(*OPTIONS, "--layer", sandboxed.layer(), *sandboxed.PRELOAD, *STORE, *more)


PLACES = ("/var/tmp", "/sys/fs/cgroup", "/sys/fs/cgroup/memory", "/sys/fs/cgroup/freezer")


def left_of(processes):
    """Files and groups that were named after these runs."""
    names = [name for place in PLACES if os.path.isdir(place) for name in os.listdir(place)]
    return [name for name in names if name.startswith(tuple("devshm-lambda.%d." % process for process in processes))]


class Scale(unittest.TestCase):
    def test_a_thousand_invocations_of_one_environment(self):
        looks, outside_first = [], 0
        with layered("--handler", "together.handler") as started:
            number = started.process.pid  # its child has the servers
            outside = (
                "/proc/%s/fd" % pathlib.Path("/proc/%d/task/%d/children" % (number, number)).read_text().split()[0]
            )

            def descriptors():
                return len(os.listdir(outside))

            def reports():
                return [line for line in started.lines if line.startswith("REPORT")]

            for number in range(INVOCATIONS):
                answer = started.invoke(do="work")
                self.assertEqual((answer["sum"], answer["same"], answer["count"]), (285, True, number + 1))
                if number in (9, INVOCATIONS - 1):
                    # Connections of earlier answers may be closing still.
                    if looks:
                        wait_for(lambda: descriptors() <= outside_first + 1, descriptors)
                    looks.append(started.invoke(do="look"))
                    outside_first = descriptors()
            wait_for(lambda: len(reports()) == INVOCATIONS + 2, "a report of each")
            peaks = [int(line.split("Max Memory Used: ")[1].split()[0]) for line in reports()]
        print(
            "%d invocations: after ten %s, at the end %s; memory %d and %d MB"
            % (INVOCATIONS, *looks, peaks[9], peaks[-1])
        )
        self.assertEqual(looks[0], looks[1])
        self.assertLess(peaks[-1], 1.3 * peaks[9] + 4)

    def test_a_hundred_environments_one_after_another(self):
        before, processes = pathlib.Path("/proc/self/mountinfo").read_text(), []
        for _ in range(ENVIRONMENTS):
            with layered("--handler", "together.handler") as started:
                processes.append(started.process.pid)
                answer = started.invoke(do="work")
                self.assertEqual((answer["sum"], answer["same"], answer["count"]), (285, True, 1))
        self.assertEqual(left_of(processes), [])
        self.assertEqual(pathlib.Path("/proc/self/mountinfo").read_text(), before)
        print("%d environments: nothing left" % ENVIRONMENTS)

    def test_processes_of_one_environment_at_a_time_of_which_some_are_killed(self):
        with layered("--handler", "together.handler", "--concurrency", WORKERS) as started:
            with concurrent.futures.ThreadPoolExecutor(CALLS) as callers:
                # As many at a time as there are processes: they all wait for each other.
                first = list(
                    callers.map(lambda _: started.invoke(do="wait", name="first", together=WORKERS), range(WORKERS))
                )
                self.assertEqual(len({answer["pid"] for answer in first}), WORKERS)
                before = started.invoke(do="look")
                answers = list(callers.map(lambda _: started.invoke(do="work"), range(CALLS)))
                after = started.invoke(do="look")
                self.assertEqual({(answer["sum"], answer["same"]) for answer in answers}, {(285, True)})
                self.assertEqual(
                    sorted(answer["count"] for answer in answers), list(range(WORKERS + 1, WORKERS + CALLS + 1))
                )
                for what in ("files", "descriptors", "processes"):
                    self.assertEqual(before[what], after[what], what)
                # Some are killed in the middle of the others' work.
                deaths = WORKERS // 8 or 1
                dying = [callers.submit(started.failure, do="die") for _ in range(deaths)]
                more = list(callers.map(lambda _: started.invoke(do="work"), range(CALLS)))
                self.assertEqual({death.result()["errorType"] for death in dying}, {"Runtime.ExitError"})
                self.assertEqual({(answer["sum"], answer["same"]) for answer in more}, {(285, True)})
                counts = sorted(answer["count"] for answer in more)
                self.assertEqual(counts, list(range(WORKERS + CALLS + 1, WORKERS + 2 * CALLS + 1)))
                # All the others are there, and nothing else.
                alive = WORKERS - deaths
                rest = list(callers.map(lambda _: started.invoke(do="wait", name="rest", together=alive), range(alive)))
                self.assertLess({answer["pid"] for answer in rest}, {answer["pid"] for answer in first})
                # A killed process is one until its parent has waited for it.
                wait_for(
                    lambda: started.invoke(do="look")["processes"] <= after["processes"] - deaths,
                    "fewer processes",
                )
        print("%d processes, %d calls at a time: %s; %d killed, %d more calls" % (WORKERS, CALLS, after, deaths, CALLS))


if __name__ == "__main__":
    unittest.main(verbosity=2)
