# SPDX-License-Identifier: MIT
"""What is promised of the library's file, checked on the very file that the cells run with, for each architecture."""
import pathlib
import subprocess

import build
import cells
import images
from calls import ended
from ground.private_apt import FetchFailed, NotAvailable

LIBRARY_TESTS = pathlib.Path(__file__).resolve().parent.parent / "artifact"
OLDEST_MUSL = "musl-bookworm"


class Failed(Exception):
    """With what is wrong."""


def run(*command):
    done = ended(*command, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        raise Failed("".join(line for line in done.stdout.splitlines(True) if not line.startswith("ok ")))
    return done.stdout.splitlines()[-1]


def file(architecture, library, cache):
    """needed libraries, imports, exports, segments and size"""
    libc = next(libc for libc in cells.LIBCS if libc.name == OLDEST_MUSL)
    try:
        root = cache.root(libc, architecture).directory
    except (NotAvailable, FetchFailed) as reason:
        raise Failed("no musl to look into: %s" % reason) from None
    loader = images.inside(root, root / build.loader(architecture, "musl")[1:])
    return run(LIBRARY_TESTS / "check_file", library, "--musl", loader)


def inspector(_architecture, library, _cache):
    """devshm check's library starts in every program"""
    file = library.with_name("libdevshm-check.so")
    if not file.exists():
        raise Failed("there is no libdevshm-check.so beside the library")
    return run(LIBRARY_TESTS / "check_inspector", file)


def same_bytes(architecture, _library, _cache):
    """the same bytes when built again in another directory"""
    cross = [build.cross_file(architecture)] if architecture.emulator else []
    return run(LIBRARY_TESTS / "reproducible_test", build.PROJECT, *cross)


def patched(_architecture, library, _cache):
    """patchelf can change the file"""
    return run(LIBRARY_TESTS / "patched", library, "ls")


CHECKS = (file, inspector, same_bytes, patched)
