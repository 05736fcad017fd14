# SPDX-License-Identifier: MIT
"""Lambda's execution environment, made on a machine of one's own. container/lambda is the command.

namespaces  the private surroundings in which all of it is built, and which take it away again
roots       the root directory: a directory, an image, or a Debian that is made and kept
disks       /tmp and /dev on ext4, the read-only root above them
bundle      what the OCI runtime is told: user, limits, mounts, variables, the filter of system calls
groups      control groups: the limit of memory, and freezing
sandbox     one environment: made once, and the processes started, frozen and ended in it
runtime_api the HTTP side of a function: invocations come in, the runtime asks for them
"""


class Failed(Exception):
    """The environment can't be made, with the reason for the user."""
