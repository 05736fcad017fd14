# SPDX-License-Identifier: MIT
"""An RPM package, made by rpmbuild from the files as they are."""
import os
import shutil

import progress

from .. import build, sbom, system, tree

SPEC = """Name: devshm
Version: {version}
Release: 1
Summary: {description}
License: {licence}
Packager: {maintainer}
Requires: /bin/sh
Recommends: fuse3
AutoReqProv: no

%description
A library to be preloaded that sends every path below /dev/shm to a directory
(/tmp/shm), and makes libc's own sem_open and shm_open work there. For AWS
Lambda and other sandboxes that have no /dev/shm. "devshm run COMMAND" runs a
program with it, "devshm check" reports whether it works on this machine.
"devshmd" serves /dev/shm by FUSE.

%install
cp -a {root}/. %{{buildroot}}

%files
%defattr(-,root,root,-)
%dir /usr/lib/devshm
%dir /usr/share/doc/devshm
{files}
"""
# The files are packed as they are: compiled, stripped, compressed; and nothing of the machine or the hour is in the package.
MACROS = {
    "_buildhost": "localhost",
    "use_source_date_epoch_as_buildtime": "1",
    "clamp_mtime_to_source_date_epoch": "1",
    "_build_id_links": "none",
    "__os_install_post": "%{nil}",
    "debug_package": "%{nil}",
    "_binary_payload": "w9.gzdio",  # every rpm reads it
}


def line(path, root):
    name = "/" + str(path.relative_to(root))
    if name.startswith("/usr/share/doc/"):
        return ("%license " if path.name == "LICENSE" else "%doc ") + name
    return name


def make(installed, output, work):
    architecture = installed.architecture.machine
    root = work / "root"
    documents = system.place(installed, root)
    sbom.write(root, "RPM package for " + architecture, installed.statically_linked, documents / sbom.NAME)
    tree.settle(root)
    licence = "MIT and LGPLv2+" if installed.statically_linked else "MIT"
    (work / "devshm.spec").write_text(
        SPEC.format(
            version=build.version(),
            description=system.DESCRIPTION,
            licence=licence,
            maintainer=system.MAINTAINER,
            root=root,
            files="\n".join(line(path, root) for path in tree.files(root)),
        )
    )
    macros = {**MACROS, "_topdir": work, "_dbpath": work / "database", "_tmppath": work}
    progress.run(
        [
            "rpmbuild",
            "-bb",
            "--target",
            architecture + "-linux",
            *(word for name, value in macros.items() for word in ("--define", "%s %s" % (name, value))),
            work / "devshm.spec",
        ],
        work / "log",
        "devshm.rpm for " + architecture,
        env={**os.environ, "HOME": str(work), "SOURCE_DATE_EPOCH": str(tree.timestamp())},
    )
    (made,) = work.glob("RPMS/*/*.rpm")
    return shutil.copy(made, output / made.name)
