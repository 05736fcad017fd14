# SPDX-License-Identifier: MIT
"""A Python wheel (PEP 427) with the library, the command and the module devshm. The one library is for glibc and musl, so the
wheel has both platforms' tags."""
import base64
import hashlib
import pathlib

from .. import build, sbom, system, tree

SOURCES = pathlib.Path(__file__).resolve().parents[1] / "python"
# The oldest libcs that the library is for: glibc 2.17, musl 1.1.
PLATFORMS = ("manylinux_2_17_{0}", "manylinux2014_{0}", "musllinux_1_1_{0}")
METADATA = """Metadata-Version: 2.1
Name: devshm
Version: {version}
Summary: {description}
Author: devshm developers
License: MIT
License-File: LICENSE
Classifier: License :: OSI Approved :: MIT License
Classifier: Operating System :: POSIX :: Linux
Classifier: Programming Language :: Python :: 3
Requires-Python: >=3.6
Description-Content-Type: text/markdown

"""
ENTRY_POINTS = "[console_scripts]\ndevshm = devshm.__main__:main\n"


def record(root, name):
    """The list of all files with their hashes, as the format requires it."""
    lines = []
    for path in tree.files(root):
        digest = base64.urlsafe_b64encode(hashlib.sha256(path.read_bytes()).digest()).rstrip(b"=").decode()
        lines.append("%s,sha256=%s,%d" % (path.relative_to(root), digest, path.stat().st_size))
    return "\n".join([*lines, name + ",,"]) + "\n"


def make(installed, output, work):
    tags = [platform.format(installed.architecture.machine) for platform in PLATFORMS]
    root, package = work / "root", work / "root/devshm"
    information = root / ("devshm-%s.dist-info" % build.version())
    package.mkdir(parents=True)
    information.mkdir()
    for name in ("__init__.py", "__main__.py"):
        (package / name).write_text((SOURCES / name).read_text().replace("@VERSION@", build.version()))
    for name in ("lib/libdevshm.so", "lib/libdevshm-check.so", "bin/devshm"):
        tree.copy(installed.tree / name, package / pathlib.Path(name).name)
    tree.copy(build.PROJECT / "LICENSE", information / "LICENSE")
    (information / "METADATA").write_text(
        METADATA.format(version=build.version(), description=system.DESCRIPTION) + (SOURCES / "README.md").read_text()
    )
    (information / "WHEEL").write_text(
        "Wheel-Version: 1.0\nGenerator: devshm %s\nRoot-Is-Purelib: false\n%s"
        % (build.version(), "".join("Tag: py3-none-%s\n" % tag for tag in tags))
    )
    (information / "entry_points.txt").write_text(ENTRY_POINTS)
    sbom.write(root, "Python wheel for " + installed.architecture.machine, [], information / "sboms" / sbom.NAME)
    (information / "RECORD").write_text(record(root, "%s/RECORD" % information.name))
    tree.settle(root)
    target = output / ("devshm-%s-py3-none-%s.whl" % (build.version(), ".".join(tags)))
    tree.write_zip(root, target)
    return target
