# SPDX-License-Identifier: MIT
"""A Debian package."""
import email.utils
import gzip
import os
import shutil

import progress

from .. import build, sbom, system, tree

CONTROL = """Package: devshm
Version: {version}
Architecture: {architecture}
Maintainer: {maintainer}
Installed-Size: {size}
Depends: libc6
Recommends: fuse3
Section: utils
Priority: optional
Multi-Arch: foreign
Description: {description}
 A library to be preloaded that sends every path below /dev/shm to a directory
 (/tmp/shm), and makes libc's own sem_open and shm_open work there. For AWS
 Lambda and other sandboxes that have no /dev/shm.
 .
 "devshm run COMMAND" runs a program with it, "devshm check" reports whether it
 works on this machine. "devshmd" serves /dev/shm by FUSE.
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
# The library is one file for every libc, so it has no dependencies on shared libraries.
OVERRIDES = """devshm: statically-linked-binary [usr/bin/devshmd]
"""


def write_copyright(target):
    licence = (build.PROJECT / "LICENSE").read_text().splitlines()
    holder = next(line for line in licence if line.startswith("Copyright")).replace("Copyright (c) ", "")
    text = licence[[line.startswith("Permission") for line in licence].index(True) :]
    target.write_text(COPYRIGHT.format(holder=holder, text="\n".join(" " + (line or ".") for line in text)))


def assemble(installed, root):
    documents = system.place(installed, root, licences=False)
    (root / "usr/share/zsh/site-functions").rename(root / "usr/share/zsh/vendor-completions")  # Debian's place
    write_copyright(documents / "copyright")
    news = NEWS.format(
        version=build.version(), maintainer=system.MAINTAINER, date=email.utils.formatdate(tree.timestamp())
    )
    (documents / "changelog.gz").write_bytes(gzip.compress(news.encode(), 9, mtime=0))
    if installed.statically_linked:
        (root / "usr/share/lintian/overrides").mkdir(parents=True)
        (root / "usr/share/lintian/overrides/devshm").write_text(OVERRIDES)
    sbom.write(
        root, "Debian package for " + installed.architecture.debian, installed.statically_linked, documents / sbom.NAME
    )
    tree.settle(root)


def make(installed, output, work):
    target = output / ("devshm_%s_%s.deb" % (build.version(), installed.architecture.debian))
    root = work / "root"
    assemble(installed, root)
    (root / "DEBIAN").mkdir()
    (root / "DEBIAN/control").write_text(
        CONTROL.format(
            version=build.version(),
            architecture=installed.architecture.debian,
            maintainer=system.MAINTAINER,
            description=system.DESCRIPTION,
            size=-(-system.size(root) // 1024),
        )
    )
    (root / "DEBIAN").chmod(0o755)
    (root / "DEBIAN/control").chmod(0o644)
    progress.run(
        ["dpkg-deb", "--root-owner-group", "-Zxz", "--build", root, target],
        work / "log",
        target.name,
        env={**os.environ, "SOURCE_DATE_EPOCH": str(tree.timestamp())},
    )
    shutil.rmtree(root)
    return target
