# SPDX-License-Identifier: MIT
"""Finds or builds the root directory: the user's, an image's, or a Debian with the requested libc, built once and kept."""
import fcntl
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys

import progress

from . import Failed

# Debian's releases, by their glibc.
RELEASES = {"2.31": "bullseye", "2.36": "bookworm", "2.41": "trixie"}
DEBIAN = {"x86_64": "amd64", "arm64": "arm64"}
OCI = {"x86_64": "amd64", "arm64": "arm64"}
PACKAGES = (
    "base-files bash ca-certificates coreutils dash findutils grep gzip hostname libc-bin mawk mount procps "
    "python3 sed strace tar tzdata util-linux"
).split()
LAYOUT = 1  # increase it when roots made by an older version of this file can't be used any more
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


class Root:
    """A root directory, and an image's settings for running it."""

    def __init__(self, directory, managed=False, settings=None):
        self.directory = pathlib.Path(directory)
        settings = settings or {}
        self.managed = managed  # Lambda's own runtime is there, as with a zip function
        self.entrypoint = settings.get("Entrypoint") or []
        self.command = settings.get("Cmd") or []
        self.variables = dict(line.partition("=")[::2] for line in settings.get("Env") or [])
        self.working_directory = settings.get("WorkingDir") or "/var/task"


def cache_directory(kind="lambda"):
    """The cache of the user that called sudo, if any, so that they can find and delete it."""
    if "DEVSHM_CACHE" in os.environ:
        return pathlib.Path(os.environ["DEVSHM_CACHE"])
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~%s/.cache" % os.environ.get("SUDO_USER", ""))
    return pathlib.Path(base) / "devshm" / kind


def say(text):
    print("lambda: " + text, file=sys.stderr, flush=True)


def find(options):
    if not options.root:
        return debian(options.libc, options.arch, options.with_packages)
    path = pathlib.Path(options.root)
    if path.is_dir():
        return Root(path.resolve(), managed=options.runtime_api and not options.command)
    if path.is_file():
        kind = archive_kind(path)
        return image("%s:%s" % (kind, path.resolve()), options.arch)
    if "/" in options.root and options.root[0] in "./":
        raise Failed("--root: %s does not exist" % options.root)
    return image(named_image(options.root), options.arch)


# --- Debian ---


def debian(libc, architecture, more):
    release = RELEASES[libc]
    key = hashlib.sha256(" ".join([str(LAYOUT), *PACKAGES, *sorted(more)]).encode()).hexdigest()[:12]
    directory = cache_directory() / ("debian-%s-%s-%s" % (release, architecture, key))
    with locked(directory):
        if not (directory / "etc").is_dir():
            make_debian(directory, release, architecture, more)
    return Root(directory, managed=True)


