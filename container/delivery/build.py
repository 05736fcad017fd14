# SPDX-License-Identifier: MIT
"""Builds and installs the project for one architecture into a tree of its own."""
import pathlib
import re
import subprocess

PROJECT = pathlib.Path(__file__).resolve().parent.parent.parent


class Architecture:
    """An architecture, with its names in Lambda and in Debian."""

    def __init__(self, name, debian, cross):
        self.name, self.debian, self.cross = name, debian, cross


def architectures(native):
    """x86_64 machines build for both, arm64 with a cross compiler. Other machines build only for arm64."""
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
    """The command and its output."""


def call(*command, **options):
    done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", check=False, **options)
    if done.returncode != 0:
        raise BuildFailed("%s\n%s" % (" ".join(map(str, command)), done.stdout))
    return done.stdout


def install(architecture, work):
    """Returns `work`/tree with the stripped files: bin/ and lib/."""
    cross = ["--cross-file", architecture.cross] if architecture.cross else []
    call("meson", "setup", work / "build", PROJECT, "-Dtests=disabled", "-Dprefix=/", "-Dlibdir=lib", *cross)
    call("meson", "install", "-C", work / "build", "--strip", "--destdir", work / "tree")
    return work / "tree"
