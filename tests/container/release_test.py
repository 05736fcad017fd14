#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Everything that container/release makes, installed by the program that it is for in a fresh Debian 12, run, and removed. The other
architecture: other_architecture_test; images: images_test; Terraform and AWS's repository: snippets_test.

Debian has no apk. Its package is unpacked as apk does, its check sums are looked at, and what it installs runs on Debian's musl."""
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest
import zlib

import contents
import fresh_root
import sandboxed

sys.dont_write_bytecode = True
from delivery import build  # noqa: E402  pylint: disable=wrong-import-position

ARCHITECTURE = build.architectures(os.uname().machine)[sandboxed.NATIVE]
VERSION = build.version()
APP = "import multiprocessing\nmultiprocessing.Lock()\nprint('locked')\n"
NODE_APP = "require('fs').writeFileSync('/dev/shm/x', 'written'); console.log(require('fs').readFileSync('/dev/shm/x', 'utf8'))\n"
# The daemon, on a mount point of its own.
DAEMON = """set -eu
mkdir -p /served
"$1" --daemonize /served
echo kept >/served/file
cat /served/file
"$1" umount /served
"""
PROVIDER = """Name: what-every-system-has
Version: 1
Release: 1
Summary: for a test
License: none
BuildArch: noarch
Provides: /bin/sh
%description
%files
"""


def made(pattern):
    """The one file like that."""
    (found,) = sandboxed.release().glob(pattern)
    return found


class InRoot(unittest.TestCase):
    def assert_works(self, command, program="/bin/true"):
        self.assertNotEqual(self.root.run(command, "check", program, check=False)[0], 0)
        status, said = self.root.run(command, "run", "--", command, "check", program, check=False)
        self.assertEqual(status, 0, said)
        self.assertIn("everything works", said)

    def assert_serves(self, daemon):
        self.assertTrue(self.root.run(daemon, "--version")[1].startswith("devshmd %s " % VERSION))
        self.assertEqual(self.root.run("sh", "-c", DAEMON, "sh", daemon)[1].splitlines()[-1], "kept")


