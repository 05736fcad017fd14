#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The forms of container/release, made from what this build installs: each has the licence and an SBOM that is right, is the
same whenever it is made, and is in SHA256SUMS. That each works where it is meant to: layer_test and release_test."""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import uuid

import contents
import sandboxed
from ground import hidden

sys.dont_write_bytecode = True
from delivery import build, command, tree  # noqa: E402  pylint: disable=wrong-import-position

BUILD = os.environ.get("BUILD", str(sandboxed.TOP / "build"))
ARCHITECTURE = build.architectures(os.uname().machine)[sandboxed.NATIVE]
PACKAGE = {
    "usr/bin/devshm",
    "usr/bin/devshmd",
    "usr/lib/devshm/libdevshm.so",
    "usr/lib/devshm/libdevshm-check.so",
    "usr/lib/tmpfiles.d/devshm.conf",
    "usr/share/man/man1/devshm.1.gz",
    "usr/share/man/man7/devshm.7.gz",
    "usr/share/man/man8/devshmd.8.gz",
    *("usr/share/bash-completion/completions/%s.bash" % name for name in ("devshm", "devshmd")),
    *("usr/share/zsh/site-functions/_%s" % name for name in ("devshm", "devshmd")),
    *("usr/share/fish/vendor_completions.d/%s.fish" % name for name in ("devshm", "devshmd")),
}
LIBRARY_AND_COMMAND = {"libdevshm.so", "libdevshm-check.so", "devshm"}


def installed(place):
    """As build.install() gives it, without compiling."""
    subprocess.run(
        ["meson", "install", "-C", BUILD, "--no-rebuild", "--strip", "--destdir", place / "installed"],
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    prefix = next((place / "installed").rglob("bin/devshm")).parent.parent
    result = place / "tree"
    for name in ("bin", "share", "lib/systemd"):
        tree.copy(prefix / name, result / name)
    for path in prefix.rglob("libdevshm*.so"):
        tree.copy(path, result / "lib" / path.name)
    return build.Installed(ARCHITECTURE, result, build.statically_linked(ARCHITECTURE, None))


class Forms(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = pathlib.Path(tempfile.mkdtemp(prefix="forms-test.", dir="/var/tmp"))
        cls.addClassCleanup(shutil.rmtree, cls.place)
        cls.installed = installed(cls.place)
        cls.made = cls.make("first")

    @classmethod
    def make(cls, name):
        """{form: file}"""
        work = cls.place / (name + ".work")
        work.mkdir()
        release = command.Release(argparse.Namespace(output=cls.place / name, only=None), work)
        release.build = lambda architecture: cls.installed
        release.run([ARCHITECTURE])
        return dict(zip(release.forms, release.made))

    def test_each_has_the_licence_and_an_sbom_that_lists_what_is_inside(self):
        self.assertEqual(set(self.made), set(command.FORMS))
        for form, path in self.made.items():
            with self.subTest(form):
                files = contents.of(path)
                licence = [text for name, text in files.items() if name.rpartition("/")[2] in ("LICENSE", "copyright")]
                self.assertIn(b"Permission is hereby granted, free of charge", b"".join(licence))
                _, document = contents.sbom(files)
                self.assertEqual(
                    (document["bomFormat"], document["specVersion"], document["version"]), ("CycloneDX", "1.5", 1)
                )
                uuid.UUID(document["serialNumber"].replace("urn:uuid:", ""))
                self.assertEqual(document["metadata"]["component"]["version"], build.version())
                self.assertEqual(contents.differences(files), [])
                libraries = {part["name"] for part in document["components"] if part["type"] == "library"}
                daemon = any(name.endswith("/devshmd") for name in files if "bin/" in name)
                self.assertEqual(libraries, {"libfuse3", "fmt", "glibc", "libstdc++"} if daemon else set())

    def test_a_wrong_sbom_would_be_noticed(self):
        files = contents.of(self.made["layer"])
        self.assertEqual(contents.differences({**files, "bin/devshm": b"other"}), ["bin/devshm"])
        self.assertEqual(contents.differences({**files, "bin/more": b""}), ["bin/more"])

    def test_packages_have_daemon_pages_completions_and_tmpfiles(self):
        for form in ("deb", "rpm", "apk"):
            names = {
                name.replace("zsh/vendor-completions", "zsh/site-functions") for name in contents.of(self.made[form])
            }
            self.assertEqual(PACKAGE - names, set(), form)
        for form in ("wheel", "npm", "image", "layer"):
            names = {name.rpartition("/")[2] for name in contents.of(self.made[form])}
            self.assertEqual(LIBRARY_AND_COMMAND - names, set(), form)

    def test_what_rpm_and_dpkg_say_of_them(self):
        said = contents.output(
            "rpm",
            "-qp",
            "--nosignature",
            "--qf",
            "%{NAME} %{VERSION} %{ARCH} %{LICENSE}|%{BUILDHOST}|[%{REQUIRENAME} ]",
            self.made["rpm"],
            text=True,
        )
        self.assertTrue(said.startswith("devshm %s %s MIT" % (build.version(), ARCHITECTURE.machine)), said)
        self.assertIn("|localhost|/bin/sh ", said)
        fields = contents.output(
            "dpkg-deb", "--field", self.made["deb"], "Version", "Architecture", "Recommends", text=True
        )
        self.assertEqual(
            fields.split(), ["Version:", build.version(), "Architecture:", ARCHITECTURE.debian, "Recommends:", "fuse3"]
        )

    def test_the_same_bytes_whatever_the_umask_the_time_and_the_zone(self):
        old = os.umask(0o077)
        os.environ["TZ"] = "Asia/Tokyo"
        time.tzset()
        try:
            for path in tree.files(self.installed.tree):
                os.utime(path)
                path.chmod(0o700)
            again = self.make("second")
        finally:
            os.umask(old)
            del os.environ["TZ"]
            time.tzset()
        for form, path in self.made.items():
            self.assertEqual(path.read_bytes(), again[form].read_bytes(), form)
        self.assertEqual((self.place / "first/SHA256SUMS").read_text(), (self.place / "second/SHA256SUMS").read_text())

    def test_times_are_those_that_were_asked_for(self):
        os.environ["SOURCE_DATE_EPOCH"] = "1700000000"
        try:
            later = self.make("later")
        finally:
            del os.environ["SOURCE_DATE_EPOCH"]
        self.assertIn("2023-11-14", contents.output("dpkg-deb", "--contents", later["deb"], text=True))
        self.assertIn(
            "1700000000",
            contents.output("rpm", "-qp", "--nosignature", "--qf", "%{BUILDTIME}", later["rpm"], text=True),
        )
        self.assertEqual(contents.sbom(contents.of(later["npm"]))[1]["metadata"]["timestamp"], "2023-11-14T22:13:20Z")

    def test_sums(self):
        listed = re.findall(r"^[0-9a-f]{64}  (\S+)$", (self.place / "first/SHA256SUMS").read_text(), re.MULTILINE)
        self.assertEqual(
            sorted(listed), sorted(path.name for path in (self.place / "first").iterdir() if path.name != "SHA256SUMS")
        )
        check = ["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"]
        subprocess.run(check, cwd=self.place / "first", check=True)
        shutil.copytree(self.place / "first", self.place / "changed")
        with open(self.place / "changed" / self.made["wheel"].name, "ab") as file:
            file.write(b"x")
        self.assertNotEqual(
            subprocess.run(
                check, cwd=self.place / "changed", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
            ).returncode,
            0,
        )


class InPython(unittest.TestCase):
    """The wheel unpacked, as `pip install --target` leaves it."""

    def setUp(self):
        place = pathlib.Path(tempfile.mkdtemp(prefix="forms-test.", dir="/var/tmp"))
        self.addCleanup(shutil.rmtree, place)
        (place / "made").mkdir()
        (place / "work").mkdir()
        self.target = place / "target"
        wheel = command.FOR_EACH["wheel"].make(installed(place), place / "made", place / "work")
        shutil.unpack_archive(wheel, self.target, "zip")
        self.python = hidden().with_environment(PYTHONPATH=self.target).within(sys.executable)
        self.app = self.target / "app.py"
        self.app.write_text("import multiprocessing, sys\nmultiprocessing.Lock()\nprint('locked', *sys.argv[1:])\n")

    def run_python(self, *arguments):
        done = self.python.run(*arguments, stderr=subprocess.STDOUT)
        return done.returncode, done.stdout

    def test_run(self):
        self.assertIn("FileNotFoundError", self.run_python(self.app)[1])
        devshm = ("-m", "devshm", "run")
        for arguments in (
            [self.app, "a", "--b"],
            ["--", self.app, "a", "--b"],
            ["--dir", "/tmp/other", self.app, "a", "--b"],
            ["--log=stderr", "--", sys.executable, self.app, "a", "--b"],
        ):
            status, text = self.run_python(*devshm, *arguments)
            self.assertEqual((status, text.splitlines()[-1]), (0, "locked a --b"), (arguments, text))
        self.assertEqual(
            self.run_python(*devshm, "-c", "import multiprocessing as m; print(m.Value('i', 3).value)"), (0, "3\n")
        )
        self.assertEqual(self.run_python(*devshm, "sh", "-c", "exit 7"), (7, ""))
        self.assertEqual(self.run_python("-m", "devshm", "--version")[0], 0)

    def test_check_and_library(self):
        script = "import devshm, os, json; assert os.path.exists(devshm.library()); print(json.dumps(devshm.check()['status']))"
        self.assertEqual(self.run_python("-c", script), (0, '"not loaded"\n'))
        self.assertEqual(self.run_python("-m", "devshm", "run", "-c", script), (0, '"works"\n'))


if __name__ == "__main__":
    unittest.main(verbosity=2)
