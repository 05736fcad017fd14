# SPDX-License-Identifier: MIT
"""Programs of another architecture, run by qemu-user.

The emulator has to be registered once for the machine (Debian's qemu-user-static does so with systemd) or, since
Linux 6.7, in a new user namespace, which does not change the machine.
"""
import os
import pathlib
import signal

from . import Failed, namespaces

BY_KERNEL = {"x86_64": "x86_64", "aarch64": "arm64"}
QEMU = {"arm64": "/usr/bin/qemu-aarch64-static", "x86_64": "/usr/bin/qemu-x86_64-static"}
# The head of an ELF file for the machine, executable or shared, of any ABI.
HEADS = {
    "arm64": (b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x02\x00\xb7\x00",),
    "x86_64": (b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x02\x00\x3e\x00",),
}
MASK = b"\xff" * 7 + b"\x00" + b"\xff" * 8 + b"\xfe\xff\xff\xff"
EVERYBODY = "0 0 4294967295\n"


def native():
    return BY_KERNEL.get(os.uname().machine)


def registered(architecture):
    """Whether the machine runs such programs, with the emulator kept open (F), because the container does not contain it."""
    name = os.path.basename(QEMU[architecture]).replace("-static", "")
    try:
        entry = pathlib.Path("/proc/sys/fs/binfmt_misc", name).read_text()
    except OSError:
        return False
    return entry.startswith("enabled") and any(line.startswith("flags:") and "F" in line for line in entry.splitlines())


def prefix(architecture):
    """The prefix of the OCI runtime's command that makes it start programs of this architecture; empty for our own."""
    if architecture == native():
        return []
    if not os.access(QEMU[architecture], os.X_OK):
        raise Failed("%s is missing (Debian package qemu-user-static)" % QEMU[architecture])
    if registered(architecture):
        return []
    keeper = start_keeper(architecture)
    return ["nsenter", "--user=/proc/%d/ns/user" % keeper, "--mount=/proc/%d/ns/mnt" % keeper]


def start_keeper(architecture):
    """Starts a process whose user namespace supports the architecture. It lives as long as this pid namespace."""
    to_keeper, to_us = os.pipe(), os.pipe()
    keeper = os.fork()
    if keeper == 0:
        status = 1
        try:
            os.close(to_keeper[1])
            os.close(to_us[0])
            namespaces.unshare(namespaces.CLONE_NEWUSER | namespaces.CLONE_NEWNS)
            os.write(to_us[1], b"n")
            os.read(to_keeper[0], 1)
            register(architecture)
            os.write(to_us[1], b"r")
            os.close(to_us[1])
            while True:
                signal.pause()
        except (OSError, Failed) as failure:
            os.write(to_us[1], str(failure).encode())
        finally:
            os._exit(status)
    os.close(to_keeper[0])
    os.close(to_us[1])
    answer = os.read(to_us[0], 1)
    if answer == b"n":
        for name in ("uid_map", "gid_map"):
            pathlib.Path("/proc/%d" % keeper, name).write_text(EVERYBODY)
        os.write(to_keeper[1], b"g")
        answer = os.read(to_us[0], 1)
    if answer != b"r":
        reason = (answer + os.read(to_us[0], 4096)).decode(errors="replace")
        raise Failed(
            "the kernel does not run %s programs: %s\n(before Linux 6.7 the machine itself must be set up for it: "
            "Debian's packages qemu-user-static and binfmt-support do that)" % (architecture, reason)
        )
    os.close(to_keeper[1])
    return keeper


def register(architecture):
    point = "/proc/sys/fs/binfmt_misc"
    namespaces.check(
        namespaces.libc.mount(b"binfmt_misc", point.encode(), b"binfmt_misc", 0, None),
        "no binfmt_misc in a user namespace",
    )

    def escaped(data):
        return "".join("\\x%02x" % byte for byte in data)

    for head in HEADS[architecture]:
        # P: programs see the name they were called by. F: the emulator is opened now, from here.
        entry = ":qemu-%s:M::%s:%s:%s:PF" % (architecture, escaped(head), escaped(MASK), QEMU[architecture])
        pathlib.Path(point, "register").write_text(entry)
