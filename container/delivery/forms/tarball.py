# SPDX-License-Identifier: MIT
"""All files, for unpacking anywhere: bin/devshm finds ../lib."""
from .. import build, sbom, system, tree

DOCUMENTS = "share/doc/devshm"


def make(installed, output, work):
    name = "devshm-%s-linux-%s" % (build.version(), installed.architecture.name)
    root = work / "root"
    tree.copy(installed.tree, root)
    system.add_documents(root / DOCUMENTS, installed)
    sbom.write(
        root,
        "files for Linux on " + installed.architecture.name,
        installed.statically_linked,
        root / DOCUMENTS / sbom.NAME,
    )
    tree.settle(root)
    target = output / (name + ".tar.gz")
    tree.write_tar(root, target, prefix=name + "/")
    return target
