#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A Node function on a runtime client that we did not write, AWS's own from npm (aws-lambda-ric): with the layer it
behaves as without it, but for /dev/shm, which is there."""
import shutil
import unittest

import npm
import sandboxed


class Node(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = npm.task(npm.installed(), "index.mjs")
        node = shutil.which("node")
        cls.arguments = [
            "--root",
            "/",
            "--task",
            cls.directory,
            "--handler",
            "index.handler",
            "--memory",
            "512",
            "--timeout",
            "120",
        ]
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
