#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`devshm run --explain`: what stands in a program's way, and nothing else.

Runs where there is no /dev/shm, in a /tmp of its own (container/hide-shm). DEVSHM, LIBRARY and CHECK come from the build.
"""
import sys
import unittest

from check_test import install, run

LOADS = """
import ctypes
libc = ctypes.CDLL(None)
for namespace in (0, -1):  # LM_ID_BASE, LM_ID_NEWLM
    libc.dlmopen(ctypes.c_long(namespace), b"libm.so.6", 2)
for mode in (2, 2 | 8):  # RTLD_NOW, RTLD_DEEPBIND
    libc.dlopen(b"libz.so.1", mode)
"""


class Explain(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.devshm, _ = install()

    def explained(self, *program, **settings):
        """What it says, line by line."""
        status, _, said = run(self.devshm, "run", "--explain", *program, **settings)
        self.assertEqual(status, 0, said)
        return said.splitlines()

    def test_nothing(self):
        self.assertEqual(
            self.explained("/bin/true"), ["devshm: explain: nothing stands in the way: /dev/shm is /tmp/shm"]
        )

    def test_switched_off(self):
        said = self.explained("/bin/true", DEVSHM_DISABLE="1")
        self.assertEqual(said, ["devshm: explain: devshm stands aside: /dev/shm is the real one"])

    def test_what_is_loaded_out_of_reach(self):
        self.assertEqual(
            self.explained(sys.executable, "-c", LOADS)[1:],
            [
                "devshm: explain: libm.so.6 is loaded into a namespace of its own (dlmopen), with a libc of its own: "
                "devshm can't reach it",
                "devshm: explain: libz.so.1 is loaded with RTLD_DEEPBIND by a name without a slash, and takes libc's "
                "functions first: devshm can't reach it",
            ],
        )


if __name__ == "__main__":
    unittest.main(verbosity=2)
