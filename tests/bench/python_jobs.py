# SPDX-License-Identifier: MIT
"""What Python programs do with /dev/shm: a line for each job, its name and the seconds it took."""
import multiprocessing
import time
from multiprocessing import shared_memory

MEBIBYTE = 1 << 20


def square(number):
    return number * number


def pool():
    with multiprocessing.Pool(4) as workers:
        assert sum(workers.map(square, range(1000))) == 332833500


def drain(queue, count):
    for _ in range(count):
        queue.get()


def queue():
    channel, count = multiprocessing.Queue(), 5000
    reader = multiprocessing.Process(target=drain, args=(channel, count))
    reader.start()
    for number in range(count):
        channel.put(number)
    reader.join()
    assert reader.exitcode == 0


def fill(name, begin, end):
    memory = shared_memory.SharedMemory(name)
    memory.buf[begin:end] = bytes([7]) * (end - begin)
    memory.close()


def memory():
    size = 1024 * MEBIBYTE
    shared = shared_memory.SharedMemory(create=True, size=size)
    halves = [
        multiprocessing.Process(target=fill, args=(shared.name, i * size // 2, (i + 1) * size // 2)) for i in range(2)
    ]
    for half in halves:
        half.start()
    for half in halves:
        half.join()
        assert half.exitcode == 0
    assert shared.buf[0] == shared.buf[size - 1] == 7
    shared.close()
    shared.unlink()


for name, job in (
    ("Pool of 4: made, used, closed", pool),
    ("Queue: 5,000 numbers to another process", queue),
    ("SharedMemory of 1 GiB, filled by two workers", memory),
):
    began = time.monotonic()
    job()
    print(name, time.monotonic() - began)
