"""demo.py: five things from Python's standard library that need /dev/shm. demo.py MIB: three that need MIB mebibytes of
it. Exits 0 if all of them work."""
import multiprocessing as mp
import os
import signal
import sys
from multiprocessing.shared_memory import SharedMemory

GREEN, RED, PLAIN = ("\033[32m", "\033[31m", "\033[0m") if sys.stdout.isatty() else ("", "", "")


def use_lock():
    with mp.Lock():
        pass


def use_queue():
    queue = mp.Queue()
    worker = mp.Process(target=queue.put, args=("hello",))
    worker.start()
    assert queue.get() == "hello"
    worker.join()


def use_pool():
    with mp.Pool(2) as pool:
        assert pool.map(str.upper, ["hello", "pool"]) == ["HELLO", "POOL"]


def set_to_42(value):
    value.value = 42


def use_value():
    value = mp.Value("i", 0)
    worker = mp.Process(target=set_to_42, args=(value,))
    worker.start()
    worker.join()
    assert value.value == 42


def use_shared_memory():
    memory = SharedMemory(create=True, size=1000)
    same = SharedMemory(memory.name)
    memory.buf[:5] = b"hello"
    assert bytes(same.buf[:5]) == b"hello"
    same.close()
    memory.close()
    memory.unlink()


def file_for(size, fill):
    path = "/dev/shm/demo"
    file = os.open(path, os.O_CREAT | os.O_RDWR | os.O_EXCL, 0o600)
    os.unlink(path)
    fill(file, size)
    os.close(file)


def write_shared_memory(size):
    memory = SharedMemory(create=True, size=size)
    memory.unlink()  # the process may not come to the end
    for at in range(0, size, 4096):
        memory.buf[at] = 42
    memory.close()


def write_file(size):
    file_for(size, lambda file, size: [os.write(file, bytes(1 << 20)) for _ in range(size >> 20)])


def reserve(size):
    file_for(size, lambda file, size: os.posix_fallocate(file, 0, size))


def outcome(use, *arguments):
    """Returns why it does not work, or nothing. Tries it in a child, which may be killed."""
    ours, childs = os.pipe()
    child = os.fork()
    if not child:
        try:
            use(*arguments)
        except Exception as error:
            os.write(childs, f"{type(error).__name__}: {error}".encode())
        os._exit(0)
    os.close(childs)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    with os.fdopen(ours) as pipe:
        return pipe.read() if status >= 0 else f"{signal.strsignal(-status)} (the process was killed)"


def main():
    if len(sys.argv) > 1:
        size = int(sys.argv[1]) << 20
        uses = {"SharedMemory": write_shared_memory, "a file": write_file, "fallocate": reserve}
        failures = {name: outcome(use, size) for name, use in uses.items()}
    else:
        uses = {
            "Lock": use_lock,
            "Queue": use_queue,
            "Pool": use_pool,
            "Value": use_value,
            "SharedMemory": use_shared_memory,
        }
        failures = {name: outcome(use) for name, use in uses.items()}
    for name, failure in failures.items():
        print(f"  {name:<14} ", f"{RED}{failure}{PLAIN}" if failure else f"{GREEN}works{PLAIN}")
    return 1 if any(failures.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
