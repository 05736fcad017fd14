#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A function with 512 MB of /tmp and 3 GB of memory shares 2 GiB between its processes, with DEVSHM_STORE=memory and no other change.
Without that variable /tmp is too small, and the function ends. Prints how long it took beside shared memory without a name.

MEBIBYTES, in the environment, is for another size.
"""
import os
import unittest

import sandboxed

MEBIBYTES = int(os.environ.get("MEBIBYTES", "2048"))
OPTIONS = (
    "--task",
    sandboxed.HERE / "handlers",
    "--handler",
    "sharing.handler",
    "--timeout",
    "300",
    "--memory",
    "3072",
)


def started(*more):
    return sandboxed.function(*OPTIONS, "--layer", sandboxed.layer(), *sandboxed.PRELOAD, *more)


class MoreThanTmpHasRoomFor(unittest.TestCase):
    def test_memory_is_shared(self):
        with started("--env", "DEVSHM_STORE=memory") as function:
            for _ in range(2):  # the second one after a freeze, with the keeper of the first
                answer = function.invoke(mebibytes=MEBIBYTES)
                self.assertEqual((answer["good"], answer["status"]), (True, 0))
                self.assertLess(answer["taken of /tmp"], 100)
                print(
                    "%d MiB: first touch %.2f, rewriting %.2f of the time without a name; %d MB of /tmp are taken"
                    % (MEBIBYTES, answer["first"], answer["rewriting"], answer["taken of /tmp"])
                )

    def test_files_do_not_fit(self):
        with started() as function:
            answer = function.failure(mebibytes=MEBIBYTES)
            self.assertIn("bus error", answer["errorMessage"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
