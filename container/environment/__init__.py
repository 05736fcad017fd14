# SPDX-License-Identifier: MIT
"""Lambda's execution environment on one's own machine, for the command container/lambda.

needs       the programs that it needs, installed if they are missing
namespaces  the private namespaces in which all of it is built, and with which it disappears
roots       the root directory: a directory, an image, or a Debian that is built and kept
disks       /tmp and /dev on ext4, the read-only root above them
bundle      the OCI runtime's configuration: user, limits, mounts, variables, the filter of system calls
groups      control groups: the memory limit, and freezing
sandbox     one environment's file systems
container   its processes: started, frozen and ended

As a function (--runtime-api), in the order in which an invocation passes through:

service     opens the ports
invoke_api  takes invocations from outside (event_stream: answers that are streamed to SDKs)
function    initializes, hands out invocations, enforces time-outs, freezes, resets
boot        extensions and runtime from their start to their shutdown
concurrency the same for several invocations at a time
copies      SnapStart: several functions from one snapshot (snapshots: CRIU)
runtime_api, extensions_api, telemetry_api   requests from inside
telemetry   sends to subscribers what platform_log logs
"""

# Raised if the environment can't be created. Its text is the reason, for the user.
from progress import Failed  # noqa: F401  pylint: disable=unused-import
