# SPDX-License-Identifier: MIT
"""Roots with nothing but a libc (and a Python) from Debian's packages, kept in the user's cache directory. The packages are
unpacked, not installed.
"""
import fcntl
import json
import os
import pathlib
import re
import shutil
import subprocess
import threading
import time

from ground.private_apt import Apt, FetchFailed, NotAvailable

MOUNT_POINTS = ("dev", "tmp", "proc", "run", "matrix")
# What tests/apps/python uses, in the parent and in its children.
COMPILED = (
    "argparse, concurrent.futures.process, json, multiprocessing.heap, multiprocessing.managers, "
    "multiprocessing.pool, multiprocessing.popen_fork, multiprocessing.popen_spawn_posix, "
    "multiprocessing.queues, multiprocessing.resource_tracker, multiprocessing.shared_memory, "
    "multiprocessing.sharedctypes, multiprocessing.spawn, runpy, subprocess, tempfile"
)
LAYOUT = 2  # to be raised when roots made by an older version of this file will not do


def packages_of(apt, libc):
    if libc.kind == "musl":
        return ["musl"]
    if not libc.python:
        return ["libc6"]
    python = apt.interpreter()
    return ["libc6", python + "-minimal", "lib%s-stdlib" % python]


def unpack(files, root):
    for directory in ("usr/bin", "usr/sbin", "usr/lib", "usr/lib64"):
        (root / directory).mkdir(parents=True)
        (root / directory[4:]).symlink_to(directory)  # as all of Debian since bookworm has it
    for file in files:
        tar = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", file], stdout=subprocess.PIPE)
        subprocess.run(
            ["tar", "-x", "--keep-directory-symlink", "--no-same-owner", "-C", root], stdin=tar.stdout, check=True
        )
        if tar.wait() != 0:
            raise FetchFailed("%s is damaged" % file.name)
    for name in MOUNT_POINTS:
        (root / name).mkdir(exist_ok=True)
    shutil.rmtree(root / "usr/share/doc", ignore_errors=True)


def compile_python(root, architecture):
    """Runs the root's Python once, so that it keeps what it has compiled: under an emulator that takes most of the
    time of every start."""
    emulator = []
    if architecture.emulator:
        shutil.copy(architecture.emulator, root / "matrix/qemu")
        emulator = ["/matrix/qemu"]
    done = subprocess.run(
        ["chroot", root, *emulator, Root(root).python, "-c", "import " + COMPILED],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        env={"PYTHONHOME": "/usr", "PATH": os.defpath + ":/usr/sbin:/sbin"},
    )
    if done.returncode != 0:
        raise FetchFailed("its Python does not run: " + done.stdout)
    for file in (root / "matrix").iterdir():
        file.unlink()


class Root:
    """A cell's root directory, and what is in it."""

    def __init__(self, directory):
        self.directory = directory
        self.notes = json.loads((directory / "matrix.json").read_text())
        self.package, self.version = self.notes["package"], self.notes["version"]

    @property
    def number(self):
        """The libc's version, comparable: (2, 31)."""
        return tuple(int(part) for part in re.match(r"[\d.]+", self.version).group().split(".") if part)[:2]

    @property
    def python(self):
        """The path of its interpreter, as seen from inside; None if it has none."""
        found = sorted((self.directory / "usr/bin").glob("python3.*"))
        return "/usr/bin/" + found[0].name if found else None


def is_usable(directory):
    try:
        return Root(directory).notes["layout"] == LAYOUT
    except (OSError, ValueError, KeyError):
        return False


class Cache:
    """The roots in `directory`. Threads may ask for them; one process at a time fetches."""

    def __init__(self, directory, mirror, refresh, say):
        self.directory, self.mirror, self.refresh, self.say = pathlib.Path(directory), mirror, refresh, say
        self.mutex, self.locks, self.apts, self.lock_file = threading.Lock(), {}, {}, None

    def root(self, libc, architecture):
        """The root of a cell, fetched if need be. NotAvailable or FetchFailed say why there is none."""
        directory = self.directory / "roots" / ("%s-%s" % (libc.name, architecture.name))
        if not self.refresh and is_usable(directory):
            return Root(directory)
        if not self.mirror:
            raise NotAvailable("this machine's apt configuration names no Debian mirror; give one with --mirror")
        with self.mutex:
            self.keep_others_out()
        if not self.refresh and is_usable(directory):  # another process has been at it meanwhile
            return Root(directory)
        with self.locks.setdefault((libc.suites, architecture.name), threading.Lock()):
            return self.make(libc, architecture, directory)

    def keep_others_out(self):
        if self.lock_file:
            return
        self.lock_file = open(self.directory / "lock", "w")
        try:
            fcntl.flock(self.lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.say("waiting for another run, which is fetching roots")
            fcntl.flock(self.lock_file, fcntl.LOCK_EX)

    def apt(self, libc, architecture):
        """apt with the lists of these suites: cells of one suite share them."""
        name = "-".join((*libc.suites, architecture.name))
        if name not in self.apts:
            self.say("%s: reading the lists of %s" % (architecture.name, " and ".join(libc.suites)))
            apt = Apt(self.directory / "apt" / name, architecture.debian, libc.suites, self.mirror)
            apt.update()
            self.apts[name] = apt
        return self.apts[name]

    def make(self, libc, architecture, directory):
        apt = self.apt(libc, architecture)
        package = "musl" if libc.kind == "musl" else "libc6"
        version = apt.version(package)
        self.say("%s %s: fetching %s %s" % (architecture.name, libc.name, package, version))
        files = apt.fetch(packages_of(apt, libc), libc.name)
        fresh = directory.with_name(directory.name + ".new")
        shutil.rmtree(fresh, ignore_errors=True)
        unpack(files, fresh)
        notes = {
            "layout": LAYOUT,
            "package": package,
            "version": version,
            "fetched": time.strftime("%Y-%m-%d"),
            "packages": [file.name for file in files],
        }
        (fresh / "matrix.json").write_text(json.dumps(notes, indent=1) + "\n")
        if libc.python:
            self.say("%s %s: compiling Python" % (architecture.name, libc.name))
            compile_python(fresh, architecture)
        shutil.rmtree(directory, ignore_errors=True)
        fresh.rename(directory)
        return Root(directory)

    def tidy(self):
        """The lists are large, and out of date when they are wanted next."""
        if self.lock_file:
            shutil.rmtree(self.directory / "apt", ignore_errors=True)
            self.lock_file.close()
