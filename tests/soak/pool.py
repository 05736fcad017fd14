#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Pools, one after the other: their results are right, each comes once; some lose a worker."""
import concurrent.futures
import multiprocessing
import os
import signal
import sys

from workload import WAIT, Workload, check, serve

ITEMS = 60


def text(number, size):
    return b"soak task %d;" % number * size


def turn(item):
    number, content = item
    return number, content[::-1]


def wait_to_be_killed(_):
    signal.pause()


class Pools(Workload):
    def start(self):
        super().start()
        for kind in (self.map, self.unordered, self.killed):
            for method in ("fork", "spawn"):
                self.use(kind, method)

    def round(self):
        kind = self.random.choices([self.map, self.unordered, self.killed], [4, 3, 1])[0]
        # With spawn the workers open every semaphore by its name.
        self.use(kind, "spawn" if self.random.random() < 0.1 else "fork")

    def use(self, kind, method):
        sizes = [self.random.choice((1, 10, 100, 1000)) for _ in range(ITEMS)]
        kind(multiprocessing.get_context(method), [(number, text(number, size)) for number, size in enumerate(sizes)])
        self.done["pools"] += 1
        self.done["pools by spawn"] += method == "spawn"

    def right(self, found, items):
        check(
            found == [(number, content[::-1]) for number, content in items],
            "a pool's results: %d of %d items, %d different ones" % (len(found), len(items), len(set(found))),
        )
        self.done["tasks"] += len(items)

    def map(self, context, items):
        with context.Pool(2) as pool:
            self.right(pool.map_async(turn, items).get(WAIT), items)
        pool.join()

    def unordered(self, context, items):
        pool = context.Pool(2, maxtasksperchild=20)
        results = pool.imap_unordered(turn, items)
        self.right(sorted(results.next(WAIT) for _ in items), items)
        pool.close()
        pool.join()

    def killed(self, context, items):
        """An executor, as a Pool waits for ever for what a killed worker had."""
        with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as executor:
            self.right(sorted(future.result(WAIT) for future in [executor.submit(turn, item) for item in items]), items)
            waiting = executor.submit(wait_to_be_killed, None)
            os.kill(self.random.choice(list(executor._processes)), signal.SIGKILL)
            check(
                isinstance(waiting.exception(WAIT), concurrent.futures.BrokenExecutor), "a killed worker is not missed"
            )
        self.done["workers killed"] += 1


if __name__ == "__main__":
    sys.exit(serve(Pools))
