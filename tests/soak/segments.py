#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Shared memory, shared with a process that lasts, or is killed with the memory in its hands."""
import hashlib
import multiprocessing
import sys
import time
from multiprocessing.shared_memory import ShareableList, SharedMemory

from workload import WAIT, Workload, check, serve

SIZES = (1, 4096, 4097, 100000, 1 << 20)


def pattern(number, size):
    return hashlib.shake_128(b"%d" % number).digest(size)


def attend(pipe):
    """The other side: looks for the names that it receives, and answers in the memory itself."""
    while order := pipe.recv():
        name, number, size = order
        memory = SharedMemory(name)
        right = bytes(memory.buf[:size]) == pattern(number, size)
        memory.buf[:size] = pattern(number + 1, size)
        memory.close()
        pipe.send(right)


def add_one(array):
    array[:] = [value + 1 for value in array]


class Segments(Workload):
    def start(self):
        super().start()
        self.array()  # the file of the first one is kept, for the next
        self.pipe, self.peer = self.hire()
        for size in SIZES:
            self.share(size)
        self.kill()
        self.list()

    @staticmethod
    def hire():
        pipe, other = multiprocessing.Pipe()
        peer = multiprocessing.Process(target=attend, args=(other,), daemon=True)
        peer.start()
        other.close()
        return pipe, peer

    @staticmethod
    def dismiss(pipe, peer, expected):
        peer.join(WAIT)
        check(peer.exitcode == expected, "the other side ended with %s" % peer.exitcode)
        peer.close()
        pipe.close()

    def lasting(self):
        return {**super().lasting(), "other side": self.peer.pid}

    def end(self):
        self.pipe.send(None)
        self.dismiss(self.pipe, self.peer, 0)

    def round(self):
        self.random.choices([self.share, self.kill, self.list, self.array], [20, 1, 4, 2])[0]()

    def offer(self, pipe, size=None):
        size = size or self.random.choice(SIZES)
        number = self.random.randrange(1 << 40)
        memory = SharedMemory(create=True, size=size)
        memory.buf[:size] = pattern(number, size)
        pipe.send((memory.name, number, size))
        self.done["segments"] += 1
        return memory, number, size

    def share(self, size=None):
        memory, number, size = self.offer(self.pipe, size)
        check(self.pipe.poll(WAIT), "no answer from the other side")
        check(self.pipe.recv(), "what was written here did not arrive there")
        check(bytes(memory.buf[:size]) == pattern(number + 1, size), "what was written there did not arrive here")
        memory.close()
        memory.unlink()
        self.done["bytes compared"] += 2 * size

    def kill(self):
        pipe, peer = self.hire()
        memory, _, _ = self.offer(pipe)
        time.sleep(self.random.random() * 0.003)
        peer.kill()
        self.dismiss(pipe, peer, -9)
        memory.close()
        memory.unlink()
        self.done["attached processes killed"] += 1

    def list(self):
        values = ["soak", self.random.random(), self.random.randrange(1 << 40), None, True, b"list"]
        shared = ShareableList(values)
        again = ShareableList(name=shared.shm.name)
        check(list(again) == values, "a list is not what it was")
        again[0] = "SOAK"
        check(shared[0] == "SOAK", "what was written in a list did not arrive")
        again.shm.close()
        shared.shm.close()
        shared.shm.unlink()
        self.done["segments"] += 1

    def array(self):
        """Its memory is a file in /dev/shm that has lost its name."""
        shared = multiprocessing.Array("q", range(1000))
        process = multiprocessing.Process(target=add_one, args=(shared,))
        process.start()
        process.join(WAIT)
        check(process.exitcode == 0, "a process ended with %s" % process.exitcode)
        process.close()
        check(shared[:] == list(range(1, 1001)), "an array is not what it must be")
        self.done["arrays"] += 1


if __name__ == "__main__":
    sys.exit(serve(Segments))
