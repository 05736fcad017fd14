# SPDX-License-Identifier: MIT
"""Makes the files to deliver: zip, tarball, Debian package. Their bytes don't depend on when or where they are made."""
import email.utils
import gzip
import os
import pathlib
import shutil
import time
import zipfile

from .build import PROJECT, call, version

HERE = pathlib.Path(__file__).resolve().parent
LICENCE = "share/doc/devshm/LICENSE"
BEGINNING = 315532800  # 1980, the earliest time in a zip file


def timestamp():
    return max(BEGINNING, int(os.environ.get("SOURCE_DATE_EPOCH", BEGINNING)))


def add_licence(tree):
    (tree / LICENCE).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(PROJECT / "LICENSE", tree / LICENCE)


def set_modes(tree):
    """Sets the modes, independently of the umask."""
    for path in sorted(tree.rglob("*")):
        executable = path.is_dir() or path.parent.name == "bin" or path.name == "devshm-wrapper"
        path.chmod(0o755 if executable else 0o644)
        os.utime(path, (timestamp(), timestamp()))
    tree.chmod(0o755)
    os.utime(tree, (timestamp(), timestamp()))


FOR_PEOPLE = {"man", "bash-completion", "zsh", "fish"}  # in share/; a function has no use for them


def layer(tree, target):
    """Lambda unpacks it at /opt: lib/ is in LD_LIBRARY_PATH there, bin/ in PATH, and wrappers are at the top."""
    add_licence(tree)
    shutil.copy(HERE / "devshm-wrapper", tree / "devshm-wrapper")
    set_modes(tree)
    moment = time.gmtime(timestamp())[:6]
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
        for path in sorted(tree.rglob("*")):
            if path.is_file() and not FOR_PEOPLE.intersection(path.relative_to(tree).parts):
                entry = zipfile.ZipInfo(str(path.relative_to(tree)), moment)
                entry.create_system = 3  # Unix: the modes count
                entry.external_attr = (0o100000 | path.stat().st_mode & 0o777) << 16
                entry.compress_type = zipfile.ZIP_DEFLATED
                file.writestr(entry, path.read_bytes(), compresslevel=9)
    (tree / "devshm-wrapper").unlink()


def tarball(tree, target, name):
    """It can be unpacked anywhere: bin/devshm finds ../lib."""
    add_licence(tree)
    set_modes(tree)
    call("tar", "--create", "--file", target.with_suffix(""), "--sort=name", "--format=gnu", "--owner=0", "--group=0",
         "--numeric-owner", "--mtime=@%d" % timestamp(), "--transform=s,^\\.,%s," % name, "-C", tree, ".")
    call("gzip", "-9", "--no-name", "--force", target.with_suffix(""))


MAINTAINER = "devshm developers <devshm@users.noreply.github.com>"
CONTROL = """Package: devshm
Version: {version}
Architecture: {architecture}
Maintainer: {maintainer}
Installed-Size: {size}
Depends: libc6
Section: utils
Priority: optional
Multi-Arch: foreign
Description: working /dev/shm for programs on machines without one
 A library to be preloaded that sends every path below /dev/shm to a directory
 (/tmp/shm), and makes libc's own sem_open and shm_open work there. For AWS
 Lambda and other sandboxes that have no /dev/shm.
 .
 "devshm run COMMAND" runs a program with it, "devshm check" reports whether it
 works on this machine.
"""
NEWS = """devshm ({version}) unstable; urgency=medium

  * See CHANGELOG.md in this directory.

 -- {maintainer}  {date}
"""
COPYRIGHT = """Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: devshm

Files: *
Copyright: {holder}
License: Expat
{text}
"""


def debian_package(installed, target, architecture, tree):
    """Assembles the package in `tree`. The library goes to /usr/lib/devshm, so that nobody links with it."""
    shutil.copytree(installed / "bin", tree / "usr/bin")
    shutil.copytree(installed / "lib", tree / "usr/lib/devshm")
    for folder in FOR_PEOPLE:
        shutil.copytree(installed / "share" / folder, tree / "usr/share" / folder)
    (tree / "usr/share/zsh/site-functions").rename(tree / "usr/share/zsh/vendor-completions")  # Debian's place
    for page in (tree / "usr/share/man").rglob("*.[1-8]"):
        page.with_name(page.name + ".gz").write_bytes(gzip.compress(page.read_bytes(), mtime=0))
        page.unlink()
    (tree / "usr/lib/tmpfiles.d").mkdir()
    shutil.copy(HERE / "tmpfiles.d/devshm.conf", tree / "usr/lib/tmpfiles.d")
    licence = (PROJECT / "LICENSE").read_text().splitlines()
    holder = next(line for line in licence if line.startswith("Copyright")).replace("Copyright (c) ", "")
    document = tree / "usr/share/doc/devshm"
    document.mkdir(parents=True, exist_ok=True)
    text = licence[[line.startswith("Permission") for line in licence].index(True):]
    (document / "copyright").write_text(COPYRIGHT.format(
        holder=holder, text="\n".join(" " + (line or ".") for line in text)))
    shutil.copy(PROJECT / "CHANGELOG.md", document)
    news = NEWS.format(version=version(), maintainer=MAINTAINER, date=email.utils.formatdate(timestamp()))
    (document / "changelog.gz").write_bytes(gzip.compress(news.encode(), mtime=0))
    set_modes(tree)
    size = sum(path.stat().st_size for path in tree.rglob("*") if path.is_file())
    (tree / "DEBIAN").mkdir()
    (tree / "DEBIAN/control").write_text(CONTROL.format(
        version=version(), architecture=architecture.debian, maintainer=MAINTAINER, size=-(-size // 1024)))
    (tree / "DEBIAN").chmod(0o755)
    (tree / "DEBIAN/control").chmod(0o644)
    call("dpkg-deb", "--root-owner-group", "-Zxz", "--build", tree, target,
         env={**os.environ, "SOURCE_DATE_EPOCH": str(timestamp())})


def library(tree, target):
    shutil.copy(next(tree.rglob("libdevshm.so")), target)
    target.chmod(0o755)
