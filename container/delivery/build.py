# SPDX-License-Identifier: MIT
"""Builds and installs the project for one architecture into a tree of its own."""
import pathlib
import re
import subprocess

PROJECT = pathlib.Path(__file__).resolve().parent.parent.parent


class Architecture:
    """One by its names: Lambda's and Debian's."""

    def __init__(self, name, debian, cross):
        self.name, self.debian, self.cross = name, debian, cross


def architectures(native):
    """On x86_64, arm64 is crossed to. On another machine only its own is built, but that it is."""
    cross = PROJECT / "tests/matrix/aarch64-linux-gnu.ini"
    known = {
        "x86_64": Architecture("x86_64", "amd64", None),
        "arm64": Architecture("arm64", "arm64", None if native == "aarch64" else cross),
    }
    if native != "x86_64":
        del known["x86_64"]
    return known


def version():
    return re.search(r"^\s*version: '([^']+)'", (PROJECT / "meson.build").read_text(), re.MULTILINE)[1]


class BuildFailed(Exception):
    """The command and what it said."""


def call(*command, **options):
    done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", check=False, **options)
    if done.returncode != 0:
        raise BuildFailed("%s\n%s" % (" ".join(map(str, command)), done.stdout))
    return done.stdout


def install(architecture, work):
    """`work`/tree with the stripped files: bin/ and lib/."""
    cross = ["--cross-file", architecture.cross] if architecture.cross else []
    call("meson", "setup", work / "build", PROJECT, "-Dtests=disabled", "-Dprefix=/", "-Dlibdir=lib", *cross)
    call("meson", "install", "-C", work / "build", "--strip", "--destdir", work / "tree")
    return work / "tree"
