#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Follows the recipe for a wrapped function (docs/contributing.md) on a copy of the sources, with swapon, which devshm passes
through: afterwards the function and its system call are rewritten, and the tests' lists say so.

    recipe_test.py LIBRARY     the library as it is, which must not wrap swapon
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
CALLS = """
import ctypes, os
libc = ctypes.CDLL(None)
libc.swapon(b"/dev/shm/by-function", 0)
libc.syscall(%d, b"/dev/shm/by-system-call", 0)
"""
NUMBER = {"x86_64": 167, "aarch64": 224}[os.uname().machine]


def edit(path, before, after):
    text = path.read_text()
    assert text.count(before) == 1, "%s does not have %r once" % (path, before)
    path.write_text(text.replace(before, after))


def follow_recipe(tree):
    wrap = tree / "preload/wrap"
    edit(wrap / "mount.cpp", "#include <sys/mount.h>\n", "#include <sys/mount.h>\n#include <sys/swap.h>\n")
    edit(wrap / "mount.cpp", "FORWARD(umount, path, 1);\n", "FORWARD(umount, path, 1);\nFORWARD(swapon, path, 1);\n")
    edit(
        wrap / "syscall_table.h",
        "    case SYS_umount2: return path(1);\n",
        "    case SYS_umount2: return path(1);\n    case SYS_swapon: return path(1);\n",
    )
    edit(
        tree / "tests/artifact/functions.tsv",
        "\nswapon\tmount\tpassed\ttakes a device or a file on disk; tmpfs can't hold swap\n",
        "\nswapon\tmount\twrapped\n",
    )


def rerouted(library):
    """What the library's log says of the two calls, which fail."""
    with tempfile.TemporaryDirectory() as scratch:
        environment = dict(
            os.environ, LD_PRELOAD=str(library), DEVSHM_DIR=scratch + "/backing", DEVSHM_LOG=scratch + "/log"
        )
        subprocess.run([sys.executable, "-c", CALLS % NUMBER], env=environment, check=True, timeout=60)
        log = pathlib.Path(scratch, "log")
        return [line.split()[2] for line in log.read_text().splitlines()] if log.exists() else []


def main():
    before = rerouted(pathlib.Path(sys.argv[1]).resolve())
    with tempfile.TemporaryDirectory() as scratch:
        tree = pathlib.Path(scratch)
        for name in ("meson.build", "meson_options.txt", "preload", "docs", "tests/artifact", "daemon", "container"):
            source = TOP / name
            if source.is_dir():
                shutil.copytree(source, tree / name, symlinks=True)
            elif source.exists():
                shutil.copy(source, tree / name)
        follow_recipe(tree)
        build = tree / "build"
        for command in (
            ["meson", "setup", build, tree, "-Dtests=disabled", "-Ddaemon=disabled"],
            ["ninja", "-j2", "-C", build, "preload/libdevshm.so"],
        ):
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
            if done.returncode:
                print(done.stdout[-3000:])
                return 1
        library = build / "preload/libdevshm.so"
        after = rerouted(library)
        listed = subprocess.run(
            [tree / "tests/artifact/check_file", library], stdout=subprocess.PIPE, text=True, check=False
        )
    print("before: %s\nafter: %s\n%s" % (before, after, listed.stdout))
    wanted = ["/dev/shm/by-function", "/dev/shm/by-system-call"]
    return 0 if before == [] and after == wanted and listed.returncode == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
