# SPDX-License-Identifier: MIT
"""apt for suites and an architecture that this machine does not have.

It fetches with the machine's own configuration: its mirror, proxy, certificates and keys. But its lists, its cache and its idea
of what is installed are private ones: nothing of the machine's own apt state is read or changed.
"""
import os
import pathlib
import re
import shutil
import subprocess
import time

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"

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
# Of a mirror that does not serve a suite. Whatever else fails may do so for a moment: a mirror changes its files while apt
# reads them. So apt-get runs again after these seconds.
GONE = re.compile(r" 404 |does not have a Release file|no longer has a Release file")
PAUSES = (5, 30)


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
        """What the command says. Raises FetchFailed."""
        for pause in PAUSES if command[0] == "apt-get" else ():
            try:
                return self._run_once(*command, **options)
            except FetchFailed as failure:
                if GONE.search(str(failure)):
                    raise
            time.sleep(pause)
        return self._run_once(*command, **options)

    def _run_once(self, *command, **options):
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
            if GONE.search(str(failure)):
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
