# SPDX-License-Identifier: MIT
"""Started by container/release."""
import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from delivery import command  # noqa: E402  pylint: disable=wrong-import-position

sys.exit(command.main(sys.argv[1:]))
