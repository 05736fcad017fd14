#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""container/lambda with more time for what Lambda limits to a few seconds: init, the restore of a copy, and extensions at a shutdown.
On a busy machine these are too few, and a test would fail that is about something else. One that is about a limit names it in the
environment: INIT_SECONDS=10, SHUTDOWN_SECONDS=2 are Lambda's. The time-out of an invocation is the command line's.
"""
import os
import sys

sys.dont_write_bytecode = True

from environment import boot, command, function  # noqa: E402  pylint: disable=wrong-import-position

LONG = 120

function.INIT_SECONDS = int(os.environ.get("INIT_SECONDS", LONG))
function.RESTORE_SECONDS = LONG
boot.SHUTDOWN_SECONDS = {**boot.SHUTDOWN_SECONDS, "external": int(os.environ.get("SHUTDOWN_SECONDS", LONG))}

sys.exit(command.main(sys.argv[1:]))
