# SPDX-License-Identifier: MIT
"""All families of calls, and the program that makes them: parity_families.py FAMILY..., in the directory that is for it."""
import sys

from parity_attributes import attributes, times, users
from parity_calls import Calls
from parity_contents import contents
from parity_links import links
from parity_locks import locks
from parity_mappings import mappings
from parity_objects import directories, limits, semaphores, special
from parity_paths import one_path, two_paths


def main(out, families):
    calls = Calls(out)
    for family in families:
        calls.family = family
        calls.clear()
        if family in ("one_path", "two_paths"):
            calls.fresh()
        if family == "one_path":
            one_path(calls, (0, 1001, 1002))
        elif family == "two_paths":
            two_paths(calls, (0,))
            calls.fresh()
        else:
            FAMILIES[family](calls)
    calls.clear()


FAMILIES = {
    function.__name__: function
    for function in (
        one_path,
        two_paths,
        links,
        contents,
        mappings,
        locks,
        attributes,
        users,
        times,
        directories,
        special,
        semaphores,
        limits,
    )
}


if __name__ == "__main__":
    main(sys.stdout, sys.argv[1:])
