"""A handler whose init makes all kinds of shared memory; then a snapshot is taken. It says what a copy has of it."""
import multiprocessing
import os
import random
from multiprocessing.shared_memory import SharedMemory

from snapshot_restore import register_after_restore, register_before_snapshot

hooks = []


def work(tasks, answers):
    while True:
        answers.put(tasks.get() ** 2)


lock, value = multiprocessing.Lock(), multiprocessing.Value("q", 1)
named = SharedMemory("named", create=True, size=1 << 20)
named.buf[:7] = b"of init"
with open("/dev/shm/file", "w") as file:
    file.write("of init")
with open("/tmp/file", "w") as file:
    file.write("of init")
secret = random.getrandbits(64)  # which all copies have in common
tasks, answers = multiprocessing.Queue(), multiprocessing.Queue()
worker = multiprocessing.Process(target=work, args=(tasks, answers), daemon=True)
worker.start()


@register_before_snapshot
def before():
    hooks.append("before")


@register_before_snapshot
def before_that():
    hooks.append("before that")


@register_after_restore
def after():
    hooks.append("after")
    if os.environ.get("FAIL_AFTER"):
        raise RuntimeError("the hook failed")
    hooks.append("of its own: %x" % int.from_bytes(os.urandom(8), "little"))


def look():
    other = SharedMemory("named")
    seen = bytes(other.buf[:7]).decode()
    other.close()
    with open("/dev/shm/file") as in_shm, open("/tmp/file") as in_tmp:
        return {
            "named": seen,
            "mapped": bytes(named.buf[:7]).decode(),
            "file": in_shm.read(),
            "tmp": in_tmp.read(),
            "value": value.value,
            "secret": secret,
            "hooks": hooks,
            "shm": sorted(os.listdir("/dev/shm")),
            "worker": worker.is_alive(),
        }


def handler(event, context):
    if event.get("do") == "crash":
        os._exit(3)
    if event.get("do") == "change":
        with lock:
            value.value += event["by"]
        named.buf[:7] = event["text"].encode()
        for place in ("/dev/shm/file", "/tmp/file"):
            with open(place, "w") as file:
                file.write(event["text"])
        tasks.put(event["by"])
        return {**look(), "answer": answers.get(timeout=120)}
    if event.get("do") == "make":
        made = SharedMemory(event["name"], create=True, size=len(event["name"]))
        made.buf[:] = event["name"].encode()
        with multiprocessing.Lock():
            other = SharedMemory(event["name"])
            return {"made": bytes(other.buf).decode()}
    return look()
