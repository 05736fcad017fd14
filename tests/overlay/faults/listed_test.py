#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""docs/system-calls.md names every call that devshm makes, no other is made, and a program that loads it makes none."""
import re
import unittest

from inside import BIN, clear, main
from refusing import GOOD, NUMBER, own_calls, refuse


class Listed(unittest.TestCase):
    """docs/system-calls.md names every call, and no other is made."""

    def setUp(self):
        clear()

    def test_the_document_is_the_source(self):
        with open(BIN + "/system-calls.md", encoding="utf-8") as file:
            listed = {
                name for line in file if line.startswith("| `") for name in re.findall(r"`(\w+)`", line.split("|")[1])
            }
        self.assertEqual(sorted(listed), own_calls())

    def test_any_other_would_end_the_program(self):
        listed = dict.fromkeys(own_calls(), "allow")
        for settings in ({}, {"DIR": "/tmp/long/er", "LOG": "/tmp/log"}, {"WHEN": "missing"}):
            done = refuse(listed, others=True, **settings)
            self.assertEqual((done.returncode, done.stdout.splitlines(), done.stderr), (0, GOOD, ""))
            clear()
        for missing in ("newfstatat", "mremap"):  # and it does end it
            self.assertEqual(refuse({**listed, missing: "kill"}).returncode, -31)


class LoadedLibraries(unittest.TestCase):
    """A program that loads a library makes no call of devshm's."""

    def test_any_call_would_end_the_program(self):
        clear()
        calls = dict.fromkeys((call for call in own_calls() if call in NUMBER), "kill")
        text = "import ctypes\nfor name in (None, 'libc.so.6', 'librt.so.1'): ctypes.CDLL(name).shm_open"
        done = refuse(calls, program=("/usr/bin/python3", "-c", text))
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        self.assertEqual(refuse(calls, program=("/usr/bin/python3", "-c", text + "(b'/x', 0, 0)")).returncode, -31)


if __name__ == "__main__":
    main()
