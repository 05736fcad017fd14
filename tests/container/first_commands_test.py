#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The first command of each page works on the machine that the page names. It is taken from the page, and run in a fresh Debian 12
that has what a reader has from before: a checkout, the library, or the package. What can't be run here is named, with the reason."""
import os
import re
import sys
import unittest

from markdown_it import MarkdownIt

import fresh_root
import sandboxed

sys.dont_write_bytecode = True
from delivery import build  # noqa: E402  pylint: disable=wrong-import-position

PAGES = sorted([*sandboxed.TOP.glob("*.md"), *(sandboxed.TOP / "docs").glob("*.md")])
RUN = {"README.md", "contributing.md", "daemon.md", "lambda.md", "security.md"}
NOT_RUN = {
    "CONTRIBUTING.md": "the tests themselves, which CI runs on a fresh machine",
    "choosing.md": "a line that devshm prints",
    "elsewhere.md": "commands of other programs: elsewhere_test",
    "errors.md": "a variable; the README's first command has it",
    "how-it-works.md": "code of the library",
    "lambda-environment.md": "needs an account at AWS",
    "memory-store.md": "a test's program, for an hour",
    "performance.md": "the benchmarks, for twenty minutes",
}
APP = "import multiprocessing\nmultiprocessing.Lock()\nprint('locked')\n"
# The daemon runs in the foreground until SIGTERM, as the page says.
DAEMON = """set -eu
%s &
until devshmd --status >/dev/null 2>&1; do kill -0 $!; done
echo kept >/dev/shm/file
cat /dev/shm/file
kill $!
wait $!
"""
# An ordinary user in a chroot: there the kernel refuses user namespaces.
CHROOT = """set -eu
chown -R 65534:65534 /checkout
mkdir /inner
mount --rbind / /inner
exec chroot --userspec=65534:65534 /inner sh -c 'cd /checkout && HOME=/tmp exec container/demo'
"""


def page(name):
    """The README is that of the project, not the index of docs/."""
    return (sandboxed.TOP / name if name == "README.md" else sandboxed.TOP / "docs" / name).read_text()


def code(text):
    """Its blocks of code."""
    return [token.content for token in MarkdownIt().parse(text) if token.type in ("code_block", "fence")]


def without_comment(line):
    return re.sub(r" {2,}#.*", "", line).strip()


def commands(name):
    """The first line of each block of code."""
    return [without_comment(block.splitlines()[0]) for block in code(page(name))]


def first(name):
    return commands(name)[0]


class FirstCommands(unittest.TestCase):
    def test_each_page_is_known(self):
        with_code = {path.name for path in PAGES if code(path.read_text())}
        self.assertEqual(with_code, RUN | set(NOT_RUN))

    def test_on_a_machine_with_the_library(self):
        """The README's: one variable."""
        command = first("README.md")
        self.assertIn("LD_PRELOAD=/opt/lib/libdevshm.so python3 app.py", command)
        (library,) = sandboxed.release().glob("libdevshm-%s.so" % sandboxed.NATIVE)
        with fresh_root.FreshRoot() as root:
            root.install("python3")
            root.put(library, "/opt/lib/libdevshm.so")
            (root.directory / "root/app.py").write_text(APP)
            without = command.replace("LD_PRELOAD=/opt/lib/libdevshm.so", "")
            self.assertIn("FileNotFoundError", root.run("sh", "-c", without, directory="/root", check=False)[1])
            self.assertEqual(root.run("sh", "-c", command, directory="/root")[1], "locked\n")

    def test_in_a_checkout(self):
        """To make the files, in the README and in docs/lambda.md: nothing is installed, not even Python."""
        with fresh_root.FreshRoot() as root:
            root.put_checkout("/checkout")
            for name, command, made in (
                ("README.md", "container/release --only layer --arch x86_64", "build-release"),
                ("lambda.md", "container/layer", "build-layer"),
            ):
                self.assertIn(command, commands(name))
                root.run("sh", "-c", command, directory="/checkout")
                file = "devshm-%s-layer-%s.zip" % (build.version(), sandboxed.NATIVE)
                self.assertTrue((root.directory / "checkout" / made / file).is_file(), name)
            self.assertIn("build-layer/" + file, page("lambda.md"))

    def test_to_work_on_it(self):
        """docs/contributing.md: its first two lines."""
        install, compiling = map(without_comment, code(page("contributing.md"))[0].splitlines()[:2])
        with fresh_root.FreshRoot() as root:
            root.put_checkout("/checkout")
            root.run("sh", "-c", install, directory="/checkout")
            root.run("sh", "-c", compiling, directory="/checkout")
            self.assertTrue((root.directory / "checkout/build-library/preload/libdevshm.so").is_file())

    def test_of_the_package(self):
        """docs/daemon.md and docs/security.md."""
        (package,) = sandboxed.release().glob(
            "devshm_*_%s.deb" % build.architectures(os.uname().machine)[sandboxed.NATIVE].debian
        )
        with fresh_root.FreshRoot() as root:
            root.put(package, "/package/devshm.deb")
            root.run("apt-get", "update", "-q")
            root.run("apt-get", "install", "-y", "--no-install-recommends", "/package/devshm.deb")
            command = first("daemon.md").split("  ")[0]
            self.assertEqual(command, "devshmd")
            # There is no /dev/shm in the root: devshmd says what to do about that.
            status, said = root.run(command, check=False)
            remedy = re.search(r"make it first: (mkdir .*)", said)
            self.assertTrue(status == 1 and remedy, said)
            root.run("sh", "-c", remedy[1])
            self.assertEqual(root.run("sh", "-c", DAEMON % command)[1].splitlines()[-1], "kept")
            root.run("sh", "-c", first("security.md"))
            self.assertEqual((root.directory / "tmp/shm").stat().st_mode, 0o41777)

    def test_the_demo(self):
        """Also where nothing can be hidden: it does not blame devshm for that."""
        self.assertIn("container/demo", commands("README.md"))
        with fresh_root.FreshRoot() as root:
            root.put_checkout("/checkout")
            said = root.run("container/demo", directory="/checkout")[1]
            self.assertIn("Without devshm both failed, with devshm both worked.", said)
            status, said = root.run("sh", "-c", CHROOT, check=False)
            self.assertEqual(status, 3, said)
            self.assertIn("can't be hidden on this machine", said)
            self.assertNotIn("It did not work with devshm", said)


if __name__ == "__main__":
    unittest.main(verbosity=2)
