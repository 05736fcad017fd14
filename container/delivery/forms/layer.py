# SPDX-License-Identifier: MIT
"""A Lambda layer. Lambda unpacks it at /opt: lib/ is in LD_LIBRARY_PATH there, bin/ in PATH, and wrappers are at the top."""
import pathlib

from .. import build, sbom, tree

WRAPPER = pathlib.Path(__file__).resolve().parents[1] / "devshm-wrapper"
DOCUMENTS = "share/doc/devshm"


def assemble(installed, root):
    """The files of a layer, which other forms have, too: the library and its command, without manual pages and daemon."""
    for name in ("bin/devshm", "lib/libdevshm.so", "lib/libdevshm-check.so"):
        tree.copy(installed.tree / name, root / name)
    tree.copy(WRAPPER, root / WRAPPER.name)
    tree.copy(build.PROJECT / "LICENSE", root / DOCUMENTS / "LICENSE")
    sbom.write(root, "Lambda layer for " + installed.architecture.name, [], root / DOCUMENTS / sbom.NAME)
    tree.settle(root)


def name(architecture):
    return "devshm-%s-layer-%s.zip" % (build.version(), architecture.name)


def make(installed, output, work):
    target = output / name(installed.architecture)
    assemble(installed, work / "root")
    tree.write_zip(work / "root", target)
    return target
