# SPDX-License-Identifier: MIT
"""The files as they lie in a distribution's file system, for its packages."""
import gzip
import pathlib
import shutil

from . import build, tree

HERE = pathlib.Path(__file__).resolve().parent
DESCRIPTION = "working /dev/shm for programs on machines without one"
HOLDER = "devshm developers"
MAINTAINER = HOLDER + " <devshm@users.noreply.github.com>"
SOURCES = {"libfuse3": "libfuse3-dev", "fmt": "libfmt-dev", "glibc": "libc6-dev", "libstdc++": "libstdc++-12-dev"}
LICENCES = [pathlib.Path("/usr/share/common-licenses") / name for name in ("LGPL-2.1", "GPL-3")]
STATIC = """devshmd contains these libraries, linked statically. With the sources of devshm %s it can be linked with others: configure with
-Ddaemon=enabled -Dstatic_daemon=true. Their copyright notices and licences are in this directory.

%s
"""


def add_documents(target, installed, licences=True):
    """Writes the licence and those of devshmd's libraries. Without `licences`, only what differs between packages."""
    target.mkdir(parents=True, exist_ok=True)
    if licences:
        shutil.copy(build.PROJECT / "LICENSE", target / "LICENSE")
    if not installed.statically_linked:
        return
    for part in installed.statically_linked:
        notice = pathlib.Path("/usr/share/doc") / SOURCES[part["name"]] / "copyright"
        if notice.exists():
            shutil.copy(notice, target / ("copyright-%s" % part["name"]))
    for licence in LICENCES if licences else ():
        if licence.exists():
            shutil.copy(licence, target / licence.name)
    (target / "static-libraries.txt").write_text(
        STATIC
        % (
            build.version(),
            "\n".join(
                "%s %s, %s" % (one["name"], one["version"], one["licenses"][0]["expression"])
                for one in installed.statically_linked
            ),
        )
    )


def place(installed, root, licences=True):
    """The library goes to /usr/lib/devshm, so that nothing is linked with it by chance."""
    tree.copy(installed.tree / "bin", root / "usr/bin")
    for name in ("libdevshm.so", "libdevshm-check.so"):
        tree.copy(installed.tree / "lib" / name, root / "usr/lib/devshm" / name)
    for folder in ("man", "bash-completion", "zsh", "fish"):
        tree.copy(installed.tree / "share" / folder, root / "usr/share" / folder)
    for page in (root / "usr/share/man").rglob("*.[1-8]"):
        page.with_name(page.name + ".gz").write_bytes(gzip.compress(page.read_bytes(), 9, mtime=0))
        page.unlink()
    tree.copy(HERE / "tmpfiles.d/devshm.conf", root / "usr/lib/tmpfiles.d/devshm.conf")
    if installed.statically_linked:
        tree.copy(
            installed.tree / "lib/systemd/system/devshmd.service", root / "usr/lib/systemd/system/devshmd.service"
        )
    documents = root / "usr/share/doc/devshm"
    add_documents(documents, installed, licences)
    shutil.copy(build.PROJECT / "CHANGELOG.md", documents / "CHANGELOG.md")
    return documents


def size(root):
    return sum(path.stat().st_size for path in tree.files(root))
