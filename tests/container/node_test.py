#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A Node function on a runtime client that we did not write, AWS's own from npm (aws-lambda-ric): with the layer it
behaves as without it, but for /dev/shm, which is there."""
import pathlib
import shutil
import subprocess
import sys
import unittest

import sandboxed

sys.dont_write_bytecode = True
sys.path.insert(0, str(sandboxed.TOP / "container"))
from environment import roots  # noqa: E402  pylint: disable=wrong-import-position

CLIENT = "aws-lambda-ric@3"  # the last major that Debian's Node runs


def output(*command, **options):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", check=False, **options)
    if done.returncode != 0:
        raise AssertionError(done.stdout[-4000:])
    return done.stdout


def client():
    """Kept in the user's cache directory: its native part takes minutes to build."""
    directory = roots.cache_directory() / ("%s-node-%s" % (CLIENT, output("node", "--version").strip()))
    if not (directory / "node_modules/aws-lambda-ric/bin/index.mjs").exists():
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        # `npm init` would take the directory's name, which is none for a package.
        (directory / "package.json").write_text('{"private": true}\n')
        headers = ["--nodedir=/usr"] if pathlib.Path("/usr/include/node").is_dir() else []
        output("npm", "install", "--no-audit", "--no-fund", *headers, CLIENT, cwd=directory)
    shutil.copy(sandboxed.HERE / "handlers/index.mjs", directory)
    return directory


class Node(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = client()
        node = shutil.which("node")
        cls.arguments = ["--root", "/", "--task", cls.directory, "--handler", "index.handler", "--memory", "512", "--timeout", "10"]
        cls.command = ["--", node, "/var/task/node_modules/aws-lambda-ric/bin/index.mjs", "index.handler"]

    def answers(self, *options):
        with sandboxed.function(*self.arguments, *options, *self.command) as function:
            answers = [function.invoke(number=number) for number in range(30)]
            failure = function.failure(do="throw")
            answers.append({"type": failure["errorType"], "message": failure["errorMessage"]})
            answers.append(function.invoke(number=99))
        return answers

    def test_with_the_layer_as_without_it(self):
        without = self.answers()
        self.assertEqual({answer.pop("shared", "ENOENT") for answer in without}, {"ENOENT"})
        self.assertEqual([answer.get("doubled") for answer in without], [2 * n for n in range(30)] + [None, 198])
        with_layer = self.answers("--layer", sandboxed.layer(), *sandboxed.PRELOAD)
        self.assertEqual({answer.pop("shared", "shared") for answer in with_layer}, {"shared"})
        self.assertEqual(with_layer, without)


if __name__ == "__main__":
    unittest.main(verbosity=2)
