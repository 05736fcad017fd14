#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The errors that users report from Lambda, each with its errno, on three libcs; and that with the layer none is left.

glibc before 2.34 looks for a tmpfs and finds none: ENOSYS. Later ones take /dev/shm for granted: ENOENT.
"""
import unittest

import sandboxed

LIBCS = ("2.31", "2.36", "2.41")
TRY = r"""
import concurrent.futures, ctypes, json, mmap, multiprocessing, os, sys, tempfile, threading
from multiprocessing.pool import ThreadPool
libc = ctypes.CDLL(None, use_errno=True)
for name in ("libpthread.so.0", "librt.so.1"): ctypes.CDLL(name, ctypes.RTLD_GLOBAL)
pthread, rt = (ctypes.CDLL(name, use_errno=True) for name in ("libpthread.so.0", "librt.so.1"))
pthread.sem_open.restype = ctypes.c_void_p
def c(function, *arguments):
    ctypes.set_errno(0)
    if function(*arguments) in (None, -1): raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
def sem_open(): c(pthread.sem_open, b"/try", os.O_CREAT | os.O_EXCL, 0o600, 0); c(pthread.sem_unlink, b"/try")
def shm_open(): c(rt.shm_open, b"/try", os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600); c(rt.shm_unlink, b"/try")
def queue():
    q = multiprocessing.Queue(); p = multiprocessing.Process(target=q.put, args=(1,)); p.start(); q.get(timeout=20); p.join()
def simple_queue():
    q = multiprocessing.SimpleQueue(); q.put(1); q.get()
def pool():
    with multiprocessing.Pool(2) as p: assert p.map(abs, [-1, 2]) == [1, 2]
def thread_pool():
    with ThreadPool(2) as p: assert p.map(abs, [-1, 2]) == [1, 2]
def executor():
    with concurrent.futures.ProcessPoolExecutor(2) as p: assert list(p.map(abs, [-1, 2])) == [1, 2]
def shared_memory():
    from multiprocessing.shared_memory import SharedMemory
    m = SharedMemory(create=True, size=100); m.close(); m.unlink()
def pipe():
    a, b = multiprocessing.Pipe(); p = multiprocessing.Process(target=b.send, args=(1,)); p.start(); a.recv(); p.join()
def manager():
    with multiprocessing.Manager() as m: m.dict(a=1)["a"]
def make_temporary():
    with tempfile.NamedTemporaryFile(dir="/dev/shm"): pass
tries = {"sem_open": sem_open, "shm_open": shm_open, "statvfs": lambda: os.statvfs("/dev/shm"),
  "open": lambda: open("/dev/shm/x", "w").close(), "mkstemp": make_temporary,
  "Lock": multiprocessing.Lock, "RLock": multiprocessing.RLock, "Semaphore": multiprocessing.Semaphore,
  "Event": multiprocessing.Event, "Queue": queue, "SimpleQueue": simple_queue, "Pool": pool, "ThreadPool": thread_pool,
  "ProcessPoolExecutor": executor, "RawValue": lambda: multiprocessing.RawValue("i"), "Value": lambda: multiprocessing.Value("i", 1),
  "Array": lambda: multiprocessing.Array("i", 3), "SharedMemory": shared_memory,
  "Process": lambda: multiprocessing.Process(target=int).start(), "Pipe": pipe, "Manager": manager, "threading": lambda: threading.Thread(target=int).start()}
said = {}
for name, attempt in tries.items():
    try: attempt(); said[name] = "works"
    except OSError as error: said[name] = [type(error).__name__, error.errno, error.filename and error.filename[:5]]
print(json.dumps(said), flush=True)
os._exit(0)
"""
BY_PATH = ("statvfs", "open", "mkstemp", "RawValue", "Value", "Array")
WITHOUT = ("Process", "Pipe", "Manager", "threading")


class Errors(unittest.TestCase):
    maxDiff = None

    def test_without_devshm(self):
        for libc in LIBCS:
            kind, number = ("OSError", 38) if libc == "2.31" else ("FileNotFoundError", 2)
            for name, said in sandboxed.python(TRY, "--libc", libc).items():
                with self.subTest(libc=libc, what=name):
                    if name in WITHOUT:
                        self.assertEqual(said, "works")
                    elif name in BY_PATH:
                        self.assertEqual(said, ["FileNotFoundError", 2, "/dev/"])
                    elif name == "SharedMemory":
                        self.assertEqual(said, [kind, number, "/psm_"])
                    else:
                        self.assertEqual(said, [kind, number, None])

    def test_with_the_layer(self):
        for libc in LIBCS:
            for name, said in sandboxed.python(
                TRY, "--libc", libc, "--layer", sandboxed.layer(), *sandboxed.PRELOAD
            ).items():
                with self.subTest(libc=libc, what=name):
                    self.assertEqual(said, "works")


if __name__ == "__main__":
    unittest.main(verbosity=2)
