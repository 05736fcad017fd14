# SPDX-License-Identifier: MIT
"""Roots that others have made: the unpacked files of a container image, or any directory with a libc in it."""
import pathlib
import re

import cells

MACHINES = {0x3E: "x86_64", 0xB7: "aarch64"}  # e_machine of an ELF header
# Where distributions have their libc and their Python; AWS's images have one of their own.
LIBC_PLACES = ("lib64", "lib", "usr/lib64", "usr/lib", "lib/*-linux-gnu", "usr/lib/*-linux-gnu")
MUSL_PLACES = ("lib", "usr/lib")
PYTHON_PLACES = ("var/lang/bin", "usr/local/bin", "usr/bin")
OLDEST_PYTHON = (3, 8)  # the first with multiprocessing.shared_memory


class NoLibc(Exception):
    """The directory is no root, or not one for us."""


def inside(root, path):
    """The file that a path is within a root: absolute symbolic links begin at it."""
    for _ in range(40):
        if not path.is_symlink():
            return path
        target = path.readlink()
        path = root / target.relative_to("/") if target.is_absolute() else path.parent / target
    return path


def find(root, places, pattern):
    """Files of a root; links that lead nowhere don't count."""
    for place in places:
        for directory in sorted(root.glob(place)):
            for file in sorted(inside(root, directory).glob(pattern)):
                if inside(root, file).is_file():
                    yield file


def libc_files(root, kind):
    """[(name, contents)] of the files that hold a constant: musl's libc is its loader, by whichever name."""
    if kind == "musl":
        return [("libc.so", inside(root, file).read_bytes()) for file in find(root, MUSL_PLACES, "ld-musl-*.so.1")][:1]
    return [
        (file.name, inside(root, file).read_bytes())
        for file in find(root, LIBC_PLACES, "lib*.so.*")
        if re.fullmatch(r"(libc|libpthread|librt)\.so\.\d", file.name)
    ]


class Image:
    """As roots.Root, of which only the origin is another."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory).resolve()
        glibc = dict(libc_files(self.directory, "glibc")).get("libc.so.6")
        musl = dict(libc_files(self.directory, "musl")).get("libc.so")
        text = glibc or musl
        if not text:
            raise NoLibc("%s holds neither glibc nor musl" % directory)
        self.kind = "glibc" if glibc else "musl"
        self.machine = MACHINES.get(int.from_bytes(text[18:20], "little"))
        if self.machine not in cells.ARCHITECTURES:
            raise NoLibc("%s is for another machine than %s" % (directory, " and ".join(cells.ARCHITECTURES)))
        pattern = rb"GNU C Library [^\n]* version (\d+\.\d+)" if glibc else rb"\0(\d+\.\d+\.\d+)\0"
        found = re.search(pattern, text)
        if not found:
            raise NoLibc("the libc of %s does not say its version" % directory)
        self.version = found.group(1).decode()
        # An extracted image has all of them but the last; the cells mount on them.
        for name in ("dev", "tmp", "proc", "run", "matrix"):
            (self.directory / name).mkdir(exist_ok=True)

    @property
    def number(self):
        return tuple(map(int, self.version.split(".")))[:2]

    @property
    def python(self):
        """The newest interpreter that can do what the check wants; None if there is none."""
        found = {}
        for file in find(self.directory, PYTHON_PLACES, "python3.*"):
            version = re.fullmatch(r"python3\.(\d+)", file.name)
            if version and (3, int(version.group(1))) >= OLDEST_PYTHON:
                found.setdefault(int(version.group(1)), "/%s" % file.relative_to(self.directory))
        return found[max(found)] if found else None


def cell(name, directory):
    """(libc, architecture, root) of a directory."""
    image = Image(directory)
    return cells.Libc(name, ("an image",), kind=image.kind), cells.ARCHITECTURES[image.machine], image
