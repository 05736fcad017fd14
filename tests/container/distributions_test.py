#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What container/release makes for Ubuntu and for Alpine, on these: installed by their own programs in a fresh root of their own
packages, run, and removed. On Alpine also the wheel and the npm package, with musl's Python and Node.

The mirrors can be named: UBUNTU_MIRROR and ALPINE_MIRROR; and the branch of Alpine, ALPINE_BRANCH."""
import hashlib
import os
import pathlib
import subprocess
import unittest
import urllib.request

import yaml

import contents
import fresh_root
import release_test
from fresh_root import roots
from release_test import APP, ARCHITECTURE, NODE_APP, made

UBUNTU = os.environ.get("UBUNTU_MIRROR", "http://archive.ubuntu.com/ubuntu")
ALPINE = os.environ.get("ALPINE_MIRROR", "https://dl-cdn.alpinelinux.org/alpine")
BRANCH = os.environ.get("ALPINE_BRANCH", "latest-stable")


class Root(fresh_root.EmptyRoot):
    def fill(self):
        raise NotImplementedError

    def __enter__(self):
        super().__enter__()
        try:
            self.fill()
        except BaseException:
            self.__exit__()
            raise
        (self.directory / "etc/resolv.conf").unlink(missing_ok=True)
        (self.directory / "etc/resolv.conf").write_bytes(pathlib.Path("/etc/resolv.conf").read_bytes())
        return self


class Ubuntu(Root):
    def __init__(self, release):
        self.release = release

    def fill(self):
        """Made once, as the base of FreshRoot."""
        kept = roots.cache_directory("delivery") / ("ubuntu-%s-%d.tar" % (self.release, fresh_root.LAYOUT))
        with roots.locked(kept):
            if not kept.exists():
                fresh = kept.with_name("new-" + kept.name)
                # Debian 12 has no package with Ubuntu's keys.
                source = "deb [trusted=yes] %s %s main" % (UBUNTU, self.release)
                contents.output(
                    "mmdebstrap", "--quiet", "--variant=minbase", "--include=apt", self.release, fresh, source
                )
                fresh.rename(kept)
        contents.output("tar", "-xf", kept, "-C", self.directory, "--exclude=./dev/*")
        (self.directory / "etc/apt/apt.conf.d/90fetch").write_text(fresh_root.of_the_machine("Acquire::http"))


class Alpine(Root):
    def fill(self):
        releases = "%s/%s/releases/%s/" % (ALPINE, BRANCH, ARCHITECTURE.machine)
        with urllib.request.urlopen(releases + "latest-releases.yaml", timeout=300) as answer:
            known = {one["flavor"]: one for one in yaml.safe_load(answer.read())}
        about = known["alpine-minirootfs"]
        with urllib.request.urlopen(releases + about["file"], timeout=300) as answer:
            archive = answer.read()
        if hashlib.sha256(archive).hexdigest() != about["sha256"]:
            raise AssertionError(about["file"] + " is not what the list of releases says")
        subprocess.run(["tar", "-xz", "-C", self.directory, "--exclude=./dev/*"], input=archive, check=True)
        repositories = ["%s/%s/%s\n" % (ALPINE, about["branch"], part) for part in ("main", "community")]
        (self.directory / "etc/apk/repositories").write_text("".join(repositories))


class InRoot(release_test.InRoot):
    def enter(self, root):
        self.root = root.__enter__()
        self.addCleanup(root.__exit__)

    def left(self):
        return [str(path) for top in ("usr", "etc", "opt") for path in (self.root.directory / top).rglob("*devshm*")]


class Distributions(InRoot):
    def assert_deb_works(self, release):
        self.enter(Ubuntu(release))
        self.root.put(made("devshm_*_%s.deb" % ARCHITECTURE.debian), "/package/devshm.deb")
        self.root.install("python3", "/package/devshm.deb")
        self.assert_works("/usr/bin/devshm")
        self.assert_serves("/usr/bin/devshmd")
        (self.root.directory / "root/app.py").write_text(APP)
        self.assertIn("FileNotFoundError", self.root.run("python3", "/root/app.py", check=False)[1])
        self.assertEqual(self.root.run("devshm", "run", "--", "python3", "/root/app.py")[1], "locked\n")
        self.root.run("apt-get", "purge", "-y", "devshm")
        self.assertEqual(self.left(), [])

    def test_ubuntu_22_04(self):
        self.assert_deb_works("jammy")

    def test_ubuntu_24_04(self):
        self.assert_deb_works("noble")

    def test_alpine(self):
        self.enter(Alpine())
        self.root.put(made("devshm-*.%s.apk" % ARCHITECTURE.machine), "/package/devshm.apk")
        # As it stands in the help of container/release.
        self.root.run("apk", "add", "--allow-untrusted", "/package/devshm.apk")
        self.assert_works("/usr/bin/devshm")
        self.assertIn("musl", self.root.run("/usr/bin/devshm", "check", check=False)[1])
        self.assert_serves("/usr/bin/devshmd")
        self.assertNotIn("devshm", self.root.run("apk", "audit", "--packages")[1])  # those whose files were changed
        self.root.run("apk", "del", "devshm")
        self.assertEqual(self.left(), [])
        with self.subTest("the wheel"):
            self.assert_wheel_works()
        with self.subTest("the npm package"):
            self.assert_npm_works()

    def assert_wheel_works(self):
        wheel = made("*musllinux*_%s*.whl" % ARCHITECTURE.machine)
        self.root.run("apk", "add", "python3")
        self.root.put(wheel, "/package/" + wheel.name)
        (self.root.directory / "root/app.py").write_text(APP)
        self.root.run("python3", "-m", "venv", "/venv")
        self.root.run("/venv/bin/pip", "install", "--no-index", "/package/" + wheel.name)
        python = "/venv/bin/python3"
        self.assertIn("FileNotFoundError", self.root.run(python, "/root/app.py", check=False)[1])
        self.assertEqual(self.root.run(python, "-m", "devshm", "run", "/root/app.py")[1], "locked\n")
        script = "import devshm; print(devshm.check()['status'])"
        self.assertEqual(self.root.run(python, "-m", "devshm", "run", "-c", script)[1], "works\n")

    def assert_npm_works(self):
        package = made("devshm-*.tgz")
        self.root.run("apk", "add", "nodejs", "npm")
        self.root.put(package, "/package/" + package.name)
        (self.root.directory / "app").mkdir()
        (self.root.directory / "app/package.json").write_text('{"private": true}\n')
        (self.root.directory / "app/app.js").write_text(NODE_APP)
        self.root.run("npm", "install", "--offline", "--no-audit", "/package/" + package.name, directory="/app")
        self.assertIn("ENOENT", self.root.run("node", "app.js", directory="/app", check=False)[1])
        self.assertEqual(self.root.run("npx", "devshm", "run", "app.js", directory="/app")[1], "written\n")


if __name__ == "__main__":
    unittest.main(verbosity=2)
