# SPDX-License-Identifier: MIT
"""Roots of other Debians, with the packages that a program wants, set up: made once, and kept in the user's cache directory."""
import pathlib
import shutil
import subprocess

from environment import Failed, roots  # noqa: F401  pylint: disable=unused-import
import progress

TOP = pathlib.Path(__file__).resolve().parents[2]


def root(suite, packages):
    return roots.cache_directory("apps") / "-".join([suite, *packages])


def make(suite, packages):
    """Makes the root where there is none yet; raises Failed."""
    directory = root(suite, packages)
    with roots.locked(directory):
        if directory.exists():
            return
        subprocess.run([TOP / "container/install", "mmdebstrap", "debian-archive-keyring"], check=True)
        print(f"making a Debian {suite}, some minutes ... ", end="", flush=True)
        fresh = directory.with_name(directory.name + ".new")  # what was given up half-way is no root
        shutil.rmtree(fresh, ignore_errors=True)
        progress.run(
            [
                "mmdebstrap",
                "--mode=root",
                "--variant=essential",
                "--include=" + ",".join(packages),
                "--keyring=" + roots.KEYRING,
                suite,
                str(fresh),
                roots.mirror(),
            ],
            directory.with_name("mmdebstrap.log"),
            "apps",
        )
        fresh.rename(directory)
