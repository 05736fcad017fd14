"""A handler that uses what needs /dev/shm, and tells what it leaves behind."""
import concurrent.futures
import http.client
import json
import multiprocessing
import os
import shutil
import sys
import threading
import time
from multiprocessing.shared_memory import SharedMemory

last_tick, longest_pause = time.monotonic(), 0


def tick():
    global last_tick, longest_pause
    while True:
        now = time.monotonic()
        longest_pause = max(longest_pause, now - last_tick)
        last_tick = now
        time.sleep(0.002)


def pause():
    """For how long it did not tick since the last question."""
    global longest_pause
    found, longest_pause = max(longest_pause, time.monotonic() - last_tick), 0
    return found


threading.Thread(target=tick, daemon=True).start()


def square(number):
    return number * number


def count_up(value, array, lock):
    for _ in range(10):
        with lock:
            value.value += 1
            array[3] += 2


def use(queue_size=3):
    lock, queue = multiprocessing.Lock(), multiprocessing.Queue()
    value, array = multiprocessing.Value("q", 0), multiprocessing.Array("i", 10)
    workers = [multiprocessing.Process(target=count_up, args=(value, array, lock)) for _ in range(2)]
    workers.append(multiprocessing.Process(target=lambda: [queue.put(n) for n in range(queue_size)]))
    for worker in workers:
        worker.start()
    got = [queue.get(timeout=120) for _ in range(queue_size)]
    for worker in workers:
        worker.join(120)
    queue.close()
    queue.join_thread()
    with multiprocessing.Pool(2) as pool:
        pooled = pool.map(square, range(5))
    with concurrent.futures.ProcessPoolExecutor(2) as executor:
        executed = list(executor.map(square, range(5)))
    memory = SharedMemory(create=True, size=4096)
    memory.buf[:5] = b"hello"
    other = SharedMemory(memory.name)
    seen = bytes(other.buf[:5]).decode()
    other.close()
    memory.close()
    memory.unlink()
    return {"value": value.value, "array": array[3], "got": got, "pooled": pooled, "executed": executed, "seen": seen}


def left():
    files = [os.path.join(place, name) for place, _, names in os.walk("/tmp") for name in names]
    return {
        "files": files,
        "descriptors": len(os.listdir("/proc/self/fd")),
        "processes": sum(name.isdigit() for name in os.listdir("/proc")),
    }


def empty_tmp():
    for name in os.listdir("/tmp"):
        path = os.path.join("/tmp", name)
        if os.path.isdir(path):
            shutil.rmtree(path)
        else:
            os.unlink(path)


def crash():
    """In the middle of everything: a lock is held, memory and semaphores have names, children are at work."""
    lock = multiprocessing.Lock()
    lock.acquire()
    memory = SharedMemory(create=True, size=1 << 20, name="left_behind")
    memory.buf[:4] = b"left"
    multiprocessing.get_context("spawn").Lock()  # keeps its name, for children to find
    multiprocessing.Process(target=time.sleep, args=(1000,)).start()
    os._exit(7)


def ask(method, path, body=None, **headers):
    """Of the Runtime API, past the runtime; a body that is a list goes in chunks."""
    connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    connection.request(
        method, path, iter([part.encode() for part in body]) if isinstance(body, list) else body, headers
    )
    answer = connection.getresponse()
    return [answer.status, json.loads(answer.read())]


def handler(event, context):
    if event.get("do") == "ask":
        own = "/2018-06-01/runtime/invocation/%s/" % context.aws_request_id
        return [ask(method, path.replace("OWN/", own), body) for method, path, body in event["requests"]]
    if event.get("do") == "answer":
        # Before the runtime does: the first answer counts.
        ask(
            "POST",
            "/2018-06-01/runtime/invocation/%s/error" % context.aws_request_id,
            json.dumps({"errorType": "Own", "errorMessage": "by hand"}),
            **{"Lambda-Runtime-Function-Error-Type": "Own.Kind"}
        )
        return {}
    if event.get("do") == "crash":
        crash()
    if event.get("do") == "sleep":
        time.sleep(1000)
    if event.get("do") == "raise":
        raise ValueError("as told")
    if event.get("do") == "look":
        return {
            "shm": sorted(os.listdir("/dev/shm")),
            "pause": pause(),
            "pid": os.getpid(),
            "tmp": sorted(os.listdir("/tmp")),
            "left": context.get_remaining_time_in_millis(),
            "id": context.aws_request_id,
            "arn": context.invoked_function_arn,
            "client": context.client_context,
            "variables": dict(os.environ),
            "argv": sys.argv,
        }
    if event.get("do") == "write":
        with open("/tmp/kept", "w") as file:
            file.write(event["text"])
        return {}
    if event.get("do") == "read":
        with open("/tmp/kept") as file:
            return {"text": file.read()}
    result = use()
    if event.get("do") == "empty":
        empty_tmp()
    result.update(left())
    return result
