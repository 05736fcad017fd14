# SPDX-License-Identifier: MIT
"""Searches for the programs that the machine must have, and installs missing ones from Debian's packages."""
import os
import pathlib
import shutil
import sys

from . import Failed, bundle, emulation, roots, sandbox

INSTALL = pathlib.Path(__file__).resolve().parents[1] / "install"
ALWAYS = {"crun": "crun", "mkfs.ext4": "e2fsprogs", "mount": "mount", "unzip": "unzip"}
# They are copied into each environment, so they must not need a library.
COPIED = {bundle.INIT: "tini", bundle.PAUSE[0]: "busybox-static"}
IMAGES = {"skopeo": "skopeo", "umoci": "umoci"}


def is_static(program):
    try:
        with open(program, "rb") as file:
            return b"/ld-" not in file.read(4096)
    except OSError:
        return False


def missing(options):
    """The packages that this run needs."""
    wanted = dict(ALWAYS)
    makes_roots = not options.root or options.snapstart  # CRIU has one of its own
    if makes_roots:
        wanted["mmdebstrap"] = "mmdebstrap"
    if options.root and not pathlib.Path(options.root).is_dir():
        wanted.update(IMAGES)
    found = [package for tool, package in wanted.items() if not shutil.which(tool)]
    found += [package for inside, package in COPIED.items() if not is_static(sandbox.PROGRAMS[inside])]
    if makes_roots and not pathlib.Path(roots.KEYRING).exists():
        found.append("debian-archive-keyring")
    if options.arch != emulation.native() and not os.access(emulation.QEMU[options.arch], os.X_OK):
        found.append("qemu-user-static")
    return found


def provide(options):
    """Installs what is missing, or reports it."""
    if os.geteuid() != 0:
        raise Failed(
            "needs root for loop devices and ext4 mounts: sudo container/lambda ... (without root, "
            "container/hide-shm runs a command without /dev/shm)"
        )
    if sys.version_info < (3, 9):
        raise Failed("needs Python 3.9 or later")
    os.environ["PATH"] = os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin"
    packages = missing(options)
    if not packages:
        return
    if options.no_install or not shutil.which("apt-get"):
        raise Failed("install these first (names of Debian's packages): " + " ".join(packages))
    roots.say("installing " + " ".join(packages))
    roots.run_with_progress([str(INSTALL), *packages], roots.cache_directory() / "install.log")
    if missing(options):
        raise Failed("the packages were installed, but these are still missing: " + " ".join(missing(options)))
