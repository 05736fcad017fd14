#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The examples of docs/elsewhere.md, as far as it takes no other tools: they can be read, each platform has the proper way and
devshm's, and bubblewrap's work. With the tools that they are written for: tests/container/elsewhere_test.py."""
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest

import yaml
from snippets import snippets

LIBRARY = os.environ["LIBRARY"]
# What makes a snippet the proper way.
PROPER = re.compile(r"shm-size|shm_size|medium: Memory|--dev /dev ")
TRY = "import multiprocessing as m; m.Lock(); print('locked')"


class Snippets(unittest.TestCase):
    every = list(snippets())

    def test_each_can_be_read(self):
        self.assertGreater(len(self.every), 18)
        for snippet in self.every:
            with self.subTest(section=snippet.section):
                if snippet.language == "yaml":
                    self.assertIsInstance(yaml.safe_load(snippet.text), dict)
                elif snippet.language == "json":
                    self.assertIsInstance(json.loads(snippet.text), dict)
                elif snippet.language == "sh":
                    subprocess.run(["sh", "-n"], input=snippet.text, text=True, check=True)
                else:
                    self.assertEqual(snippet.language, "dockerfile")
                self.assertTrue(snippet.check or snippet.language == "sh", "nothing checks it")

    def test_each_platform_has_a_way_with_devshm_and_a_proper_one_if_there_is_one(self):
        by_section = {}
        for snippet in self.every:
            by_section.setdefault(snippet.section, []).append(snippet)
        self.assertGreaterEqual(len(by_section), 9)
        for section, those in by_section.items():
            with self.subTest(section=section):
                self.assertTrue(any("LD_PRELOAD" in snippet.text for snippet in those))
                if section not in ("SageMaker", "ECS and Fargate"):  # which have none, or one of one line
                    self.assertTrue(any(PROPER.search(snippet.text) for snippet in those))

    def test_the_library_is_put_where_the_variable_says(self):
        for snippet in self.every:
            for path in re.findall(r"LD_PRELOAD\W+(?:value\W+)?(/[\w./]+)", snippet.text):
                with self.subTest(section=snippet.section, path=path):
                    directory = path.rpartition("/")[0]
                    places = snippet.text.count(directory) - snippet.text.count(f"{path}\n")
                    self.assertTrue(places > 0 or snippet.section in ("SageMaker", "Google Cloud Run"), snippet.text)

    def sandboxed(self, check):
        """What a program says in the sandbox of the snippet."""
        (snippet,) = snippets(check)
        place = tempfile.mkdtemp(prefix="snippets-test.", dir="/var/tmp")
        self.addCleanup(shutil.rmtree, place)
        os.chmod(place, 0o755)
        copy = shutil.copy(LIBRARY, place)
        command = snippet.text.replace("/opt/lib/libdevshm.so", copy).replace("REPLACE-COMMAND", '"$@"')
        done = subprocess.run(
            ["sh", "-euc", command, "sh", "/usr/bin/python3", "-c", TRY], capture_output=True, text=True, check=False
        )
        return done.stdout + done.stderr

    def test_bubblewrap(self):
        self.assertEqual(self.sandboxed("bwrap shm"), "locked\n")
        self.assertEqual(self.sandboxed("bwrap devshm"), "locked\n")

    def test_bubblewrap_without_devshm_fails(self):
        """So the variable is what makes the second one work."""
        (snippet,) = snippets("bwrap devshm")
        command = re.sub(r"--setenv LD_PRELOAD \S+", "", snippet.text).replace("REPLACE-COMMAND", '"$@"')
        done = subprocess.run(
            ["sh", "-euc", command, "sh", "/usr/bin/python3", "-c", TRY], capture_output=True, text=True, check=False
        )
        self.assertIn("FileNotFoundError: [Errno 2]", done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
