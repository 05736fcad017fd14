#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The layers and the library alone: the right files with the right modes for the right machine, which work where they are
meant to. The other forms: forms_test and release_test."""
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
from ground import hidden

sys.dont_write_bytecode = True
from delivery import build  # noqa: E402  pylint: disable=wrong-import-position

VERSION = build.version()
BUILD = os.environ.get("BUILD", str(sandboxed.TOP / "build"))
MACHINES = {"x86_64": "Advanced Micro Devices X86-64", "arm64": "AArch64"}
INSIDE = {
    "bin/devshm": 0o755,
    "devshm-wrapper": 0o755,
    "lib/libdevshm-check.so": 0o644,
    "lib/libdevshm.so": 0o644,
    "share/doc/devshm/LICENSE": 0o644,
    "share/doc/devshm/devshm.cdx.json": 0o644,
}


class Made(unittest.TestCase):
    def files(self, pattern):
        """One for each architecture, made by one command."""
        for architecture in build.architectures(os.uname().machine):
            zipped = sandboxed.layer(architecture)
            yield architecture, zipped.parent / pattern.format(v=VERSION, a=architecture)

    def setUp(self):
        self.place = pathlib.Path(tempfile.mkdtemp(prefix="layer-test."))
        self.addCleanup(shutil.rmtree, self.place)

    def test_layers(self):
        for architecture, path in self.files("devshm-{v}-layer-{a}.zip"):
            with zipfile.ZipFile(path) as file:
                entries = {entry.filename: entry for entry in file.infolist()}
                self.assertEqual({name: entry.external_attr >> 16 & 0o777 for name, entry in entries.items()}, INSIDE)
                self.assertEqual({entry.date_time for entry in entries.values()}, {(1980, 1, 1, 0, 0, 0)})
                self.assertIn(b"MIT License", file.read("share/doc/devshm/LICENSE"))
                file.extract("lib/libdevshm.so", self.place)
            self.assertIn(
                "Machine:                           " + MACHINES[architecture],
                call("readelf", "-h", self.place / "lib/libdevshm.so"),
            )
            # Stripped: no symbols but those that the loader needs.
            self.assertNotIn(".symtab", call("readelf", "-S", "-W", self.place / "lib/libdevshm.so"))

    def test_single_libraries(self):
        for architecture, path in self.files("libdevshm-{a}.so"):
            self.assertIn(MACHINES[architecture], call("readelf", "-h", path))

    def assert_works(self, tree, command):
        """Where there is no /dev/shm, and after a move to a place that nobody could know of when it was made."""
        moved = pathlib.Path(tempfile.mkdtemp(prefix="layer-test.", dir="/var/tmp"))
        self.addCleanup(shutil.rmtree, moved)
        shutil.copytree(tree, moved / "tree")
        self.assertIn(
            "everything works",
            call(*hidden().argv(moved / "tree" / command, "run", moved / "tree" / command, "check")),
        )

    def test_meson_install_gives_what_works(self):
        call("meson", "install", "-C", BUILD, "--no-rebuild", "--destdir", self.place)
        (command,) = self.place.rglob("bin/devshm")
        self.assert_works(command.parent.parent, "bin/devshm")

    def test_the_library_alone_works_wherever_it_is_copied_to(self):
        sandboxed.layer()
        place = pathlib.Path(tempfile.mkdtemp(prefix="layer-test.", dir="/var/tmp"))
        self.addCleanup(shutil.rmtree, place)
        shutil.copy(sandboxed.LAYERS / ("libdevshm-%s.so" % sandboxed.NATIVE), place / "libdevshm.so")
        script = "import multiprocessing as m; m.Lock(); print(m.Value('i', 7).value)"
        command = (sys.executable, "-c", script)
        self.assertEqual(call(*hidden().preloading(place / "libdevshm.so").argv(*command)), "7\n")
        with self.assertRaises(AssertionError):
            call(*hidden().argv(*command))


class OtherArchitecture(unittest.TestCase):
    def test_the_layer_works_there(self):
        other = {"x86_64": "arm64"}.get(sandboxed.NATIVE)
        if other:
            there = ("--arch", other, "--memory", "512", "--layer", sandboxed.layer(other), *sandboxed.PRELOAD)
            done = sandboxed.run(*there, "--task", sandboxed.TOP / "container", "python3", "demo.py")
            self.assertEqual(done.stdout.count("works"), 5, done.stdout)
            report = sandboxed.run(*there, "devshm", "check").stdout
            self.assertIn("everything works", report)


if __name__ == "__main__":
    unittest.main(verbosity=2)
