#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""stress-ng's stressors of files and shared memory, eight processes, on a mount: in the end it is empty, and the daemon as before.

STRESS_SECONDS: how long, default 30 (it runs with passthrough and without: a minute together).
"""
import os
import pathlib
import re
import shutil
import subprocess

import fixture
from ground.waiting import SECONDS as LONG, wait_for

SECONDS = int(os.environ.get("STRESS_SECONDS", "30"))
# Eight processes each, one group after the other.
GROUPS = [
    ["--mmap", "--hdd", "--iomix", "--fallocate", "--seek", "--sem", "--shm", "--xattr"],
    ["--dir", "--dentry", "--link", "--symlink", "--rename", "--lockf", "--flock", "--chmod"],
    ["--lockofd", "--utime", "--fstat", "--filename", "--access", "--touch", "--open", "--getdent"],
]
# Names above all: `link` and `symlink` make 8,192 each, and so would `dir`. A daemon has no more than it may have descriptors (often
# 20,000), and where one finds no room, `rename` ends with an error that is not even its own.
LESS = [
    "--dir-dirs",
    "1024",
    "--mmap-bytes",
    "16M",
    "--mmap-file",
    "--hdd-bytes",
    "16M",
    "--iomix-bytes",
    "16M",
    "--fallocate-bytes",
    "16M",
    "--seek-size",
    "16M",
    "--dentries",
    "256",
    "--shm-bytes",
    "8M",
    "--shm-objs",
    "8",
]


class Stress(fixture.Case):
    def state(self, daemon):
        found = os.statvfs(self.point)
        status = self.devshmd("--status", self.point).stdout
        nodes = re.search(r"^objects: \d+", status, re.M)
        return {
            "names": os.listdir(self.point),
            "blocks": found.f_blocks - found.f_bfree,
            "files": found.f_files - found.f_ffree,
            "descriptors": len(os.listdir("/proc/%d/fd" % daemon.pid)),
            "nodes": nodes and nodes[0],
        }

    def remove_rest(self):
        """At its end stress-ng kills processes of its own, whose files stay. False if there were any: others may come still."""
        left = os.listdir(self.point)
        for name in left:
            self.assertIn("stress-", name)
            path = pathlib.Path(self.point, name)
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
        return not left

    def test_all(self):
        daemon = self.start("serve", "--size", "512M", "--allow-other", "--exec")  # `access` counts on it
        subprocess.run(["mount", "--bind", self.point, "/dev/shm"], check=True)  # for the names of libc
        before = self.state(daemon)
        self.assertEqual((before["names"], before["blocks"]), ([], 0))
        try:
            for stressors in GROUPS:
                words = [word for stressor in stressors for word in (stressor, "1")]
                done = subprocess.run(
                    [
                        "stress-ng",
                        *words,
                        *LESS,
                        "--temp-path",
                        self.point,
                        "--timeout",
                        str(max(1, SECONDS // len(GROUPS))),
                        "--verify",
                        "--metrics-brief",
                        "--no-rand-seed",
                        "--oomable",
                    ],
                    cwd=self.dir,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                    timeout=SECONDS + 5 * LONG,
                    check=False,
                )
                self.assertEqual(done.returncode, 0, done.stdout)
                self.assertNotRegex(done.stdout, r"(?i)fail:|\bskipped: [1-9]|no such stressor")
                self.assertIsNone(daemon.process.poll(), daemon.said())
                print("\n".join(line for line in done.stdout.splitlines() if "metrc" in line or "metric" in line))
        finally:
            subprocess.run(["umount", "--lazy", "/dev/shm"], check=True)  # one of stress-ng's may not be quite gone
        wait_for(self.remove_rest, "no names are left")
        # What the kernel still has to forget it forgets in a moment.
        wait_for(lambda: self.state(daemon) == before, lambda: "%s, not %s" % (self.state(daemon), before))
        self.assertEqual(pathlib.Path(self.point).stat().st_nlink, 2)
        self.ends_well(daemon)


if __name__ == "__main__":
    fixture.main()
