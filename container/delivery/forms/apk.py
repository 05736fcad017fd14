# SPDX-License-Identifier: MIT
"""A package for Alpine. Debian has no tool for it; the format is simple: two tar files, each compressed, one after the other
(https://wiki.alpinelinux.org/wiki/Apk_spec). The first, without the blocks that end a tar file, has .PKGINFO; the second has the files,
with a PAX header that has each file's SHA-1. The package is not signed: apk add --allow-untrusted."""
import hashlib
import io
import shutil
import tarfile

from .. import build, sbom, system, tree

INFORMATION = """# made by container/release
pkgname = devshm
pkgver = {version}-r0
pkgdesc = {description}
builddate = {time}
packager = {maintainer}
size = {size}
arch = {architecture}
origin = devshm
license = {licence}
provides = cmd:devshm={version}-r0
provides = cmd:devshmd={version}-r0
datahash = {hash}
"""


def checksum(path):
    return {"APK-TOOLS.checksum.SHA1": hashlib.sha1(path.read_bytes()).hexdigest()}


def control(text):
    """A tar file without its end."""
    result = io.BytesIO()
    one = tree.entry(".PKGINFO", tarfile.REGTYPE, 0o644, len(text))
    result.write(one.tobuf(tarfile.USTAR_FORMAT) + text + bytes(-len(text) % 512))
    return result.getvalue()


def make(installed, output, work):
    architecture = installed.architecture.machine
    root = work / "root"
    documents = system.place(installed, root)
    shutil.rmtree(root / "usr/lib/systemd", ignore_errors=True)  # Alpine has none
    sbom.write(root, "Alpine package for " + architecture, installed.statically_linked, documents / sbom.NAME)
    tree.settle(root)
    data = tree.compressed(tree.tar(root, headers=checksum, form=tarfile.PAX_FORMAT))
    text = INFORMATION.format(
        version=build.version(),
        description=system.DESCRIPTION,
        time=tree.timestamp(),
        maintainer=system.MAINTAINER,
        size=system.size(root),
        architecture=architecture,
        hash=hashlib.sha256(data).hexdigest(),
        licence="MIT AND LGPL-2.1-only" if installed.statically_linked else "MIT",
    )
    target = output / ("devshm-%s-r0.%s.apk" % (build.version(), architecture))
    target.write_bytes(tree.compressed(control(text.encode())) + data)
    return target
