# SPDX-License-Identifier: MIT
"""Compiles and installs the project for one architecture into a tree of its own."""
import pathlib
import re
import subprocess

import progress

from . import cross_root, sbom

PROJECT = pathlib.Path(__file__).resolve().parent.parent.parent
RELEASE = "bookworm"  # of the Debian that the compiler and libfuse3 come from
PACKAGES = ("g++", "meson", "ninja-build")
DAEMON = ("pkg-config", "libfuse3-dev", "libfmt-dev")
CROSS = ("g++-aarch64-linux-gnu",)
CROSS_DAEMON = ("mmdebstrap", "debian-archive-keyring")


class Architecture:
    """An architecture, with its names."""

    def __init__(self, name, cross):
        self.name, self.cross = name, cross  # as Lambda names it
        self.debian = {"x86_64": "amd64", "arm64": "arm64"}[name]  # OCI's, too
        self.machine = {"x86_64": "x86_64", "arm64": "aarch64"}[name]  # as uname names it; rpm, apk, Python
        self.node = {"x86_64": "x64", "arm64": "arm64"}[name]
        self.triplet = self.machine + "-linux-gnu"


def architectures(native):
    """x86_64 machines build for both, arm64 with a cross compiler. Other machines build only for arm64."""
    cross = PROJECT / "tests/matrix/aarch64-linux-gnu.ini"
    known = {
        "x86_64": Architecture("x86_64", None),
        "arm64": Architecture("arm64", None if native == "aarch64" else cross),
    }
    if native != "x86_64":
        del known["x86_64"]
    return known


def version():
    return re.search(r"^\s*version: '([^']+)'", (PROJECT / "meson.build").read_text(), re.MULTILINE)[1]


class Installed:
    """The stripped files of one architecture: bin/, lib/ and share/ in `tree`. `statically_linked` lists what is in devshmd, for
    the SBOM; it is empty if that was not built."""

    def __init__(self, architecture, tree, statically_linked=()):
        self.architecture, self.tree, self.statically_linked = architecture, tree, list(statically_linked)


def install(architecture, work, log, daemon=True):
    options = ["-Dtests=disabled", "-Dprefix=/", "-Dlibdir=lib"]
    cross, root = [], None
    if architecture.cross:
        cross = ["--cross-file", architecture.cross]
    if daemon:
        options += ["-Ddaemon=enabled", "-Dstatic_daemon=true"]
        if architecture.cross:
            root = cross_root.provide(architecture, RELEASE, log)
            cross += ["--cross-file", cross_root.cross_file(root, architecture, work / "cross.ini")]
    who = "compiling for " + architecture.name
    progress.run(["meson", "setup", work / "build", PROJECT, *options, *cross], log, who, append=True)
    progress.run(["ninja", "-C", work / "build"], log, who, append=True)
    progress.run(
        ["meson", "install", "-C", work / "build", "--no-rebuild", "--strip", "--destdir", work / "tree"],
        log,
        who,
        append=True,
    )
    return Installed(architecture, work / "tree", statically_linked(architecture, root) if daemon else ())


def version_of(package):
    """The version of a package of this machine."""
    shown = ["dpkg-query", "-W", "-f", "${Version}", package]
    return subprocess.run(shown, stdout=subprocess.PIPE, text=True, check=True).stdout


def statically_linked(architecture, root):
    """The parts of Debian's packages that devshmd contains."""
    parts = [
        ("libfuse3", "libfuse3-dev", "LGPL-2.1-only"),
        ("fmt", "libfmt-dev", "MIT"),
        ("glibc", "libc6-dev-arm64-cross" if architecture.cross else "libc6-dev", "LGPL-2.1-or-later"),
        (
            "libstdc++",
            "libstdc++-12-dev-arm64-cross" if architecture.cross else "libstdc++-12-dev",
            "GPL-3.0-or-later WITH GCC-exception-3.1",
        ),
    ]
    for name, package, licence in parts:
        number = cross_root.version(root, package) if root and package in cross_root.PACKAGES else version_of(package)
        yield sbom.library(
            name,
            number,
            licence,
            "pkg:deb/debian/%s@%s?arch=%s"
            % (package.replace("+", "%2B"), number.replace("+", "%2B"), architecture.debian),
        )
