#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""`docker run --ipc=none`, the quick way of docs/lambda-environment.md: the command as it stands there, run by podman (which
takes docker's options), fails without devshm and works with it, and is wrong where the text says that it is."""
import json
import os
import pathlib
import re
import shutil
import sys
import tempfile
import unittest
import zipfile

import sandboxed
from calls import call

sys.dont_write_bytecode = True
from environment import bundle, emulation, roots  # noqa: E402  pylint: disable=wrong-import-position

DOCUMENT = sandboxed.TOP / "docs/lambda-environment.md"
STORAGE = '[storage]\ndriver = "vfs"\ngraphroot = "{place}/storage"\nrunroot = "{place}/run"\n'
# Private mounts: podman leaves its locks in /dev/shm, and its OCI runtime refuses to work where it sees both kinds of
# control groups.
SURROUNDINGS = """
mount -t tmpfs none /dev/shm
if grep -q ' - cgroup ' /proc/self/mountinfo; then
  for point in $(sed -n 's/^[^ ]* [^ ]* [^ ]* [^ ]* \\([^ ]*\\) .* - cgroup2 .*/\\1/p' /proc/self/mountinfo); do umount "$point"; done
fi
exec "$@"
"""
LOOK = """
import json, multiprocessing, os
def attempt(work, *arguments):
    try: work(*arguments); return "works"
    except OSError as error: return error.errno
def room():
    with open("/tmp/room", "wb") as file: os.posix_fallocate(file.fileno(), 0, 4096)
print(json.dumps({"lock": attempt(multiprocessing.Lock), "value": attempt(multiprocessing.Value, "i", 1), "room": attempt(room),
                  "shm": os.path.exists("/dev/shm"), "user": [os.getuid(), os.getgid()], "tmp_mode": oct(os.stat("/tmp").st_mode),
                  "tmpfs": sorted({line.split()[1] for line in open("/proc/mounts") if line.split()[2] == "tmpfs"}),
                  "sys": bool(os.listdir("/sys")), "pts": os.path.exists("/dev/pts")}))
"""


def documented():
    """The words of the command, up to the image."""
    block = re.search(r"^    docker run (.*?) IMAGE", DOCUMENT.read_text(), re.MULTILINE | re.DOTALL)[1]
    return block.replace("\\\n", " ").split()


class QuickWay(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = pathlib.Path(tempfile.mkdtemp(prefix="ipc-none-test.", dir="/var/tmp"))
        cls.addClassCleanup(shutil.rmtree, cls.place)
        (cls.place / "storage.conf").write_text(STORAGE.format(place=cls.place))
        with zipfile.ZipFile(sandboxed.layer()) as file:
            file.extractall(cls.place / "opt")

    def look(self, libc, *options, words=None):
        root = roots.debian(libc, emulation.native(), []).directory
        said = call(
            *("unshare", "-m", "sh", "-euc", SURROUNDINGS, "sh", "podman", "run", "--cgroups=disabled"),
            *(words or documented()),
            *options,
            *("--rootfs", root, "python3", "-c", LOOK),
            cwd=sandboxed.TOP,
            timeout=sandboxed.SECONDS,
            env={**os.environ, "CONTAINERS_STORAGE_CONF": str(self.place / "storage.conf")}
        )
        return json.loads(said)

    def with_devshm(self, libc):
        return self.look(
            libc, "--volume", "%s:/opt:ro" % (self.place / "opt"), "--env", "LD_PRELOAD=/opt/lib/libdevshm.so"
        )

    def test_it_fails_as_lambda_does_and_works_with_devshm(self):
        for libc in ("2.36", "2.41"):
            with self.subTest(libc=libc):
                without = self.look(libc)
                self.assertEqual((without["lock"], without["value"], without["room"]), (2, 2, 1))
                self.assertFalse(without["shm"])
                self.assertEqual(without["user"], [bundle.USER, bundle.GROUP])
                found = self.with_devshm(libc)
                self.assertEqual((found["lock"], found["value"], found["shm"]), ("works", "works", True))

    def test_what_it_gets_wrong(self):
        found = self.look("2.31")
        # The first tmpfs that there is, and not ENOSYS as on Lambda.
        self.assertIn(found["lock"], ("works", 13))
        self.assertEqual(found["value"], 2)
        self.assertTrue({"/dev", "/tmp"} <= set(found["tmpfs"]), found)
        self.assertEqual(found["tmp_mode"], "0o41777")
        self.assertTrue(found["sys"] and found["pts"], found)
        found = self.with_devshm("2.31")
        self.assertEqual((found["lock"], found["value"]), ("works", "works"))

    def test_without_the_profile_there_is_room(self):
        words = documented()
        self.assertIn("seccomp=container/seccomp.json", words)
        at = words.index("seccomp=container/seccomp.json")
        self.assertEqual(self.look("2.36", words=words[: at - 1] + words[at + 1 :])["room"], "works")


if __name__ == "__main__":
    unittest.main(verbosity=2)
