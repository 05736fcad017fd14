# SPDX-License-Identifier: MIT
"""Hooks of SnapStart, under the names that AWS's own module has.

https://docs.aws.amazon.com/lambda/latest/dg/snapstart-runtime-hooks-python.html
"""
before_snapshot, after_restore = [], []


def register_before_snapshot(function, *arguments, **named):
    """Called before the snapshot; the last one that was registered is the first."""
    before_snapshot.insert(0, (function, arguments, named))
    return function


def register_after_restore(function, *arguments, **named):
    """Called in each copy; in the order of registration."""
    after_restore.append((function, arguments, named))
    return function


def run(hooks):
    for function, arguments, named in hooks:
        function(*arguments, **named)
