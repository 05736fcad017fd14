#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The systemd unit: is it one, and does the daemon get along with what its sandbox leaves?"""
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys

import fixture

UNIT = fixture.TOP / "daemon/devshmd.service"
TEXT = UNIT.read_text()


def setting(name):
    return " ".join(re.findall(r"(?m)^%s=(.*)$" % name, TEXT)).split()


def allowed_calls():
    """What SystemCallFilter lets through, groups taken apart."""
    calls = set()
    wanted = setting("SystemCallFilter")
    while wanted:
        word = wanted.pop()
        if not word.startswith("@"):
            calls.add(word)
            continue
        listed = subprocess.run(
            ["systemd-analyze", "syscall-filter", word], stdout=subprocess.PIPE, text=True, check=True
        )
        wanted += [line.strip() for line in listed.stdout.splitlines()[1:] if line.strip() and "#" not in line]
    return calls


class Service(fixture.Case):
    def test_systemd_takes_it(self):
        unit = pathlib.Path(self.dir, "devshmd.service")
        unit.write_text(TEXT.replace("/usr/bin/devshmd", fixture.DEVSHMD))
        done = subprocess.run(
            ["systemd-analyze", "verify", unit],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        self.assertEqual((done.returncode, done.stdout), (0, ""))

    def test_its_sandbox_stays_tight(self):
        """By systemd's own count, in tenths: 34 of 100 are open, mostly since it has to mount where all can see it."""
        done = subprocess.run(
            ["systemd-analyze", "security", "--offline=true", "--threshold=35", "--no-pager", UNIT],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_nothing_in_it_hides_the_mount(self):
        """With any of these the daemon gets a mount namespace of its own, and nobody else would see the files."""
        names = set(re.findall(r"(?m)^(\w+)=", TEXT))
        self.assertFalse(
            names
            & {
                "PrivateTmp",
                "PrivateDevices",
                "PrivateMounts",
                "ProtectSystem",
                "ProtectHome",
                "ProtectProc",
                "ProtectKernelTunables",
                "ProtectKernelModules",
                "ProtectKernelLogs",
                "ProtectControlGroups",
                "ReadOnlyPaths",
                "InaccessiblePaths",
                "RootDirectory",
                "TemporaryFileSystem",
                "BindPaths",
                "DynamicUser",
                "ProtectHostname",
            }
        )

    def work(self):
        for number in range(20):
            with open("%s/%d" % (self.point, number), "w") as file:
                file.write("x" * 10000)
                file.flush()
                os.posix_fallocate(file.fileno(), 0, 20000)
            os.setxattr("%s/%d" % (self.point, number), "user.x", b"y")
            os.rename("%s/%d" % (self.point, number), "%s/%dx" % (self.point, number))
            pathlib.Path("%s/%dx" % (self.point, number)).read_text()
        with open(self.point + "/1x", "rb") as file:
            os.lseek(file.fileno(), 0, os.SEEK_HOLE)
        shown = self.devshmd("--status", self.point).stdout
        self.assertIn("mode: serve", shown)
        return int(re.search(r"process: (\d+)", shown)[1])

    def test_its_system_calls_are_enough(self):
        trace = self.dir + "/trace"
        daemon = self.start(
            "serve",
            "--allow-other",
            "--no-dirty-limit",
            "--record",
            self.dir + "/record",
            before=["strace", "-f", "-qq", "-o", trace],
            env={**os.environ, "NOTIFY_SOCKET": "@devshmd-none"},
        )
        os.kill(self.work(), signal.SIGTERM)
        daemon.process.wait(fixture.SECONDS)
        used = set(re.findall(r"(?m)^\d+ +(\w+)\(", pathlib.Path(trace).read_text()))
        self.assertLess({"mount", "read", "fallocate", "clone3"}, used | {"clone3"})
        self.assertEqual(used - allowed_calls(), set())

    def test_its_capabilities_are_enough(self):
        capabilities = ",".join("+" + name.lower().removeprefix("cap_") for name in setting("CapabilityBoundingSet"))
        daemon = self.start(
            "serve",
            "--allow-other",
            "--no-dirty-limit",
            before=["setpriv", "--bounding-set=-all," + capabilities, "--inh-caps=-all", "--no-new-privs"],
        )
        self.work()
        self.ends_well(daemon)
        self.assertNotIn("--no-dirty-limit:", daemon.said())


if __name__ == "__main__":
    for tool in ("systemd-analyze", "strace", "setpriv"):
        if not shutil.which(tool):
            sys.exit("%s is missing" % tool)
    fixture.main()
