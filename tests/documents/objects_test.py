#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`devshm ls`, `df` and `rm`, with both stores: what they show is what the kernel says, and rm removes nothing else.

Runs where there is no /dev/shm, in a /tmp of its own, as root (container/hide-shm). DEVSHM, LIBRARY and CHECK come from the
build.
"""
import json
import os
import shutil
import subprocess
import unittest
from pathlib import Path

from check_test import install, run

ODD = 'a "\n\x1b[2J\udcff\\'
MIB = 1 << 20
# Makes objects, holds them open in three ways, and waits for the end of its input.
HOLDER = f"""
import mmap, os, sys
def create(name, size):
    fd = os.open("/dev/shm/" + name, os.O_CREAT | os.O_RDWR, 0o640)
    os.ftruncate(fd, size)
    return fd
mapped = create("mapped", 4 * {MIB})
memory = mmap.mmap(mapped, 4 * {MIB})
os.close(mapped)
memory[:{MIB}] = bytes({MIB})
opened = create({ODD!r}, 10)
os.mkdir("/dev/shm/dir")
os.close(create("dir/closed", 10))
os.symlink("/etc", "/dev/shm/out")
print("ready", flush=True)
sys.stdin.read()
"""


class Objects(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.devshm, cls.library = install(Path("/tmp/installed"))

    def hold(self, store):
        env = {key: value for key, value in os.environ.items() if not key.startswith(("DEVSHM", "LD_"))}
        env.update(DEVSHM_STORE=store, LD_PRELOAD=str(self.library))
        holder = subprocess.Popen(
            ["/usr/bin/python3", "-c", HOLDER], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.assertEqual(holder.stdout.readline(), "ready\n")

        def end():
            holder.communicate("")
            shutil.rmtree("/tmp/shm")

        self.addCleanup(end)
        return holder

    def json(self, *arguments, **settings):
        status, out, err = run(self.devshm, arguments[0], "--json", *arguments[1:], **settings)
        self.assertEqual(err, "")
        return status, json.loads(out)

    def test_ls(self):
        for store in ("disk", "memory"):
            with self.subTest(store):
                holder = self.hold(store)
                status, found = self.json("ls")
                objects = {entry["name"].removeprefix("/dev/shm/"): entry for entry in found["objects"]}
                self.assertEqual(status, 0)
                self.assertEqual(set(objects), {ODD, "mapped", "dir/closed", "out"})
                self.assertEqual((objects["mapped"]["size"], objects[ODD]["size"]), (4 * MIB, 10))
                # The page cache of a file may have read ahead.
                self.assertIn(objects["mapped"]["resident"], range(MIB, 5 * MIB) if store == "disk" else [MIB])
                self.assertEqual(
                    [objects[name]["store"] for name in (ODD, "mapped", "dir/closed", "out")], [store] * 3 + ["link"]
                )
                self.assertEqual((objects["mapped"]["uid"], objects["mapped"]["owner"]), (0, "root"))
                self.assertEqual(objects["mapped"]["processes"], [holder.pid])
                self.assertEqual(objects[ODD]["processes"], [holder.pid])
                self.assertEqual(objects["dir/closed"]["processes"], [])
                status, table, _ = run(self.devshm, "ls", DEVSHM_DISABLE="1", DEVSHM_WHEN="missing")
                self.assertEqual((status, len(table.splitlines())), (0, 5))
                self.assertIn(r"/dev/shm/a \"\u000a\u001b[2J\udcff\\".replace('\\"', '"'), table)
                self.doCleanups()

    def test_an_owner_without_a_name(self):
        self.hold("disk")
        os.chown("/tmp/shm/mapped", 4711, 0)
        objects = {entry["name"]: entry for entry in self.json("ls")[1]["objects"]}
        self.assertEqual([objects["/dev/shm/mapped"][key] for key in ("uid", "owner")], [4711, "4711"])

    def test_nothing_there(self):
        self.assertEqual(run(self.devshm, "ls"), (0, "", ""))
        self.assertEqual(self.json("ls"), (0, {"objects": []}))
        self.assertFalse(os.path.exists("/tmp/shm"))

    def test_df(self):
        for store in ("disk", "memory"):
            with self.subTest(store):
                self.hold(store)
                status, found = self.json("df", DEVSHM_SIZE="64M")
                stores = {entry["store"]: entry for entry in found["stores"]}
                self.assertEqual(status, 0)
                self.assertEqual(stores["memory"]["total"], 64 * MIB)
                disk = os.statvfs("/tmp")
                self.assertEqual(stores["disk"]["total"], disk.f_blocks * disk.f_frsize)
                self.assertEqual(stores[store]["objects"], 3 + (store == "disk"))
                self.assertGreaterEqual(stores[store]["used"], MIB)
                used = stores["memory"]["used"] if store == "memory" else 0
                self.assertLessEqual(stores["memory"]["available"], 64 * MIB - used)
                self.assertEqual(len(run(self.devshm, "df")[1].splitlines()), 3)
                self.doCleanups()

    def test_rm(self):
        for store in ("disk", "memory"):
            with self.subTest(store):
                self.hold(store)
                Path("/tmp/victim").write_text("")
                os.symlink("/tmp", "/tmp/shm/tmp")
                os.symlink("/tmp/victim", "/tmp/shm/victim")
                refused = {
                    "/etc/passwd": "is not below /dev/shm",
                    "/dev/shm": "is not below /dev/shm",
                    "/dev/shm/../null": "is not below /dev/shm",
                    "../victim": "is not below /dev/shm",
                    "dir/../../victim": "is not below /dev/shm",
                    "/tmp/shm/mapped": "is not below /dev/shm",
                    "tmp/victim": "leads through something that is not a directory",
                    "dir": "is a directory",
                    "missing": "No such file or directory",
                }
                for name, reason in refused.items():
                    self.assertEqual(run(self.devshm, "rm", name), (1, "", f"devshm: {name}: {reason}\n"))
                status, found = self.json("rm", ODD, "missing")
                self.assertEqual((status, [entry["removed"] for entry in found["names"]]), (1, [True, False]))
                self.assertEqual(found["names"][0]["name"], ODD)
                self.assertEqual(
                    run(self.devshm, "rm", "--", "/dev/shm/mapped", "dir//closed", "victim", "tmp"), (0, "", "")
                )
                self.assertEqual([entry["name"] for entry in self.json("ls")[1]["objects"]], ["/dev/shm/out"])
                self.assertTrue(os.path.exists("/tmp/victim"))
                self.doCleanups()

    def test_a_directory_that_cannot_be_read(self):
        os.symlink("/etc", "/tmp/link")
        self.addCleanup(os.unlink, "/tmp/link")
        status, out, err = run(self.devshm, "ls", DEVSHM_DIR="/tmp/link")
        self.assertEqual((status, out), (1, ""))
        self.assertRegex(err, r"^devshm: can't read /tmp/link: ")


if __name__ == "__main__":
    unittest.main(verbosity=2)
