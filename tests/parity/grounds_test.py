#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Each ground (ground/) is what it says. Arguments: LIBRARY [DEVSHMD]; without the daemon nothing can be recorded."""
import os
import pathlib
import shutil
import sys
import tempfile
import unittest

from ground import NotMade, TooLong, accesses, hidden, tmpfs
from ground.leaks import leaks

LIBRARY, *DEVSHMD = map(os.path.abspath, sys.argv[1:])
LOOK = "stat -f -c %T /dev/shm; ls -A /tmp"


class Grounds(unittest.TestCase):
    def setUp(self):
        # Where every user may read it, and not below /tmp.
        self.dir = tempfile.mkdtemp(prefix="devshm-ground.", dir="/var/tmp")
        self.addCleanup(shutil.rmtree, self.dir)
        os.chmod(self.dir, 0o755)
        self.library = shutil.copy(LIBRARY, self.dir)
        self.log = f"{self.dir}/log"

    def says(self, ground, script):
        done = ground.run("sh", "-c", script, cwd=self.dir)
        return done.stdout + done.stderr

    def test_hidden(self):
        self.assertRegex(self.says(hidden(), LOOK), r"^stat: .*'/dev/shm'.*No such file or directory\n$")
        self.assertEqual(hidden().run("sh", "-c", "exit 7").returncode, 7)

    def test_tmpfs(self):
        self.assertEqual(self.says(tmpfs(), LOOK), "tmpfs\n")
        self.assertEqual(self.says(tmpfs("64M"), "df -k --output=size /dev/shm | tail -1").strip(), "65536")
        self.assertEqual((tmpfs().files, hidden().files), ("/dev/shm", "/tmp/shm"))

    def test_a_tmp_that_is_given(self):
        pathlib.Path(self.dir, "mine").touch()
        self.assertEqual(hidden(tmp=self.dir).run("ls", "/tmp/mine").stdout, "/tmp/mine\n")

    def test_read_only(self):
        self.assertIn("Read-only file system", self.says(tmpfs().read_only(), "echo >/dev/shm/x"))
        with self.assertRaises(NotMade):
            hidden().read_only().run("true")

    def test_as_another_user(self):
        self.assertEqual(self.says(hidden().as_user(65534), "id -u; id -g; id -G"), "65534\n" * 3)

    def test_preloading(self):
        said = self.says(hidden().preloading(self.library, DEVSHM_DIR="/tmp/mine"), "echo >/dev/shm/x; ls /dev/shm")
        self.assertEqual(said, "x\n")
        found = (
            hidden()
            .preloading(self.library, DEVSHM_DIR="/tmp/mine")
            .within("sh", "-c", 'LD_PRELOAD= ls "$0"', "/tmp/mine")
        )
        self.assertEqual(found.run().stdout, "")

    def test_traced(self):
        self.says(hidden().traced(self.log, LD_PRELOAD=self.library), "cat /dev/shm/x")
        lines = pathlib.Path(self.log).read_text(encoding="utf-8").splitlines()
        self.assertTrue([line for line in lines if '"/tmp/shm/x"' in line])
        self.assertEqual(list(leaks(lines)), [])
        self.says(hidden().traced(self.log), "cat /dev/shm/x")
        lines = pathlib.Path(self.log).read_text(encoding="utf-8").splitlines()
        self.assertRegex("".join(leaks(lines)), 'open.*"/dev/shm/x"')

    @unittest.skipUnless(DEVSHMD, "there is no devshmd")
    def test_recorded(self):
        self.says(hidden().recorded(*DEVSHMD, self.log).preloading(self.library), "cat /dev/shm/x")
        self.assertEqual(accesses(self.log), [])
        self.assertRegex(self.says(hidden().recorded(*DEVSHMD, self.log), "cat /dev/shm/x"), "No such file")
        self.assertIn("/dev/shm/x", [access["path"] for access in accesses(self.log)])
        pathlib.Path(self.log).write_text("", encoding="utf-8")
        with self.assertRaises(NotMade):
            accesses(self.log)

    def test_preloading_a_copy(self):
        os.chmod(self.dir, 0o700)
        ground = hidden().preloading_a_copy(self.library).as_user(65534)
        self.assertEqual(self.says(ground, "echo >/dev/shm/x; ls /dev/shm"), "x\n")
        with self.assertRaises(NotMade):
            hidden().preloading_a_copy(f"{self.dir}/no-library").run("true")

    def test_unwritten(self):
        small = tmpfs("64M").unwritten()
        done = small.run("sh", "-c", "echo >/dev/shm/x && rm /dev/shm/x")
        self.assertEqual((done.returncode, done.stderr), (123, "/dev/shm was written to\n"))
        done = small.run("sh", "-c", "ls /dev/shm; exit 7")
        self.assertEqual((done.returncode, done.stderr), (7, ""))
        settings = {"DEVSHM_WHEN": "small:1G"}
        self.assertEqual(self.says(small.preloading(self.library, **settings), "echo >/dev/shm/x; ls /dev/shm"), "x\n")

    def test_on_files_of_another_root(self):
        root = pathlib.Path(self.dir, "root")
        for name in ("dev", "proc", "tmp", "mnt"):
            (root / name).mkdir(parents=True)
        for name in ("bin", "lib", "lib64", "usr"):
            (root / name).symlink_to(f"/mnt/usr/{name}" if name != "usr" else "/mnt/usr")
        script = pathlib.Path(self.dir, "script")
        script.write_text("#!/bin/sh\nls /; echo >/x\necho >/dev/shm/x && ls /dev/shm\n", encoding="utf-8")
        script.chmod(0o755)
        done = hidden().preloading(self.library).on_files_of(root).run(script)
        self.assertEqual(done.stdout, "bin\ndev\nlib\nlib64\nmnt\nproc\ntmp\nusr\nx\n")
        self.assertIn("/x: Read-only file system", done.stderr)

    def test_limited(self):
        with self.assertRaises(TooLong):
            hidden().limited(1).run("sleep", "60")

    def test_nothing_is_left(self):
        self.says(tmpfs(), "echo >/dev/shm/devshm-ground-left; echo >/tmp/devshm-ground-left")
        self.assertEqual([top for top in ("/dev/shm", "/tmp") if os.path.exists(f"{top}/devshm-ground-left")], [])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
