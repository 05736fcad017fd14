# SPDX-License-Identifier: MIT
"""Directories of files, and archives of them. The same files give the same bytes, whenever and wherever they are made:
times come from SOURCE_DATE_EPOCH, modes from the file's place, owners are 0, names are sorted."""
import gzip
import io
import os
import shutil
import tarfile
import time
import zipfile

BEGINNING = 315532800  # 1980, the earliest time in a zip file
PROGRAMS = {"devshm-wrapper", "cli.js"}  # outside of bin/


def timestamp():
    return max(BEGINNING, int(os.environ.get("SOURCE_DATE_EPOCH", BEGINNING)))


def moment():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(timestamp()))


def is_program(path):
    return path.parent.name == "bin" or path.name in PROGRAMS


def files(root):
    return [path for path in sorted(root.rglob("*")) if path.is_file()]


def copy(source, target):
    """A file or a directory, with the directories above it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    else:
        shutil.copy(source, target)


def settle(root):
    """Sets modes and times, independently of the umask and the clock."""
    for path in [*sorted(root.rglob("*")), root]:
        path.chmod(0o755 if path.is_dir() or is_program(path) else 0o644)
        os.utime(path, (timestamp(), timestamp()))


def write_zip(root, target, first=()):
    """`first`: names that the archive begins with."""
    names = [str(path.relative_to(root)) for path in files(root)]
    names = [*first, *(name for name in names if name not in first)]
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in names:
            entry = zipfile.ZipInfo(name, time.gmtime(timestamp())[:6])
            entry.create_system = 3  # Unix: the modes count
            entry.external_attr = (0o100755 if is_program(root / name) else 0o100644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, (root / name).read_bytes(), compresslevel=9)


def compressed(content):
    return gzip.compress(content, 9, mtime=0)


def write_tar(root, target, prefix="", directories=True):
    target.write_bytes(compressed(tar(root, prefix, directories)))


def tar(root, prefix="", directories=True, headers=lambda path: {}, form=tarfile.GNU_FORMAT):
    """`headers`: the PAX headers of a file."""
    result = io.BytesIO()
    with tarfile.open(fileobj=result, mode="w", format=form) as archive:
        if prefix and directories:
            archive.addfile(entry(prefix.rstrip("/"), tarfile.DIRTYPE, 0o755))
        for path in sorted(root.rglob("*")):
            name = prefix + str(path.relative_to(root))
            if path.is_dir():
                if directories:
                    archive.addfile(entry(name, tarfile.DIRTYPE, 0o755))
                continue
            one = entry(name, tarfile.REGTYPE, 0o755 if is_program(path) else 0o644, path.stat().st_size)
            one.pax_headers = headers(path)
            archive.addfile(one, io.BytesIO(path.read_bytes()))
    return result.getvalue()


def entry(name, kind, mode, size=0):
    result = tarfile.TarInfo(name)
    result.type, result.mode, result.size, result.mtime = kind, mode, size, timestamp()
    result.uname = result.gname = "root"
    return result
