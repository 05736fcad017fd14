"""A handler of which several processes work at the same time: they share one /dev/shm, and say what they have of it."""
import fcntl
import mmap
import multiprocessing
import os
import signal
import time
from multiprocessing.shared_memory import SharedMemory


def square(number):
    return number * number


def common():
    """One memory for all processes: a counter, which a lock file guards. It is mapped by hand: Python would remove a
    SharedMemory as soon as one of the processes that have it is killed."""
    with open("/dev/shm/guard", "w") as guard, open("/dev/shm/counter", "a+b") as file:
        fcntl.flock(guard, fcntl.LOCK_EX)
        os.ftruncate(file.fileno(), 8)
        with mmap.mmap(file.fileno(), 8) as memory:
            value = int.from_bytes(memory[:8], "little") + 1
            memory[:8] = value.to_bytes(8, "little")
    return value


def handler(event, context):
    do = event.get("do")
    if do == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if do == "wait":
        with open("/dev/shm/%s.%d" % (event["name"], os.getpid()), "w"):
            while sum(name.startswith(event["name"]) for name in os.listdir("/dev/shm")) < event["together"]:
                time.sleep(0.01)
    if do == "late":
        while not os.path.exists("/dev/shm/let-on"):
            time.sleep(0.01)
        with open("/dev/shm/late", "w"):
            pass
    if do == "let on":
        with open("/dev/shm/let-on", "w"):
            pass
        while not os.path.exists("/dev/shm/late"):
            time.sleep(0.01)
    if do == "look":
        return {
            "pid": os.getpid(),
            "descriptors": len(os.listdir("/proc/self/fd")),
            "files": sorted(os.listdir("/dev/shm")),
            "processes": sum(name.isdigit() for name in os.listdir("/proc")),
        }
    if do in ("work", "wait"):
        lock, value = multiprocessing.Lock(), multiprocessing.Value("q", 0)
        with multiprocessing.Pool(2) as pool:
            pooled = pool.map(square, range(event.get("size", 10)))
            pool.close()
            pool.join()
        with lock:
            value.value += sum(pooled)
        own = SharedMemory(create=True, size=4096)
        own.buf[:4] = os.getpid().to_bytes(4, "little")
        same = int.from_bytes(bytes(own.buf[:4]), "little") == os.getpid()
        own.close()
        own.unlink()
        return {"pid": os.getpid(), "sum": value.value, "same": same, "count": common()}
    return {"pid": os.getpid()}
