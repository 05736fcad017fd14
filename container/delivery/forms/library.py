# SPDX-License-Identifier: MIT
"""The library alone, for copying as libdevshm.so. Its licence and its SBOM lie beside it."""
import shutil

from .. import sbom, tree


def make(installed, output, work):
    target = output / ("libdevshm-%s.so" % installed.architecture.name)
    tree.copy(installed.tree / "lib/libdevshm.so", work / target.name)
    shutil.copy(work / target.name, target)
    target.chmod(0o755)
    sbom.write(work, "the library alone, for " + installed.architecture.name, [], target.with_suffix(".cdx.json"))
    return target
