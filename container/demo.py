"""Five things from Python's standard library that need /dev/shm. Exits 0 if all of them work."""
import multiprocessing as mp
import sys

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
    from multiprocessing.shared_memory import SharedMemory
    memory = SharedMemory(create=True, size=1000)
    same = SharedMemory(memory.name)
    memory.buf[:5] = b"hello"
    assert bytes(same.buf[:5]) == b"hello"
    same.close()
    memory.close()
    memory.unlink()


if __name__ == "__main__":
    failures = 0
    for name, use in [("Lock", use_lock), ("Queue", use_queue), ("Pool", use_pool), ("Value", use_value),
                      ("SharedMemory", use_shared_memory)]:
        try:
            use()
            print(f"  {name:<14}  {GREEN}works{PLAIN}")
        except Exception as error:
            failures += 1
            print(f"  {name:<14}  {RED}{type(error).__name__}: {error}{PLAIN}")
    sys.exit(1 if failures else 0)
