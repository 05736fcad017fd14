#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What container/release makes for the other architecture, run in container/lambda."""
import json
import os
import pathlib
import sys
import tempfile
import unittest

import contents
import sandboxed

sys.dont_write_bytecode = True
from delivery import build  # noqa: E402  pylint: disable=wrong-import-position

VERSION = build.version()


class OtherArchitecture(unittest.TestCase):
    """Each form, unpacked by its own tools, at the place of a layer."""

    def test_each_works_there(self):
        others = [one for name, one in build.architectures(os.uname().machine).items() if name != sandboxed.NATIVE]
        for other in others:
            for pattern, command in (
                ("devshm_*_%s.deb" % other.debian, "bin/devshm"),
                ("devshm-*.%s.rpm" % other.machine, "bin/devshm"),
                ("devshm-*.%s.apk" % other.machine, "bin/devshm"),
                ("devshm-*-linux-%s.tar.gz" % other.name, "bin/devshm"),
                ("*manylinux_2_17_%s*.whl" % other.machine, "devshm/devshm"),
                ("devshm-*.tgz", other.node + "/devshm"),
            ):
                with self.subTest(pattern), tempfile.TemporaryDirectory(
                    prefix="release-test.", dir="/var/tmp"
                ) as place:
                    root = self.unpacked(next(sandboxed.release().glob(pattern)), pathlib.Path(place))
                    options = ["--arch", other.name, "--memory", "512", "--layer", root]
                    library = next(
                        path for path in root.rglob("libdevshm.so") if other.name == "x86_64" or "x64" not in path.parts
                    )
                    preload = ["--env", "LD_PRELOAD=/opt/%s" % library.relative_to(root)]
                    said = sandboxed.run(*options, *preload, "sh", "/opt/" + command, "check", "--json").stdout
                    self.assertEqual(json.loads(said)["status"], "works")
                    if (root / "bin/devshmd").exists():
                        self.assertIn(VERSION, sandboxed.run(*options, "/opt/bin/devshmd", "--version").stdout)

    @staticmethod
    def unpacked(package, place):
        place.chmod(0o755)  # Lambda's user looks into it
        for name, content in contents.of(package).items():
            target = place / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            target.chmod(0o755)
        for top in ("usr", "package", package.name[: -len(".tar.gz")]):
            if (place / top).is_dir():
                return place / top
        return place


if __name__ == "__main__":
    unittest.main(verbosity=2)
