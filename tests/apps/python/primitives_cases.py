"""The cases of primitives.py: case_NAME(context) runs in the parent, the functions above it in a child."""
import concurrent.futures
import operator
import os
import sys
import tempfile
import time
from multiprocessing.pool import ThreadPool

if sys.version_info >= (3, 8):
    from multiprocessing.shared_memory import ShareableList, SharedMemory

WAIT = 100  # for any one wait: shorter than a case, so that a lost wake-up is reported as what it is


def check(truth, message):
    if not truth:
        raise AssertionError(message)


def equal(found, wanted):
    check(found == wanted, "found %.60r, wanted %.60r" % (found, wanted))


def start(context, function, *arguments):
    # A daemon, so that a case that raises does not wait at exit for a child that will never be woken.
    process = context.Process(target=function, args=arguments, daemon=True)
    process.start()
    return process


def finish(*processes, status=0):
    for process in processes:
        process.join(WAIT)
        equal(process.exitcode, status)


def both(context, function, *arguments):
    finish(*[start(context, function, *arguments) for _ in range(2)])


def receive(pipe):
    check(pipe.poll(WAIT), "no word from the other process")
    return pipe.recv()


def count_in_file(lock, path):
    # The count is kept in an ordinary file, so that the lock is the only shared thing under test.
    with open(path, "r+b", buffering=0) as file:
        for _ in range(200):
            with lock:
                count = int(os.pread(file.fileno(), 9, 0))
                time.sleep(0)  # lets the other one in, if the lock does
                os.pwrite(file.fileno(), b"%d" % (count + 1), 0)


def guards_a_count(context, lock):
    with tempfile.NamedTemporaryFile(buffering=0) as file:
        file.write(b"0")
        both(context, count_in_file, lock, file.name)
        equal(os.pread(file.fileno(), 9, 0), b"400")


def case_Lock(context):
    guards_a_count(context, context.Lock())


def can_take(lock, wanted):
    equal(lock.acquire(block=False), wanted)


def case_RLock(context):
    lock = context.RLock()
    guards_a_count(context, lock)
    with lock:
        with lock:
            pass
        finish(start(context, can_take, lock, False))  # taken twice, given back once
    finish(start(context, can_take, lock, True))


def semaphore_child(ping, pong):
    for _ in range(50):
        check(ping.acquire(timeout=WAIT), "no ping")
        pong.release()


def case_Semaphore(context):
    ping, pong = context.Semaphore(0), context.Semaphore(0)
    child = start(context, semaphore_child, ping, pong)
    for _ in range(50):
        ping.release()
        check(pong.acquire(timeout=WAIT), "no pong")
    finish(child)


def case_BoundedSemaphore(context):
    semaphore, release = context.BoundedSemaphore(1), operator.methodcaller("release")
    semaphore.acquire()
    finish(start(context, release, semaphore))
    finish(start(context, release, semaphore), status=1)  # ValueError: above the bound
    can_take(semaphore, True)


def condition_child(condition, pipe):
    with condition:
        pipe.send("waiting")
        pipe.send(condition.wait(WAIT))


def case_Condition(context):
    condition = context.Condition()
    pipe, its_pipe = context.Pipe()
    child = start(context, condition_child, condition, its_pipe)
    equal(receive(pipe), "waiting")
    with condition:  # ours only once the child is inside wait()
        check(not pipe.poll(), "the child woke before it was notified")
        condition.notify()
    equal(receive(pipe), True)
    finish(child)


def event_child(go, done):
    check(go.wait(WAIT), "go did not arrive")
    done.set()


def case_Event(context):
    go, done = context.Event(), context.Event()
    child = start(context, event_child, go, done)
    go.set()
    check(done.wait(WAIT), "done did not arrive")
    finish(child)


def barrier_child(barrier, pipe):
    pipe.send(barrier.wait(WAIT))


def case_Barrier(context):
    barrier = context.Barrier(3)
    pipe, its_pipe = context.Pipe()
    children = [start(context, barrier_child, barrier, its_pipe) for _ in range(2)]
    check(not pipe.poll(0.1), "a child passed before all were there")
    equal(sorted([barrier.wait(WAIT), receive(pipe), receive(pipe)]), [0, 1, 2])
    finish(*children)