class Native(InRoot):
    @classmethod
    def setUpClass(cls):
        cls.root = fresh_root.FreshRoot().__enter__()
        cls.addClassCleanup(cls.root.__exit__)

    def left(self):
        return [str(path) for top in ("usr", "etc", "opt") for path in (self.root.directory / top).rglob("*devshm*")]

    def assert_survives_a_cleaned_tmp(self):
        """Whatever lies in /tmp is too old."""
        tmp = self.root.directory / "tmp"
        (self.root.directory / "etc/tmpfiles.d").mkdir(exist_ok=True)
        (self.root.directory / "etc/tmpfiles.d/clean.conf").write_text("d /tmp 1777 root root 0\n")
        (tmp / ".shm.memory.0.0").mkdir()
        for name in ("shm/object", ".shm.memory.0.0/lock", "other"):
            (tmp / name).touch()
        self.root.run("systemd-tmpfiles", "--clean")
        self.assertEqual(
            [str(path.relative_to(tmp)) for path in sorted(tmp.rglob("*")) if path.is_file()],
            [".shm.memory.0.0/lock", "shm/object"],
        )

    def test_deb(self):
        self.root.put(made("devshm_*_%s.deb" % ARCHITECTURE.debian), "/package/devshm.deb")
        self.root.run("apt-get", "install", "-y", "--no-install-recommends", "/package/devshm.deb")
        self.assert_works("/usr/bin/devshm")
        self.assert_serves("/usr/bin/devshmd")
        self.root.install("systemd-standalone-tmpfiles")
        self.root.run("systemd-tmpfiles", "--create", "devshm.conf")
        self.assertEqual((self.root.directory / "tmp/shm").stat().st_mode, 0o41777)
        self.assert_survives_a_cleaned_tmp()
        self.root.run("apt-get", "purge", "-y", "devshm")
        self.assertEqual(self.left(), [])

    def test_rpm(self):
        package = made("devshm-*.%s.rpm" % ARCHITECTURE.machine)
        with tempfile.TemporaryDirectory(prefix="release-test.") as place:
            (pathlib.Path(place) / "provider.spec").write_text(PROVIDER)
            subprocess.run(
                [
                    "rpmbuild",
                    "--quiet",
                    "-bb",
                    "--define",
                    "_topdir " + place,
                    "--define",
                    "_dbpath " + place,
                    place + "/provider.spec",
                ],
                check=True,
                env={**os.environ, "HOME": place},
            )
            (provider,) = pathlib.Path(place).glob("RPMS/*/*.rpm")
            rpm = ["rpm", "--root", self.root.directory, "--dbpath", "/var/lib/rpm"]
            refused = subprocess.run(
                [*rpm, "-i", package], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
            )
            self.assertIn("/bin/sh is needed by devshm", refused.stdout)
            contents.output(*rpm, "-i", provider, package)
        self.assertEqual(contents.output(*rpm, "-V", "devshm", text=True), "")
        self.assert_works("/usr/bin/devshm")
        self.assert_serves("/usr/bin/devshmd")
        contents.output(*rpm, "-e", "devshm")
        self.assertEqual(self.left(), [])

    def test_tarball(self):
        (self.root.directory / "opt/anywhere").mkdir(parents=True)
        contents.output(
            "tar",
            "-xf",
            made("devshm-*-linux-%s.tar.gz" % ARCHITECTURE.name),
            "-C",
            self.root.directory / "opt/anywhere",
        )
        top = "/opt/anywhere/devshm-%s-linux-%s" % (VERSION, ARCHITECTURE.name)
        self.assert_works(top + "/bin/devshm")
        self.assert_serves(top + "/bin/devshmd")
        shutil.rmtree(self.root.directory / "opt/anywhere")

    def test_wheel(self):
        wheel = made("*manylinux_2_17_%s*.whl" % ARCHITECTURE.machine)
        self.root.install("python3-venv")
        self.root.put(wheel, "/package/" + wheel.name)
        (self.root.directory / "package/app.py").write_text(APP)
        self.root.run("python3", "-m", "venv", "/venv")
        self.root.run("/venv/bin/pip", "install", "--no-index", "/package/" + wheel.name)
        python = "/venv/bin/python3"
        self.assertIn("FileNotFoundError", self.root.run(python, "/package/app.py", check=False)[1])
        self.assertEqual(self.root.run(python, "-m", "devshm", "run", "/package/app.py")[1], "locked\n")
        self.assertEqual(self.root.run("/venv/bin/devshm", "run", "/package/app.py")[1], "locked\n")
        library = self.root.run(python, "-c", "import devshm; print(devshm.library())")[1].strip()
        self.assertEqual(self.root.run(python, "/package/app.py", variables=["LD_PRELOAD=" + library])[1], "locked\n")
        script = "import devshm; r = devshm.check(); print(r['status'], r['exit'])"
        self.assertEqual(self.root.run(python, "-c", script)[1], "not loaded 3\n")
        self.assertEqual(self.root.run(python, "-m", "devshm", "run", "-c", script)[1], "works 0\n")
        # The tags of both kinds of platform: with --platform, pip takes what is for exactly that one. Others get nothing.
        for platform, there in (
            ("manylinux_2_17", True),
            ("manylinux2014", True),
            ("musllinux_1_1", True),
            ("manylinux_2_5", False),
            ("macosx_11_0", False),
        ):
            status, said = self.root.run(
                "/venv/bin/pip",
                "download",
                "--no-index",
                "--find-links",
                "/package",
                "--only-binary",
                ":all:",
                "--platform",
                "%s_%s" % (platform, ARCHITECTURE.machine),
                "-d",
                "/downloaded",
                "devshm",
                check=False,
            )
            self.assertEqual(status == 0, there, said)
        self.root.run("/venv/bin/pip", "uninstall", "-y", "devshm")
        self.assertEqual([str(path) for path in (self.root.directory / "venv").rglob("*devshm*")], [])

    def test_npm(self):
        self.root.install("nodejs")
        (self.root.directory / "app").mkdir()
        (self.root.directory / "app/package.json").write_text('{"private": true}\n')
        (self.root.directory / "app/app.js").write_text(NODE_APP)
        # npm itself is big: this machine's does it.
        subprocess.run(
            ["npm", "install", "--silent", "--offline", "--no-audit", "--no-fund", made("devshm-*.tgz")],
            check=True,
            cwd=self.root.directory / "app",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        devshm = "/app/node_modules/.bin/devshm"
        self.assertIn("ENOENT", self.root.run("node", "/app/app.js", check=False)[1])
        self.assertEqual(self.root.run(devshm, "run", "/app/app.js")[1], "written\n")
        self.assertEqual(self.root.run(devshm, "run", "--", "node", "/app/app.js")[1], "written\n")
        self.assertEqual(self.root.run(devshm, "run", "sh", "-c", "exit 7", check=False)[0], 7)
        script = "const d = require('devshm'); require('fs').accessSync(d.library()); console.log(d.check().status)"
        self.assertEqual(self.root.run("node", "-e", script, directory="/app")[1], "not loaded\n")
        self.assertEqual(self.root.run(devshm, "run", "--", "node", "-e", script, directory="/app")[1], "works\n")
        shutil.rmtree(self.root.directory / "app")


class Musl(InRoot):
    """The package for Alpine, on Debian's musl."""

    @classmethod
    def setUpClass(cls):
        cls.root = fresh_root.EmptyRoot().__enter__()
        cls.addClassCleanup(cls.root.__exit__)
        top = cls.root.directory
        for directory in ("bin", "lib", "proc", "dev", "tmp"):
            (top / directory).mkdir()
        (top / "tmp").chmod(0o1777)
        loader = next(pathlib.Path("/lib").glob("ld-musl-*.so.1"))
        shutil.copy(loader.resolve(), top / "lib" / loader.name)
        shutil.copy("/usr/bin/busybox", top / "bin/busybox")
        (top / "true.c").write_text("int main(void) { return 0; }\n")
        subprocess.run(["musl-gcc", "-o", top / "bin/true.musl", top / "true.c"], check=True)
        contents.output("chroot", top, "/bin/busybox", "--install", "/bin")
        (top / "bin/true").unlink()
        (top / "bin/true.musl").rename(top / "bin/true")
        (top / "usr/bin").mkdir(parents=True)
        (top / "usr/bin/env").symlink_to("/bin/env")

    def test_apk(self):
        package = made("devshm-*.%s.apk" % ARCHITECTURE.machine)
        first, second = streams(package.read_bytes())
        information = dict(
            re.findall(r"^(\w+) = (.*)$", contents.of_tar(first + bytes(1024))[".PKGINFO"].decode(), re.MULTILINE)
        )
        self.assertEqual(
            (information["pkgname"], information["pkgver"], information["arch"]),
            ("devshm", VERSION + "-r0", ARCHITECTURE.machine),
        )
        self.assertNotEqual(first[-512:], bytes(512))  # apk would take it for the end of all
        with tarfile.open(package) as archive:
            for entry in archive:
                if entry.isfile() and entry.name != ".PKGINFO":
                    self.assertEqual(
                        entry.pax_headers["APK-TOOLS.checksum.SHA1"],
                        hashlib.sha1(archive.extractfile(entry).read()).hexdigest(),
                    )
        self.assertEqual(information["datahash"], second)
        contents.output(
            "tar", "--warning=no-unknown-keyword", "-xzf", package, "--exclude=.PKGINFO", "-C", self.root.directory
        )
        self.assert_works("/usr/bin/devshm")
        self.assertIn("musl", self.root.run("/usr/bin/devshm", "check", check=False)[1])
        self.assert_serves("/usr/bin/devshmd")


def streams(content):
    """The first of the two compressed files, uncompressed, and the hash of the second, as it is."""
    reader = zlib.decompressobj(31)
    first = reader.decompress(content)
    return first, hashlib.sha256(reader.unused_data).hexdigest()


class All(unittest.TestCase):
    def test_sums(self):
        subprocess.run(
            ["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=sandboxed.release(), check=True
        )

    def test_there_is_each_form_for_each_architecture(self):
        names = sorted(path.name for path in sandboxed.release().iterdir())
        for architecture in build.architectures(os.uname().machine).values():
            for part in (
                "layer-" + architecture.name,
                "linux-" + architecture.name,
                "_%s.deb" % architecture.debian,
                "%s.rpm" % architecture.machine,
                "%s.apk" % architecture.machine,
                "manylinux_2_17_" + architecture.machine,
            ):
                self.assertEqual(len([name for name in names if part in name]), 1, part)


if __name__ == "__main__":
    unittest.main(verbosity=2)
