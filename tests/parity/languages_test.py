#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The file functions of C, C++, Rust and Go, built in the ways that make compilers take different ones of libc's for the
same call: on a real tmpfs and on the overlay.

  languages_test.py LIBRARY
"""
import argparse
import concurrent.futures
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import workshop
from engine import KnownPart

SOURCES = Path(__file__).resolve().parent / "languages"

VARIANTS = {
    "plain": ["-O0"],
    "fortified-2": ["-O2", "-D_FORTIFY_SOURCE=2", "-D_FILE_OFFSET_BITS=64"],
    "fortified-3": ["-O2", "-D_FORTIFY_SOURCE=3"],
}
C_COMPILERS = {
    "c": ("files.c", ["/usr/bin/gcc", "/usr/bin/clang"], ["-std=gnu11", "-D_GNU_SOURCE"]),
    "cpp": ("files.cpp", ["/usr/bin/g++", "/usr/bin/clang++"], ["-std=c++20"]),
}
# What a fortified C program calls instead. A build that does not would be the same test once more. (Debian 12's clang
# goes by glibc's headers only as far as printf.)
CHECKING = {"__readlink_chk", "__readlinkat_chk", "__realpath_chk", "__getcwd_chk"}
FORTIFIED = {
    "c-gcc-fortified-2": CHECKING | {"__open64_2", "__openat64_2"},
    "c-gcc-fortified-3": CHECKING | {"__open_2", "__openat_2"},
    "c-clang-fortified-2": {"__printf_chk", "fopen64", "stat64"},
    "c-clang-fortified-3": {"__printf_chk", "fopen", "stat"},
}

KNOWN = [
    KnownPart(
        "package os of Go makes its system calls by itself: no preload sees them",
        r"/go go$",
        (r"(?s)^ReadFile .*?(?=^== err)", r"^/dev/shm/(new|x): .*\n"),
    ),
]
KNOWN_LEAKS = {r"/go go$": [r'openat\(AT_FDCWD, "/dev/shm/(a|new|dir)", ', r'mkdirat\(AT_FDCWD, "/dev/shm/x", ']}


def build_steps(into):
    """What to run for each program: a name, the command, and its environment."""
    for language, (source, compilers, flags) in C_COMPILERS.items():
        for compiler in compilers:
            for variant, its_flags in VARIANTS.items():
                name = f"{language}-{os.path.basename(compiler)}-{variant}"
                yield name, [
                    compiler,
                    *flags,
                    "-Wall",
                    "-Wextra",
                    "-Werror",
                    "-Wno-unused-result",
                    *its_flags,
                    SOURCES / source,
                    "-o",
                    f"{into}/{name}",
                ], {}
    yield "rust", ["/usr/bin/rustc", "-D", "warnings", "-O", SOURCES / "files.rs", "-o", f"{into}/rust"], {}
    go = {"GO111MODULE": "off", "GOFLAGS": "", "GOPROXY": "off", "GOCACHE": f"{into}/go-cache", "GOTOOLCHAIN": "local"}
    yield "go", ["/usr/bin/go", "build", "-o", f"{into}/go", SOURCES / "files.go"], go


def build(step):
    name, command, env = step
    try:
        done = subprocess.run(
            command, env={**os.environ, **env}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
    except FileNotFoundError as missing:
        return f"{name}: {missing}"
    return f"{name} does not build:\n{done.stdout}" if done.returncode else None


def imports(program):
    listing = subprocess.run(
        ["nm", "-D", "--undefined-only", program], capture_output=True, text=True, check=True
    ).stdout
    return {line.split()[-1].partition("@")[0] for line in listing.splitlines()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    workshop.add_options(parser)
    options = parser.parse_args()

    with tempfile.TemporaryDirectory(prefix="languages.") as into:
        steps = list(build_steps(into))
        with concurrent.futures.ThreadPoolExecutor(2) as executor:
            complaints = [complaint for complaint in executor.map(build, steps) if complaint]
        if complaints:
            print("\n".join(f"FAIL {complaint}" for complaint in complaints))
            return 1
        programs = [name for name, _, _ in steps]
        commands = [f"$PROGRAMS/{name}" for name in programs if name != "go"]
        commands += [f"$PROGRAMS/go {what}" for what in ("c", "go", "children")]
        comparison = workshop.on_all_grounds(
            options,
            commands,
            KNOWN,
            extra=[f"{into}/{name}" for name in programs],
            env=["PROGRAMS=@DIR@"],
            known_leaks=KNOWN_LEAKS,
        )
        for name in programs:
            for function in sorted(FORTIFIED.get(name, set()) - imports(f"{into}/{name}")):
                comparison.fail(f"{name} does not call {function}: it tests what another build tests already")
    comparison.all_known_occur()
    return comparison.end()


if __name__ == "__main__":
    sys.exit(main())
