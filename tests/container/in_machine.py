# SPDX-License-Identifier: MIT
"""The first process of a machine that a function runs in (whole_machine_test.py): it starts the runtime, serves the Runtime API to
it, and hands on what the test asks for, line by line.

The runtime's request for restore/next stays open while the snapshot is taken, and is answered in each copy.
"""
import fcntl
import json
import os
import pathlib
import queue
import resource
import struct
import subprocess
import sys
import threading

sys.path.insert(0, "/var/rapid")
from environment import bundle, http_server  # noqa: E402  pylint: disable=wrong-import-position

VERSION = "/2018-06-01/runtime/"
LINE = os.fdopen(3, "r+b", buffering=0)
snapped, restored = threading.Event(), threading.Event()
asked, answered = queue.Queue(), queue.Queue()


class Api(http_server.Handler):
    ROUTES = (
        ("GET", VERSION + "restore/next", "restore_next"),
        ("GET", VERSION + "invocation/next", "next_invocation"),
        ("POST", VERSION + "invocation/[^/]+/(response|error)", "answer"),
        ("POST", VERSION + "(init|restore)/error", "answer"),
    )

    def restore_next(self):
        snapped.set()
        restored.wait()
        self.reply(200, b"")

    def next_invocation(self):
        answered.put(("asks", None))
        self.reply(
            200,
            json.dumps(asked.get()).encode(),
            Lambda_Runtime_Aws_Request_Id="1",
            Lambda_Runtime_Deadline_Ms="0",
            Lambda_Runtime_Invoked_Function_Arn="arn",
            Lambda_Runtime_Trace_Id="trace",
        )

    def answer(self, kind):
        answered.put((kind, json.loads(self.body(1 << 20))))
        snapped.set()  # init has failed, and nothing else is to come
        self.reply(202, b"{}")


def say(message):
    LINE.write(json.dumps(message).encode() + b"\n")


def reseed(seed):
    """The copies' kernels have one state of random numbers in common: mixes in what is new in each. A kernel with the driver
    vmgenid does it by itself."""
    add_entropy, reseed_now = 0x40085203, 0x5207  # linux/random.h
    with open("/dev/urandom", "wb") as device:
        fcntl.ioctl(device, add_entropy, struct.pack("ii%ds" % len(seed), 8 * len(seed), len(seed), seed))
        fcntl.ioctl(device, reseed_now)


def seen_by_the_kernel():
    """What there is, without the library: file systems, what stands behind the names, and who runs."""
    names = pathlib.Path("/tmp/shm")
    running = {}
    for status in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            number, rest = status.read_text().split(" (", 1)
            owner = os.stat(status).st_uid
        except OSError:
            continue  # it has ended
        name, fields = rest.rsplit(") ", 1)
        if fields[0] != "Z" and owner == bundle.USER:
            running[number] = name
    return {
        "mounts": [line.split()[1:3] for line in pathlib.Path("/proc/mounts").read_text().splitlines()],
        "dev/shm": os.path.lexists("/dev/shm"),
        "names": {path.name: os.stat(path).st_dev != os.stat(names).st_dev for path in names.iterdir()},
        "running": running,
    }


def limits():
    for kind in (resource.RLIMIT_NOFILE, resource.RLIMIT_NPROC):
        resource.setrlimit(kind, (1024, 1024))


def main():
    start = json.loads(pathlib.Path("/var/rapid/start.json").read_text())
    os.chown("/tmp", bundle.USER, bundle.GROUP)
    os.chmod("/tmp", 0o700)
    server = http_server.serve(Api, None, ("127.0.0.1", 0))
    subprocess.Popen(
        ["/var/runtime/bootstrap"],
        env={**start, "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:%d" % server.server_port},
        cwd="/var/task",
        user=bundle.USER,
        group=bundle.GROUP,
        extra_groups=[],
        preexec_fn=limits,
    )
    snapped.wait()
    say({"init": "done" if answered.empty() else answered.get()})
    reader = os.fdopen(os.dup(LINE.fileno()), "rb")
    for line in reader:
        question = json.loads(line)
        if question["do"] == "restored":
            reseed(bytes.fromhex(question["seed"]))
            restored.set()
            say(answered.get())
        elif question["do"] == "look":
            say(seen_by_the_kernel())
        else:
            asked.put(question["event"])
            say(answered.get())
            assert answered.get() == ("asks", None)


main()
