# SPDX-License-Identifier: MIT
"""Roots with nothing but a libc (and a Python) from Debian's packages, kept in the user's cache directory.

apt fetches, with the machine's own configuration: its mirror, proxy, certificates and keys. But its lists, its cache
and its idea of what is installed are private ones, for suites and an architecture that this machine does not have;
nothing of the machine's own apt state is read or changed. The packages are unpacked, not installed.
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

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
MOUNT_POINTS = ("dev", "tmp", "proc", "run", "matrix")
# What tests/apps/python uses, in the parent and in its children.
COMPILED = (
    "argparse, concurrent.futures.process, json, multiprocessing.heap, multiprocessing.managers, "
    "multiprocessing.pool, multiprocessing.popen_fork, multiprocessing.popen_spawn_posix, "
    "multiprocessing.queues, multiprocessing.resource_tracker, multiprocessing.shared_memory, "
    "multiprocessing.sharedctypes, multiprocessing.spawn, runpy, subprocess, tempfile"
)
LAYOUT = 2  # to be raised when roots made by an older version of this file will not do

# Of private lists; the machine's hooks would run on the machine's own state.
CONFIGURATION = """#clear APT::Architectures;
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg;
APT {{ Architecture "{architecture}"; Architectures {{ "{architecture}"; }}; Sandbox::User "root"; }};
APT::Install-Recommends "false";
Acquire {{ Languages "none"; Retries "3"; }};
Dir::State "{directory}/state";
Dir::State::status "{directory}/status";
Dir::Cache "{directory}/cache";
Dir::Etc {{ sourcelist "{directory}/sources.list"; sourceparts "-"; preferences "-"; preferencesparts "-"; }};
"""


class NotAvailable(Exception):
    """The mirror does not have it."""


class FetchFailed(Exception):
    """The mirror may have it, but it could not be fetched."""


def debian_mirror():
    """Where this machine gets Debian from; None if apt has no such source."""
    done = subprocess.run(
        [pathlib.Path(__file__).resolve().parents[2] / "container/debian-mirror"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    return done.stdout.strip() or None


class Apt:
    """apt for one architecture and some suites, with a state of its own below `directory`."""

    def __init__(self, directory, architecture, suites, mirror):
        self.directory, self.architecture, self.suites = directory, architecture, suites
        shutil.rmtree(directory, ignore_errors=True)
        (directory / "state/lists/partial").mkdir(parents=True)
        (directory / "status").touch()
        (directory / "sources.list").write_text(
            "".join("deb [signed-by=%s] %s %s main\n" % (KEYRING, mirror, suite) for suite in suites)
        )
        self.configuration = directory / "apt.conf"
        self.configuration.write_text(CONFIGURATION.format(architecture=architecture, directory=directory))

    def run(self, *command, **options):
        # apt speaks the user's language; we look for what it says.
        done = subprocess.run(
            [command[0], "-c", self.configuration, *command[1:]],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
            env={**os.environ, "LC_ALL": "C.UTF-8"},
            **options
        )
        if done.returncode != 0:
            raise FetchFailed("%s: %s" % (" ".join(command[:2]), complaints(done.stdout)))
        return done.stdout

    def update(self):
        try:
            self.run("apt-get", "update", "--error-on=any")
        except FetchFailed as failure:
            if re.search(r" 404 |does not have a Release file|no longer has a Release file", str(failure)):
                raise NotAvailable("the mirror does not serve %s: %s" % (" and ".join(self.suites), failure)) from None
            raise
        # A suite without this architecture is passed over in silence.
        lists = list((self.directory / "state/lists").glob("*_binary-%s_Packages*" % self.architecture))
        if len(lists) < len(self.suites):
            raise NotAvailable("the mirror does not serve %s of %s" % (self.architecture, " and ".join(self.suites)))

    def version(self, package):
        """The package's version in the first suite. NotAvailable if that has none, or none newer than the others."""
        versions = {}
        for line in self.run("apt-cache", "madison", package).splitlines():
            found = re.match(r" *\S+ \| *(\S+) \| \S+ ([^/ ]+)/", line)
            if found:
                versions.setdefault(found.group(2), found.group(1))
        first, *others = self.suites
        if first not in versions:
            raise NotAvailable("%s has no %s for %s" % (first, package, self.architecture))
        for other in others:
            if (
                other in versions
                and subprocess.run(
                    ["dpkg", "--compare-versions", versions[first], "le", versions[other]], check=False
                ).returncode
                == 0
            ):
                raise NotAvailable(
                    "%s of %s, %s, is no newer than that of %s, %s"
                    % (package, first, versions[first], other, versions[other])
                )
        return versions[first]

    def interpreter(self):
        """The suite's Python, "python3.11": what its python3-minimal, which wants more than we do, stands for."""
        shown = self.run("apt-cache", "show", "--no-all-versions", "-t", self.suites[0], "python3-minimal")
        found = re.search(r"^Pre-Depends:.*\b(python3\.\d+)-minimal", shown, re.MULTILINE)
        if not found:
            raise FetchFailed("python3-minimal of %s names no version" % self.suites[0])
        return found.group(1)

    def fetch(self, packages, name):
        """The package files of these, and of all they depend on, below a directory of that name."""
        archives = self.directory / name
        (archives / "partial").mkdir(parents=True)
        self.run(
            "apt-get",
            "install",
            "--yes",
            "--download-only",
            "-o",
            "Dir::Cache::archives=%s" % archives,
            "-t",
            self.suites[0],
            *packages
        )
        return sorted(archives.glob("*.deb"))


def complaints(output):
    return "; ".join(line[3:] for line in output.splitlines() if line.startswith(("E: ", "W: "))) or output.strip()


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
