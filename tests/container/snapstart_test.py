#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""SnapStart: what a function has made during init is in each copy of the snapshot, in memory, in /tmp and in /dev/shm, and
each copy has its own.

STORES, in the environment, names the stores to show it for (DEVSHM_STORE): disk, unless it says otherwise.
"""
import os
import pathlib
import subprocess
import tempfile
import unittest

import sandboxed

STORES = os.environ.get("STORES", "disk").split(",")
COPIES = 3
OPTIONS = ("--task", sandboxed.HERE / "handlers", "--handler", "snapped.handler", "--timeout", "120", "--memory", "256")
OF_INIT = {"named": "of init", "mapped": "of init", "file": "of init", "tmp": "of init", "value": 1, "worker": True}


def setUpModule():  # pylint: disable=invalid-name
    place = tempfile.TemporaryDirectory(prefix="lambda-test.", dir="/var/tmp")
    unittest.addModuleCleanup(place.cleanup)
    helper = pathlib.Path(place.name) / "criu_helper.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", helper, sandboxed.HERE / "criu_helper.c"], check=True)
    os.environ["DEVSHM_CRIU_PRELOAD"] = str(helper)


def snapped(store, *more):
    return sandboxed.function(
        *OPTIONS,
        "--snapstart",
        COPIES,
        "--layer",
        sandboxed.layer(),
        *sandboxed.PRELOAD,
        "--env",
        "DEVSHM_STORE=" + store,
        *more
    )


class SnapStart(unittest.TestCase):
    def test_each_copy_has_what_init_made_and_then_its_own(self):
        for store in STORES:
            with self.subTest(store=store), snapped(store) as started:
                first = [started.invoke() for _ in range(COPIES)]
                for copy in first:
                    self.assertEqual({key: copy[key] for key in OF_INIT}, OF_INIT)
                    self.assertIn("named", copy["shm"])
                self.assertEqual(len({copy["secret"] for copy in first}), 1)  # one memory, copied
                for number in range(COPIES):
                    text = "copy %2d" % number
                    changed = started.invoke(do="change", by=number + 10, text=text)
                    self.assertEqual((changed["answer"], changed["value"]), ((number + 10) ** 2, number + 11))
                for number in range(COPIES):
                    text, copy = "copy %2d" % number, started.invoke()
                    self.assertEqual(
                        {key: copy[key] for key in OF_INIT},
                        {
                            **dict.fromkeys(("named", "mapped", "file", "tmp"), text),
                            "value": number + 11,
                            "worker": True,
                        },
                    )

    def test_hooks_before_and_after(self):
        with snapped("disk") as started:
            hooks = [started.invoke()["hooks"] for _ in range(COPIES)]
        for found in hooks:
            self.assertEqual(found[:3], ["before that", "before", "after"])
        self.assertEqual(len({found[3] for found in hooks}), COPIES)  # what is unique must be made after the restore

    def test_the_log_and_the_report_of_a_restore(self):
        with snapped("disk") as started:
            started.invoke()
            started.wait_for_line(r"^RESTORE_REPORT Restore Duration: \d+\.\d\d ms$")
            started.wait_for_line(r"^REPORT .*\tRestore Duration: \d+\.\d\d ms\tBilled Restore Duration: \d+ ms\t$")
            self.assertFalse([line for line in started.lines if "Init Duration" in line])

    def test_a_hook_that_fails_is_the_invocation_s_error(self):
        with snapped("disk", "--env", "FAIL_AFTER=1") as started:
            for _ in range(COPIES):
                answer = started.failure()
                self.assertEqual((answer["errorType"], answer["errorMessage"]), ("RuntimeError", "the hook failed"))
            started.wait_for_line(r"^RESTORE_REPORT .*Status: error\tError Type: Runtime.RuntimeError")

    def test_a_copy_that_crashed_is_restored_as_it_was(self):
        with snapped("disk") as started:
            for number in range(COPIES):
                started.invoke(do="change", by=number, text="changed")
            for _ in range(COPIES):
                self.assertEqual(started.failure(do="crash")["errorType"], "Runtime.ExitError")
            for _ in range(COPIES):
                self.assertEqual({key: started.invoke()[key] for key in OF_INIT}, OF_INIT)


if __name__ == "__main__":
    unittest.main(verbosity=2)
