# SPDX-License-Identifier: MIT
"""The OCI runtime's configuration for one process: the config.json of its bundle."""
import json
import os
import pathlib

USER, GROUP, USER_NAME = 993, 990, "sbx_user1051"
HOME = "/home/" + USER_NAME  # which does not exist
PASSWD = (
    "root:x:0:0:root:/root:/bin/bash\n"
    "nobody:x:99:99:Nobody:/:/sbin/nologin\n"
    "%s:x:%d:%d::%s:/sbin/nologin\n" % (USER_NAME, USER, GROUP, HOME)
)
PROFILE = pathlib.Path(__file__).resolve().parent.parent / "seccomp.json"
INIT = "/var/rapid/init"
PAUSE = ("/var/rapid/busybox", "sleep", "infinity")  # the first process's only child, where others are started later
HOST_NAME = "169-254-100-1"


def seccomp(profile=PROFILE):
    """System calls through another architecture's table (int 0x80) kill the process, as libseccomp does."""
    rules = json.loads(profile.read_text())
    machine = {"x86_64": "SCMP_ARCH_X86_64", "aarch64": "SCMP_ARCH_AARCH64"}.get(os.uname().machine)
    if machine:
        rules["architectures"] = [machine]
    for rule in rules["syscalls"]:
        rule.pop("comment", None)
    return rules


def bind(source, target, *options):
    return {"type": "bind", "source": str(source), "destination": target, "options": ["rbind", *options]}


def process(arguments, variables, directory):
    """How a process runs, the first one or a later one: with Lambda's user and limits, and without privileges."""
    return {
        "terminal": False,
        "user": {"uid": USER, "gid": GROUP, "umask": 0o22},
        "args": [INIT, "-s", "-g", "--", *arguments],
        "env": ["%s=%s" % pair for pair in sorted(variables.items())],
        "cwd": directory,
        "capabilities": {kind: [] for kind in ("bounding", "effective", "inheritable", "permitted", "ambient")},
        "rlimits": [{"type": "RLIMIT_" + name, "hard": 1024, "soft": 1024} for name in ("NOFILE", "NPROC")],
        # This also lets the runtime load the filter last, when it makes no more system calls that the filter refuses.
        "noNewPrivileges": True,
    }


def config(root, mounts, arguments, variables, directory):
    return {
        "ociVersion": "1.0.2",
        "hostname": HOST_NAME,
        "process": process(arguments, variables, directory),
        "root": {"path": str(root), "readonly": True},
        "mounts": [
            {
                "type": "proc",
                "source": "none",
                "destination": "/proc",
                "options": ["nosuid", "nodev", "noexec", "noatime"],
            },
            *mounts,
        ],
        "linux": {
            # The machine's network is used: a function has access to the network on Lambda too.
            "namespaces": [{"type": kind} for kind in ("pid", "ipc", "uts", "mount")],
            "seccomp": seccomp(),
            # The usual masks are tmpfs mounts.
            "maskedPaths": [],
            "readonlyPaths": [],
        },
    }
