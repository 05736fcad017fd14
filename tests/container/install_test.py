#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The long steps of container/: that container/install waits for apt's locks, with apt itself on files of its own; and that what
fails says so in one line, or names a log that is there."""
import fcntl
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import sandboxed

CONTAINER = sandboxed.TOP / "container"
CONFIGURATION = """#clear APT::Update::Post-Invoke-Success;
#clear APT::Update::Post-Invoke;
#clear DPkg::Post-Invoke;
#clear DPkg::Pre-Install-Pkgs;
APT::Sandbox::User "root";
Dir::State "{place}/state";
Dir::State::status "{place}/root/var/lib/dpkg/status";
Dir::Cache "{place}/cache";
Dir::Log "{place}/log";
Dir::Etc {{ sourcelist "{place}/sources.list"; sourceparts "-"; preferencesparts "-"; }};
DPkg::Options {{ "--root={place}/root"; "--force-not-root"; "--log=/dev/null"; }};
"""
PACKAGE = """Package: devshm-test-package
Version: 1
Architecture: all
Maintainer: devshm developers <devshm@users.noreply.github.com>
Description: for a test
"""
# A script of shell behind it has mounts of its own.
PRIVATE_MOUNTS = ["unshare", "--mount", "--propagation", "private", "sh", "-c"]
# /usr/sbin as it is, but what is written there goes to a scratch directory (a policy for servers).
INSIDE = 'mount -t overlay overlay -o "lowerdir=/usr/sbin,upperdir=$0/upper,workdir=$0/work" /usr/sbin && exec "$@"'


class Scratch(unittest.TestCase):
    def setUp(self):
        self.place = pathlib.Path(tempfile.mkdtemp(prefix="install-test.", dir="/var/tmp"))
        self.addCleanup(shutil.rmtree, self.place)


class Install(Scratch):
    def setUp(self):
        super().setUp()
        for name in (
            "state/lists/partial",
            "cache/archives/partial",
            "log",
            "root/var/lib/dpkg/info",
            "root/var/lib/dpkg/updates",
            "upper",
            "work",
            "tmp",
            "package/DEBIAN",
            "package/there",
            "archive",
        ):
            (self.place / name).mkdir(parents=True)
        (self.place / "root/var/lib/dpkg/status").touch()
        (self.place / "package/DEBIAN/control").write_text(PACKAGE)
        archive = self.place / "archive/package.deb"
        subprocess.run(
            ["dpkg-deb", "--root-owner-group", "--build", self.place / "package", archive],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        content = archive.read_bytes()
        (self.place / "archive/Packages").write_text(
            PACKAGE
            + "Filename: ./package.deb\nSize: %d\nSHA256: %s\n" % (len(content), hashlib.sha256(content).hexdigest())
        )
        (self.place / "sources.list").write_text("deb [trusted=yes] file:%s/archive ./\n" % self.place)
        (self.place / "apt.conf").write_text(CONFIGURATION.format(place=self.place))

    def start(self, *packages):
        return subprocess.Popen(
            [*PRIVATE_MOUNTS, INSIDE, self.place, CONTAINER / "install", *packages],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "APT_CONFIG": str(self.place / "apt.conf"), "TMPDIR": str(self.place / "tmp")},
        )

    def test_it_waits_for_each_lock_and_says_for_whom(self):
        for lock in ("state/lists/lock", "cache/archives/lock", "root/var/lib/dpkg/lock-frontend"):
            with self.subTest(lock):
                with open(self.place / lock, "w") as file:
                    fcntl.lockf(file, fcntl.LOCK_EX)
                    process = self.start("devshm-test-package")
                    said = [process.stdout.readline(), process.stdout.readline()]
                    self.assertEqual(said[0], "installing: devshm-test-package\n")
                    holder = "%d (%s)" % (os.getpid(), pathlib.Path("/proc/self/comm").read_text().strip())
                    self.assertEqual(said[1], "waiting for process %s, which has %s\n" % (holder, self.place / lock))
                    self.assertIsNone(process.poll())
                self.assertEqual((process.communicate()[0], process.returncode), ("", 0))
                self.assertTrue((self.place / "root/there").is_dir())
                subprocess.run(
                    [
                        "dpkg",
                        "--root=%s/root" % self.place,
                        "--force-not-root",
                        "--log=/dev/null",
                        "--purge",
                        "devshm-test-package",
                    ],
                    check=True,
                    stdout=subprocess.DEVNULL,
                )
        self.assertEqual(list((self.place / "tmp").iterdir()), [])

    def test_a_failure_names_a_log_that_is_there(self):
        process = self.start("devshm-no-such-package")
        said, _ = process.communicate()
        self.assertEqual(process.returncode, 1)
        (log,) = re.findall(
            r"^could not install: devshm-no-such-package \(all of apt's output: (\S+)\)$", said, re.MULTILINE
        )
        self.assertIn("Unable to locate package devshm-no-such-package", pathlib.Path(log).read_text())


class Release(Scratch):
    def run_release(self, *arguments, top=sandboxed.TOP, before=()):
        done = subprocess.run(
            [
                *before,
                top / "container/release",
                "--no-install",
                "--only",
                "layer",
                "--arch",
                sandboxed.NATIVE,
                *arguments,
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout

    def test_a_bad_output_is_one_line(self):
        (self.place / "file").touch()
        for bad, reason in (("file", "File exists"), ("file/below", "Not a directory")):
            status, said = self.run_release("--output", self.place / bad)
            self.assertEqual((status, said), (1, "container/release: %s: %s\n" % (self.place / bad, reason)))

    def test_missing_rights_are_one_line(self):
        remount = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"'
        read_only = [*PRIVATE_MOUNTS, remount, self.place]
        status, said = self.run_release("--output", self.place / "new", before=read_only)
        self.assertEqual((status, said), (1, "container/release: %s: Read-only file system\n" % (self.place / "new")))

    def test_a_build_that_fails_names_a_log_that_is_there(self):
        top = self.place / "checkout"
        shutil.copytree(CONTAINER, top / "container")
        shutil.copy(sandboxed.TOP / "meson.build", top)
        (top / "meson.build").write_text((top / "meson.build").read_text() + "error('as a test wants it')\n")
        shutil.copytree(sandboxed.TOP / "preload", top / "preload")
        shutil.copy(sandboxed.TOP / "meson_options.txt", top)
        status, said = self.run_release("--output", self.place / "out", top=top)
        self.assertEqual(status, 1)
        (log,) = re.findall(r"^\(all of it: (\S+)\)$", said, re.MULTILINE)
        self.assertIn("as a test wants it", pathlib.Path(log).read_text())
        self.assertNotIn("Traceback", said)


class WithoutPython(Scratch):
    def test_commands_name_it_or_install_it(self):
        """On a machine that has the usual programs, and no Python."""
        for directory in ("/usr/bin", "/bin"):
            for program in pathlib.Path(directory).iterdir():
                if not program.name.startswith("python") and not (self.place / program.name).is_symlink():
                    (self.place / program.name).symlink_to(program)
        for name in ("lambda", "release"):
            done = subprocess.run(
                [CONTAINER / name, "--no-install", "x"],
                env={"PATH": str(self.place)},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            self.assertEqual(
                (done.returncode, done.stdout), (1, "install this first (name of Debian's package): python3\n")
            )


if __name__ == "__main__":
    unittest.main(verbosity=2)
