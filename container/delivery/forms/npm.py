# SPDX-License-Identifier: MIT
"""A package for npm, with the library of each architecture."""
import json
import pathlib

from .. import build, sbom, tree

SOURCES = pathlib.Path(__file__).resolve().parents[1] / "node"


def make_for_all(installed, output, work):
    root = work / "root"
    root.mkdir()
    cpus = json.dumps([one.architecture.node for one in installed])
    for path in tree.files(SOURCES):
        (root / path.name).write_text(path.read_text().replace("@VERSION@", build.version()).replace("@CPU@", cpus))
    for one in installed:
        for name in ("lib/libdevshm.so", "lib/libdevshm-check.so", "bin/devshm"):
            tree.copy(one.tree / name, root / one.architecture.node / pathlib.Path(name).name)
    tree.copy(build.PROJECT / "LICENSE", root / "LICENSE")
    sbom.write(root, "npm package", [])
    tree.settle(root)
    target = output / ("devshm-%s.tgz" % build.version())
    tree.write_tar(root, target, prefix="package/", directories=False)  # npm's own have no directories, either
    return target
