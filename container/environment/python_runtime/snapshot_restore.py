# SPDX-License-Identifier: MIT
"""Hooks of SnapStart, with the names of AWS's own module.

https://docs.aws.amazon.com/lambda/latest/dg/snapstart-runtime-hooks-python.html
"""
before_snapshot, after_restore = [], []


def register_before_snapshot(function, *arguments, **named):
    """Registers a function to call before the snapshot; the one registered last is called first."""
    before_snapshot.insert(0, (function, arguments, named))
    return function


def register_after_restore(function, *arguments, **named):
    """Registers a function to call in each copy, in the order of registration."""
    after_restore.append((function, arguments, named))
    return function


def run(hooks):
    for function, arguments, named in hooks:
        function(*arguments, **named)
