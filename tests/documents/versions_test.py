#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What docs/versions.md promises is there: the fields of `devshm check --json`, the commands, the modes of devshmd."""
import json
import os
import re
import subprocess
import unittest

from pages import TOP, rows

DEVSHM = os.environ["DEVSHM"]
PROMISED = {cells[0].strip("`"): cells[1] for cells in rows((TOP / "docs/versions.md").read_text()) if len(cells) == 2}


def named(text):
    return set(re.findall(r"`([^`]+)`", text))


class Promises(unittest.TestCase):
    def test_the_fields_of_check(self):
        done = subprocess.run([DEVSHM, "check", "--json"], stdout=subprocess.PIPE, text=True, check=False)
        report = json.loads(done.stdout)
        self.assertEqual(set(report) | set(report["now"]), named(PROMISED["devshm check --json"]))

    def test_the_commands(self):
        said = subprocess.run([DEVSHM, "--help"], stdout=subprocess.PIPE, text=True, check=True).stdout
        commands = set(re.findall(r"^  devshm ([a-z]+)", said, re.M))
        self.assertEqual(commands, named(PROMISED["devshm"]) - {"devshm --help"})

    def test_the_readme_names_files_of_the_release(self):
        version = re.search(r"version: '([^']+)'", (TOP / "meson.build").read_text(encoding="utf-8"))[1]
        forms = re.findall(
            r"^  [a-z]+ +(\S*devshm\S*) ", (TOP / "container/delivery/command.py").read_text(encoding="utf-8"), re.M
        )
        self.assertGreaterEqual(len(forms), 11)
        parts = {"V": re.escape(version), "A": "(x86_64|arm64|amd64)", "*": ".*"}
        known = [
            "".join(
                parts.get(part, re.escape(part))
                for part in re.split(r"(?<![A-Za-z])([VA])(?![A-Za-z])|(\*)", form)
                if part
            )
            for form in forms
        ]
        readme = (TOP / "README.md").read_text(encoding="utf-8")
        named = re.findall(r"(?<![/\w])(?:lib)?devshm[\w.*-]*\.(?:zip|so|deb|rpm|apk|tgz|tar\.gz|tar|whl)\b", readme)
        self.assertGreaterEqual(len(set(named)), 9)
        for name in set(named) - {"libdevshm.so"}:
            self.assertTrue(any(re.fullmatch(form, name) for form in known), name)


if __name__ == "__main__":
    unittest.main(verbosity=2)
