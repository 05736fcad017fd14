# SPDX-License-Identifier: MIT
"""What of an strace log is a path below /dev/shm that reached the kernel."""

import re

CALL = re.compile(r"^(?:\d+ +)?(\w+)\((.*)$")
QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"(\.\.\.)?')
# Texts that are no paths (of a symbolic link), or that the kernel gives: which of a call's strings to leave out.
NO_PATH = {"symlink": {0}, "symlinkat": {0}, "readlink": {1}, "readlinkat": {1}, "getcwd": {0}}
ANSWERS = {"getsockname", "getpeername", "accept", "accept4", "recvfrom", "recvmsg"}


def is_in_shm(path):
    """Whether a walk along the path comes through /dev/shm."""
    if not path.startswith("/"):
        return False
    walked = []
    for part in path.split("/"):
        if part == "..":
            walked = walked[:-1]
        elif part not in ("", "."):
            walked.append(part)
        if walked == ["dev", "shm"]:
            return True
    return False


def leaks(lines, known=()):
    """Those lines; `known` are patterns for lines that may be there."""
    for line in lines:
        if "shm" not in line or "dev" not in line:  # most of a long log
            continue
        match = CALL.match(line)
        if not match or match[1] in ANSWERS:
            continue
        quotes = QUOTED.findall(match[2])
        # What a program is given as arguments may well name /dev/shm: of execve only the path counts.
        for index, (quoted, cut) in enumerate(quotes[:1] if match[1].startswith("exec") else quotes):
            # A path of more than PATH_MAX goes to the kernel as it is, which refuses it before it looks at it.
            if cut and "ENAMETOOLONG" in line or cut and "/./././" in quoted:
                continue
            if index not in NO_PATH.get(match[1], ()) and is_in_shm(quoted):
                if not any(re.search(pattern, line) for pattern in known):
                    yield line.rstrip()
