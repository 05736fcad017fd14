#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What recordings prove of the preload library: by `devshmd hidden --record`, whatever reaches it has passed by the library.

LIBRARY is libdevshm.so, STEPS a static program that no preload reaches, PARITY the program of the parity tests.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

import fixture
from fixture import DEVSHMD, records
from ground import hidden

LIBRARY, STEPS, PARITY = (os.environ[name] for name in ("LIBRARY", "STEPS", "PARITY"))

# What the parity program, which tries everything, brings to the real /dev/shm under the library, by family. Each is a limit
# that docs/limits.md names: a pattern that only becomes /dev/shm by being matched, a link that libc follows by itself, and a
# path longer than PATH_MAX, which realpath and ftw walk in pieces.
KNOWN = {
    "readlink": {("lookup", "/dev/shm/f")},
    "walk": {("opendir", "/dev/shm"), ("lookup", "/dev/shm/f"), ("lookup", "/dev/shm/dir"), ("access", "/dev/shm")},
}


class Proof(fixture.Case):
    def setUp(self):
        super().setUp()
        self.record = self.dir + "/record"
        self.hidden = self.start("hidden", "--record", self.record, point="/dev/shm")
        os.mkdir(self.dir + "/shm", 0o1777)
        self.under_library = {**os.environ, "LD_PRELOAD": LIBRARY, "DEVSHM_DIR": self.dir + "/shm"}

    def run_program(self, *command, **more):
        return subprocess.run(
            command,
            env={**self.under_library, **more},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=1800,
        )

    def test_the_python_job_leaves_an_empty_recording(self):
        done = self.run_program(sys.executable, fixture.TOP / "tests/apps/python/primitives.py")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual(records(self.record), [])
        self.assertEqual(self.devshmd("report", self.record).stdout, "no operations\n")

    def test_a_program_that_bypasses_the_library_leaves_its_own_lines(self):
        done = self.run_program(STEPS, "path=a", "look=b")
        self.assertEqual(done.stdout.splitlines(), ["path errno 2", "look errno 2"])
        own = [(line["program"], line["operation"], line["path"], line["result"]) for line in records(self.record)]
        name = os.path.basename(STEPS)[:15]
        self.assertEqual(
            own,
            [
                (name, "lookup", "/dev/shm/a", "ENOENT"),
                (name, "create", "/dev/shm/a", "ENOENT"),
                (name, "lookup", "/dev/shm/b", "ENOENT"),
            ],
        )
        self.assertNotIn(os.getpid(), {line["pid"] for line in records(self.record)})


class Readme(fixture.Case):
    """The lines of the README that prove it, as they are written."""

    def report_on(self, program):
        section = (fixture.TOP / "README.md").read_text().split("\n## Prove it\n")[1].split("\n## ")[0]
        lines = re.findall(r"(?m)^    (.*)$", section)
        self.assertLessEqual(len(lines), 5)
        script = "\n".join(lines).replace("/path/to/libdevshm.so", LIBRARY).replace("./program", program)
        self.assertIn(LIBRARY, script)
        self.assertIn(program, script)
        os.mkdir(self.dir + "/bin")
        os.symlink(DEVSHMD, self.dir + "/bin/devshmd")
        os.mkdir(self.dir + "/shm", 0o1777)
        done = subprocess.run(
            ["sh", "-ec", script],
            cwd=self.dir,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=fixture.SECONDS,
            env={**os.environ, "DEVSHM_DIR": self.dir + "/shm", "PATH": self.dir + "/bin:" + os.environ["PATH"]},
        )
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual(fixture.mounts(), [])
        return done.stdout

    def test_of_a_program_that_never_touches_it(self):
        told = self.report_on("python3 -c 'import multiprocessing; multiprocessing.Lock(); print(1)'")
        self.assertEqual(told.splitlines()[-2:], ["1", "no operations"])

    def test_of_a_program_that_does(self):
        self.assertRegex(self.report_on(STEPS + " look=b"), r"lookup +1 +ENOENT +/dev/shm/b")


class Wrappers(fixture.Case):
    SCRIPT = """
set -e
mkdir -p /dev/shm
"$1"/devshmd hidden --daemonize --record "$1"/record /dev/shm
for family in $2; do
  wc -l <"$1"/record
  env LD_PRELOAD="$1"/libdevshm.so PARITY_RECORDED=1 PARITY_REAL_SHM=/tmp/shm "$1"/parity $family >"$1"/printed
  test "$(wc -l <"$1"/printed)" -gt 5
done
"$1"/devshmd umount /dev/shm
"""

    def test_what_the_wrapper_tests_leave_is_known(self):
        """Family by family, with every wrapped function; the program's own looks at /dev/shm are left out."""
        sources = (fixture.TOP / "tests/parity/functions").glob("parity_*.cpp")
        families = sorted(re.search(r"^FAMILY\((\w+)\)", source.read_text(), re.MULTILINE)[1] for source in sources)
        # The program works in /dev and /tmp, so both are its own; a place that is the same on every ground.
        work = tempfile.mkdtemp(prefix="devshmd-proof.", dir="/var/tmp")
        self.addCleanup(shutil.rmtree, work)
        for file, name in ((DEVSHMD, "devshmd"), (LIBRARY, "libdevshm.so"), (PARITY, "parity")):
            shutil.copy(file, work + "/" + name)
        done = hidden().run("sh", "-c", self.SCRIPT, "-", work, " ".join(families))
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = records(work + "/record")
        begins = [int(number) for number in done.stdout.split()]
        self.assertEqual(len(begins), len(families))
        found = {}
        for family, begin, end in zip(families, begins, begins[1:] + [len(lines)]):
            if begin != end:
                found[family] = {(line["operation"], line["path"]) for line in lines[begin:end]}
        self.maxDiff = None
        self.assertEqual(found, KNOWN)


if __name__ == "__main__":
    fixture.main()
