#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""In a program that runs with more rights than its caller, devshm does nothing at all."""
import os
import shutil
import subprocess

from inside import LIBRARY, SHM, STEPS, environment, main, run
from users import USER, Ground


class Privileged(Ground):
    def program(self, mode, capability=False):
        path = "/tmp/home.0/privileged"
        shutil.copy(STEPS, path)
        os.chmod("/tmp/home.0", 0o755)
        os.chmod(path, mode)
        if capability:  # CAP_NET_RAW, permitted and effective: struct vfs_cap_data of linux/capability.h
            words = (0x02000001, 1 << 13, 0, 0, 0)
            os.setxattr(path, "security.capability", b"".join(word.to_bytes(4, "little") for word in words))
        return path

    def each_does_nothing(self, env):
        for name, program in (("setuid", (0o4755,)), ("setgid", (0o2755,)), ("capability", (0o755, True))):
            with self.subTest(name):
                done = run(self.program(*program), "path=a", "sem=/b", "shm=/c", "list=/dev/shm", user=USER, env=env)
                self.assertEqual(done.stdout, "path errno 2\nsem errno 2\nshm errno 2\nlist errno 2\n", done)
                self.assertFalse(os.path.lexists(SHM))
                self.assertFalse(os.path.lexists("/tmp/log"))
                self.assertEqual(os.listdir("/tmp/trap"), [])
                self.assertNotIn("devshm:", done.stderr)

    def test_the_same_program_without_rights_is_reached(self):
        done = run(self.program(0o755), "path=a", "sem=/b", user=USER)
        self.assertEqual(done.stdout, "path ok\nsem ok\n", done)

    def test_the_loader_ignores_the_library(self):
        self.each_does_nothing(environment(LOG="/tmp/log"))

    def test_loaded_all_the_same(self):
        """/etc/ld.so.preload holds for every program. What the caller asks for must not count there."""
        etc = "/tmp/home.0/etc"
        shutil.copytree("/etc", etc, symlinks=True)
        with open(etc + "/ld.so.preload", "w") as file:
            file.write(LIBRARY + "\n")
        os.chmod("/tmp/home.0", 0o755)
        subprocess.run(["mount", "--bind", etc, "/etc"], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", "/etc"], check=True)
        env = environment(LOG="/tmp/log", DIR="/tmp/trap/shm")
        del env["LD_PRELOAD"]
        plain = environment()
        del plain["LD_PRELOAD"]
        self.assertEqual(run(STEPS, "path=a", user=USER, env=plain).stdout, "path ok\n")  # so it is loaded
        shutil.rmtree(SHM)
        self.each_does_nothing(env)


if __name__ == "__main__":
    main()