def make_debian(directory, release, architecture, more):
    if not shutil.which("mmdebstrap"):
        raise Failed("mmdebstrap is missing; install the Debian package mmdebstrap, or name a root with --root")
    say("making a Debian %s for %s in %s (only once; takes about half a minute)" % (release, architecture, directory))
    fresh = directory.with_name(directory.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    # The packages are unpacked and not set up, so this needs no emulator and runs none of their scripts as root.
    run_with_progress(
        [
            "mmdebstrap",
            "--mode=root",
            "--variant=extract",
            "--architectures=" + DEBIAN[architecture],
            "--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr",
            "--keyring=" + KEYRING,
            "--include=" + ",".join([*PACKAGES, *more]),
            "--format=directory",
            release,
            str(fresh),
            "deb [signed-by=%s] %s %s main" % (KEYRING, mirror(), release),
        ],
        cache_directory() / "mmdebstrap.log",
    )
    for name in ("usr/share/doc", "usr/share/man", "usr/share/locale", "var/cache/apt", "var/lib/apt/lists"):
        shutil.rmtree(fresh / name, ignore_errors=True)
    if not (fresh / "usr/bin/sh").exists():
        (fresh / "usr/bin/sh").symlink_to("dash")  # what dash's set-up did, up to Debian 11
    if not (fresh / "usr/bin/awk").exists():
        (fresh / "usr/bin/awk").symlink_to("mawk")
    directory.parent.mkdir(parents=True, exist_ok=True)
    fresh.rename(directory)


def mirror():
    done = subprocess.run(
        [pathlib.Path(__file__).resolve().parents[1] / "debian-mirror"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise Failed("%s; name a root with --root" % done.stderr.strip())
    return done.stdout.strip()


def run_with_progress(command, log):
    progress.run(command, log, "lambda")


class locked:  # pylint: disable=invalid-name
    """Lets only one process at a time create what is kept under this name."""

    def __init__(self, directory):
        self.name = directory.with_name(directory.name + ".lock")

    def __enter__(self):
        self.name.parent.mkdir(parents=True, exist_ok=True)
        self.file = open(self.name, "w")
        fcntl.flock(self.file, fcntl.LOCK_EX)

    def __exit__(self, *_):
        self.file.close()


# --- Images ---


def archive_kind(path):
    """Recognises an archive by its top-level files."""
    listing = subprocess.run(
        ["tar", "-tf", str(path)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False
    ).stdout
    top = {name[2:] if name.startswith("./") else name for name in listing.splitlines()}
    for name, kind in (("oci-layout", "oci-archive"), ("manifest.json", "docker-archive")):
        if name in top:
            return kind
    raise Failed("%s is neither a directory nor an OCI or docker archive" % path)


def named_image(name):
    """The name by which skopeo finds an image of podman or docker."""
    if shutil.which("podman") and subprocess.run(["podman", "image", "exists", name], check=False).returncode == 0:
        full = subprocess.run(
            ["podman", "image", "inspect", "--format", "{{.Id}}", name], stdout=subprocess.PIPE, text=True, check=True
        ).stdout.strip()
        return "containers-storage:" + full
    if (
        shutil.which("docker")
        and subprocess.run(
            ["docker", "image", "inspect", name], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
        ).returncode
        == 0
    ):
        return "docker-daemon:" + (name if ":" in name.rpartition("/")[2] else name + ":latest")
    raise Failed("%s: no such directory or file, and neither podman nor docker has an image of that name" % name)


def image(source, architecture):
    """Copies and unpacks the image, and keeps it under the name of its content."""
    for tool in ("skopeo", "umoci"):
        if not shutil.which(tool):
            raise Failed("%s is missing (Debian package %s)" % (tool, tool))
    inspected = subprocess.run(
        ["skopeo", "--override-arch", OCI[architecture], "inspect", "--config", "--raw", source],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if inspected.returncode != 0:
        raise Failed("can't read %s: %s" % (source, inspected.stderr.strip()))
    settings = json.loads(inspected.stdout)
    if settings.get("architecture") != OCI[architecture]:
        raise Failed("%s is for %s; use --arch" % (source, settings.get("architecture")))
    key = hashlib.sha256(inspected.stdout.encode()).hexdigest()[:16]
    directory = cache_directory() / ("image-" + key)
    with locked(directory):
        if not directory.is_dir():
            unpack_image(source, architecture, directory)
    return Root(directory / "rootfs", settings=settings.get("config"))


def unpack_image(source, architecture, directory):
    say("unpacking %s into %s (only once)" % (source, directory))
    layout, fresh = directory.with_name(directory.name + ".oci"), directory.with_name(directory.name + ".new")
    for left in (layout, fresh):
        shutil.rmtree(left, ignore_errors=True)
    try:
        log = cache_directory() / "image.log"
        run_with_progress(
            ["skopeo", "--override-arch", OCI[architecture], "copy", source, "oci:%s:image" % layout], log
        )
        run_with_progress(["umoci", "unpack", "--image", "%s:image" % layout, str(fresh)], log)
    finally:
        shutil.rmtree(layout, ignore_errors=True)
    fresh.rename(directory)
