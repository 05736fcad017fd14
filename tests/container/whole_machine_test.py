#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""SnapStart as Lambda has it: a snapshot of a whole machine, of which copies go on. What a function has made in /dev/shm during its
init is in each copy, with both stores, and each copy has its own from then on.

snapstart_test.py shows the same for container/lambda, whose snapshot can't have the objects of the memory store.
"""
import functools
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import types
import unittest

import sandboxed

import kernel as kernels  # noqa: E402  pylint: disable=wrong-import-position
import machine  # noqa: E402  pylint: disable=wrong-import-position
from environment import bundle, disks, roots, variables  # noqa: E402  pylint: disable=wrong-import-position

COPIES = 3
MODULES = ("virtio_pci", "virtio_blk", "ext4")
# As container/lambda mounts them: no tmpfs anywhere.
SCRIPT = """
mount -t ext4 -o ro,nosuid /dev/vda /root
mount -t ext4 -o rw,relatime /dev/vdb /root/tmp
mount -t proc -o nosuid,nodev,noexec,noatime proc /root/proc
umount -l /dev /proc
exec switch_root /root /usr/bin/python3 /var/rapid/in_machine.py
"""
OPTIONS = types.SimpleNamespace(
    memory=256,
    name="function",
    handler="snapped.handler",
    snapstart=True,
    concurrency=0,
    log_format="Text",
    log_level="",
)
OF_INIT = {"named": "of init", "mapped": "of init", "file": "of init", "tmp": "of init", "value": 1, "worker": True}


def image(output, megabytes, *words):
    with open(output, "wb") as file:
        file.truncate(megabytes << 20)
    disks.call("mke2fs", "-q", "-F", "-t", "ext4", "-m", "0", "-E", "lazy_itable_init=1,nodiscard", *words, output)


def lambda_root(top, store):
    """A root directory as container/lambda's, with its runtime, the function and the layer in it."""
    disks.call("cp", "-a", roots.debian("2.36", sandboxed.NATIVE, []).directory, top)
    for point in ("dev", "opt"):
        shutil.rmtree(top / point)
    for point in ("dev", "proc", "tmp", "var/rapid", "var/runtime"):
        (top / point).mkdir(parents=True, exist_ok=True)
    disks.fill_dev(top / "dev")
    disks.write(top / "etc/passwd", bundle.PASSWD)
    disks.write(top / "etc/hosts", "127.0.0.1 localhost\n")
    shutil.copytree(sandboxed.TOP / "container/environment/python_runtime", top / "var/runtime", dirs_exist_ok=True)
    shutil.copytree(sandboxed.HERE / "handlers", top / "var/task")
    disks.call("unzip", "-q", sandboxed.layer(), "-d", top / "opt")
    shutil.copytree(sandboxed.TOP / "container/environment", top / "var/rapid/environment")
    shutil.copy(sandboxed.TOP / "container/progress.py", top / "var/rapid")
    shutil.copy(sandboxed.HERE / "in_machine.py", top / "var/rapid")
    chosen = {**variables.defaults(OPTIONS), "LD_PRELOAD": "/opt/lib/libdevshm.so", "DEVSHM_STORE": store}
    disks.write(top / "var/rapid/start.json", json.dumps(chosen))


class WholeMachine(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        place = tempfile.TemporaryDirectory(prefix="lambda-test.", dir="/var/tmp")
        cls.addClassCleanup(place.cleanup)
        cls.place = pathlib.Path(place.name)
        cls.kernel = kernels.get("bookworm", "linux-image-cloud-amd64")
        cls.begin = cls.place / "begin.cpio"
        kernels.initial_files(cls.begin, cls.kernel, MODULES, SCRIPT)

    def snapshot(self, store):
        """Boots a machine, lets the function initialize, and takes the snapshot. Returns what starts a copy."""
        place = self.place / store
        place.mkdir()
        lambda_root(place / "root", store)
        image(place / "root.ext4", 400, "-O", "^has_journal", "-d", place / "root")
        shutil.rmtree(place / "root")
        image(place / "tmp.ext4", 64)

        def start(copied, state=None):
            shown = [*machine.disk(place / "root.ext4", readonly="on"), *machine.disk(place / "tmp.ext4", copied)]
            return machine.Machine(self.kernel, self.begin, shown, memory=384, state=state)

        original = start(copied=False)
        try:
            self.assertEqual(original.listen(), {"init": "done"})
            original.snapshot(place / "state")
        finally:
            original.end()
        return functools.partial(start, copied=True, state=place / "state")

    def check_copies(self, store):
        start = self.snapshot(store)
        copies = []
        for _ in range(COPIES):
            copies.append(start())
            self.addCleanup(copies[-1].end)

        def invoke(number, **event):
            kind, answer = copies[number].ask(do="invoke", event=event)
            self.assertEqual(kind, "response", answer)
            return answer

        for copy in copies:
            self.assertEqual(copy.ask(do="restored", seed=os.urandom(32).hex()), ["asks", None])
        first = [invoke(number) for number in range(COPIES)]
        for answer in first:
            self.assertEqual({key: answer[key] for key in OF_INIT}, OF_INIT)
            self.assertEqual(answer["hooks"][:3], ["before that", "before", "after"])
        self.assertEqual(len({answer["secret"] for answer in first}), 1)  # one memory, copied
        self.assertEqual(
            len({answer["hooks"][3] for answer in first}), COPIES
        )  # what is made after the restore is unique
        for number in range(COPIES):
            changed = invoke(number, do="change", by=number + 10, text="copy %2d" % number)
            self.assertEqual((changed["answer"], changed["value"]), ((number + 10) ** 2, number + 11))
            self.assertEqual(invoke(number, do="make", name="made by %d" % number)["made"], "made by %d" % number)
        for number, copy in enumerate(copies):
            answer = invoke(number)
            of_its_own = {
                **dict.fromkeys(("named", "mapped", "file", "tmp"), "copy %2d" % number),
                "value": number + 11,
            }
            self.assertEqual({key: answer[key] for key in OF_INIT}, {**of_its_own, "worker": True})
            self.assertEqual([name for name in answer["shm"] if "made" in name], ["made by %d" % number])
            seen = copy.ask(do="look")
            self.assertEqual("devshm-keeper" in seen["running"].values(), store == "memory")
            self.assertFalse(seen["dev/shm"])
            self.assertEqual([mount for mount in seen["mounts"] if mount[1] in ("tmpfs", "ramfs", "devtmpfs")], [])
            # What stands behind the names: files of /tmp, or memory that the keeper holds.
            in_memory = {name for name in ("named", "file", "made by %d" % number) if seen["names"][name]}
            self.assertEqual(in_memory, {"named", "made by %d" % number, "file"} if store == "memory" else set())

    def test_disk(self):
        self.check_copies("disk")

    def test_memory(self):
        self.check_copies("memory")


if __name__ == "__main__":
    unittest.main(verbosity=2)
