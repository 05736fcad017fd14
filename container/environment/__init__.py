# SPDX-License-Identifier: MIT
"""Lambda's execution environment, made on a machine of one's own. container/lambda is the command.

needs       the programs that it takes, installed if they are missing
namespaces  the private surroundings in which all of it is built, and which take it away again
roots       the root directory: a directory, an image, or a Debian that is made and kept
disks       /tmp and /dev on ext4, the read-only root above them
bundle      what the OCI runtime is told: user, limits, mounts, variables, the filter of system calls
groups      control groups: the limit of memory, and freezing
sandbox     one environment's file systems
container   its processes: started, frozen and ended

As a function (--runtime-api), in the order in which an invocation comes through:

service     opens the ports
invoke_api  takes invocations from outside (event_stream: answers that are streamed to SDKs)
function    initializes, hands out, times, freezes, resets
boot        extensions and runtime from their start to their shutdown
concurrency the same for several invocations at a time
copies      SnapStart: several functions from one snapshot (snapshots: CRIU)
runtime_api, extensions_api, telemetry_api   what is inside asks for
telemetry   who gets what platform_log logs
"""


class Failed(Exception):
    """The environment can't be made, with the reason for the user."""
