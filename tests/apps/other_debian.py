# SPDX-License-Identifier: MIT
"""Roots of other Debians, with the packages that a program wants: made by mmdebstrap, kept in the user's cache directory."""
import os
import pathlib
import shutil
import subprocess

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
TOP = pathlib.Path(__file__).resolve().parents[2]


def root(suite, packages):
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
    return cache / "devshm" / "apps" / "-".join([suite, *packages])


def make(suite, packages):
    """Makes the root where there is none yet."""
    directory = root(suite, packages)
    if directory.exists():
        return
    subprocess.run([TOP / "container/install", "mmdebstrap", "debian-archive-keyring"], check=True)
    mirror = subprocess.run([TOP / "container/debian-mirror"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    print(f"making a Debian {suite}, some minutes ... ", end="", flush=True)
    fresh = directory.with_name(directory.name + ".new")      # what was given up half-way is no root
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mmdebstrap", "--quiet", "--mode=root", "--variant=essential", f"--include={','.join(packages)}",
                    f"--keyring={KEYRING}", suite, fresh, mirror], check=True)
    fresh.rename(directory)