def queue_child(inbox, outbox):
    for _ in range(100):
        number, text = inbox.get()
        outbox.put((number, text * 2))
        if hasattr(inbox, "task_done"):
            inbox.task_done()


def queue_works(context, inbox, outbox):
    child = start(context, queue_child, inbox, outbox)
    for number in range(100):
        inbox.put((number, "x" * number))
    equal([outbox.get() for _ in range(100)], [(n, "x" * 2 * n) for n in range(100)])
    finish(child)


def case_Queue(context):
    queue_works(context, context.Queue(maxsize=10), context.Queue())


def case_SimpleQueue(context):
    queue_works(context, context.SimpleQueue(), context.SimpleQueue())


def case_JoinableQueue(context):
    inbox = context.JoinableQueue()
    queue_works(context, inbox, context.Queue())
    inbox.join()  # waits for ever if the child's hundred task_done() did not count


def square_and_pid(number):
    return number * number, os.getpid()


def squares_from_elsewhere(results):
    equal([square for square, _ in results], [n * n for n in range(50)])
    check(os.getpid() not in [pid for _, pid in results], "computed in the parent")


def case_Pool(context):
    with context.Pool(2) as pool:
        squares_from_elsewhere(pool.map(square_and_pid, range(50)))


def case_ProcessPoolExecutor(context):
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as executor:
        squares_from_elsewhere(list(executor.map(square_and_pid, range(50))))


def case_ThreadPool(context):
    # Threads, so nothing crosses; but without the semaphore that it makes and never shares, it fails like Pool.
    with ThreadPool(2) as pool:
        equal(pool.map(square_and_pid, range(50)), [(n * n, os.getpid()) for n in range(50)])


def add_to_value(value):
    for _ in range(200):
        with value.get_lock():
            count = value.value
            time.sleep(0.0001)  # lets the other one in, if the lock does
            value.value = count + 1


def case_Value(context):
    value = context.Value("q", 1)
    both(context, add_to_value, value)
    equal(value.value, 401)


def add_to_array(array):
    for _ in range(20):
        with array.get_lock():
            array[:] = [item + 1 for item in array]


def case_Array(context):
    array = context.Array("i", range(1000))
    both(context, add_to_array, array)
    equal(array[:], [n + 40 for n in range(1000)])


def case_RawValue(context):
    value = context.RawValue("d", 1.25)
    finish(start(context, setattr, value, "value", 2.5))
    equal(value.value, 2.5)


def raw_array_child(array):
    array[:] = [2 * item for item in array]


def case_RawArray(context):
    array = context.RawArray("q", range(100000))
    finish(start(context, raw_array_child, array))
    equal(array[:], [2 * n for n in range(100000)])


def manager_child(table, pids, lock):
    for _ in range(50):
        with lock:
            table["count"] += 1
    pids.append(os.getpid())


def case_Manager(context):
    with context.Manager() as manager:
        table, pids = manager.dict(count=0), manager.list()
        both(context, manager_child, table, pids, manager.Lock())
        equal((table["count"], len(set(pids))), (100, 2))


def shared_memory_child(name):
    memory = SharedMemory(name)
    check(bytes(memory.buf) == b"parent.." * (1 << 17), "the parent's bytes did not arrive")
    memory.buf[:] = b"child..." * (1 << 17)
    memory.close()


def case_SharedMemory(context):
    memory = SharedMemory(create=True, size=1 << 20)
    memory.buf[:] = b"parent.." * (1 << 17)
    finish(start(context, shared_memory_child, memory.name))
    check(bytes(memory.buf) == b"child..." * (1 << 17), "the child's bytes did not arrive")
    memory.close()
    memory.unlink()  # where a case fails before it comes here, the resource tracker does it


def shareable_list_child(shared):
    equal(list(shared), ["text", 1, 2.5, True, None, b"bytes"])
    shared[0], shared[1], shared[3] = "TEXT", -1, False
    shared.shm.close()


def case_ShareableList(context):
    shared = ShareableList(["text", 1, 2.5, True, None, b"bytes"])
    finish(start(context, shareable_list_child, shared))
    equal(list(shared), ["TEXT", -1, 2.5, False, None, b"bytes"])
    shared.shm.close()
    shared.shm.unlink()
