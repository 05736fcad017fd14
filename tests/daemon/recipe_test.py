#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The recipe "an operation of devshmd" in docs/contributing.md, followed to the letter on a copy of the tree: the row and the file
that it shows are all that it takes. The operation that it adds then reaches the daemon, and is recorded.
"""
import os
import pathlib
import re
import shutil
import subprocess
import textwrap
import unittest.mock

import fixture
from fixture import TOP, records


def recipe():
    """The row and the file, as the document has them."""
    text = (TOP / "docs/contributing.md").read_text(encoding="utf-8")
    section = text.split("## Recipe: an operation of devshmd\n")[1].split("\n## ")[0]
    blocks = [textwrap.dedent(block) for block in re.findall(r"(?:^ {8}.*\n(?:^\n)?)+", section, re.M)]
    row, source = blocks
    return row.split("//")[0].strip() + "\n", "// SPDX-License-Identifier: MIT\n" + source


class Recipe(fixture.Case):
    def test_a_row_and_a_file_are_an_operation(self):
        row, source = recipe()
        name = re.match(r"OPERATION\((\w+),", row)[1]
        copy = pathlib.Path(self.dir, "copy")
        for each in ("daemon", "preload"):
            shutil.copytree(TOP / each, copy / each)
        for each in ("meson.build", "meson_options.txt"):
            shutil.copy(TOP / each, copy)
        # The library and the tests are built elsewhere; the daemon needs what fills in its documents.
        whole = (copy / "meson.build").read_text()
        fill_in = "fill_in = find_program('preload/command/fill_in')"
        (copy / "meson.build").write_text(re.sub(r"(?m)^subdir\('preload'\)$", fill_in, whole))
        table = copy / "daemon/operations.def"
        table.write_text(table.read_text().replace("OPERATION(lseek", row + "OPERATION(lseek"))
        (copy / "daemon/op" / (name + ".cpp")).write_text(source)
        for command in (
            ["meson", "setup", "-Ddaemon=enabled", "-Dtests=disabled", "-Doptimization=0", copy / "build", copy],
            ["ninja", "-C", copy / "build", "daemon/devshmd"],
        ):
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stdout[-4000:])
        record = self.dir + "/record"
        with unittest.mock.patch.object(fixture, "DEVSHMD", str(copy / "build/daemon/devshmd")):
            self.start("serve", "--record", record)
        pathlib.Path(self.point, "a").write_bytes(b"x")
        with open(self.point + "/a", "rb") as a, open(self.point + "/b", "wb") as b:
            # Refused, the kernel copies by itself.
            self.assertEqual(os.copy_file_range(a.fileno(), b.fileno(), 1), 1)
        self.assertIn((name, "EOPNOTSUPP"), [(each["operation"], each["result"]) for each in records(record)])


if __name__ == "__main__":
    fixture.main()
