#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A mount in a user namespace, by an ordinary user, and in a namespace that ends."""
import os
import signal
import stat
import subprocess

import fixture
from fixture import DEVSHMD, SECONDS, mounts


class Namespaces(fixture.Case):
    def test_in_a_user_namespace_without_passthrough(self):
        script = """
set -e
%s --daemonize %s
echo hello >%s/a
ln %s/a %s/b
cat %s/b
%s --status %s
%s umount %s
""" % (
            DEVSHMD,
            *[self.point] * 5,
            DEVSHMD,
            self.point,
            DEVSHMD,
            self.point,
        )
        # First into a namespace that root's powers don't reach out of.
        done = subprocess.run(
            ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("hello\n", done.stdout)
        self.assertIn("passthrough: no: ", done.stdout)
        self.assertEqual(mounts(), [], "out here nobody saw it")

    def test_an_ordinary_user_by_fusermount3(self):
        os.chown(self.point, 65534, 65534)  # nobody: fusermount3 wants a user with a name
        # On an ordinary machine everybody may open /dev/fuse; where it is root's alone, in here it is not.
        device = self.dir + "/fuse"
        os.mknod(device, stat.S_IFCHR | 0o666, os.stat("/dev/fuse").st_rdev)
        os.chmod(device, 0o666)
        subprocess.run(["mount", "--bind", device, "/dev/fuse"], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", "/dev/fuse"])
        as_user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        daemon = self.start(before=as_user)
        self.assertEqual(mounts(), [self.point])
        subprocess.run(
            [*as_user, "sh", "-c", 'echo hello >"$1"/a && cat "$1"/a', "-", self.point],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        done = self.devshmd("--status", self.point)
        self.assertEqual(done.returncode, 1, "not even root may look, without --allow-other")
        self.ends_well(daemon)
        self.assertEqual(mounts(), [])
        daemon = self.start(before=as_user)
        daemon.end(signal.SIGKILL)
        done = subprocess.run([*as_user, DEVSHMD, "umount", self.point], stderr=subprocess.PIPE, text=True, check=False)
        self.assertEqual((done.returncode, mounts()), (0, []), done.stderr)

    def test_a_namespace_that_ends_takes_the_daemon_with_it(self):
        ours, theirs = os.pipe()
        script = "%s hidden --ready-fd %d %s & read x <&0; exit 0" % (DEVSHMD, theirs, self.point)
        shell = subprocess.Popen(
            ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", script],
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=[theirs],
        )
        os.close(theirs)
        self.assertEqual(os.read(ours, 1), b"\n")
        os.close(ours)
        shell.stdin.close()
        self.assertEqual(shell.wait(SECONDS), 0)
        self.assertEqual(mounts(), [])


if __name__ == "__main__":
    fixture.main()
