# SPDX-License-Identifier: MIT
"""The file systems: ext4 images that leave nothing behind when they are unmounted, and read-only overlays.

A tmpfs would be simpler but wrong: before 2.34 glibc uses any tmpfs that it finds as /dev/shm.
"""
import os
import pathlib
import stat
import subprocess

from . import Failed

MEGABYTE = 1 << 20
DEVICES = {"null": (1, 3), "zero": (1, 5), "full": (1, 7), "random": (1, 8), "urandom": (1, 9)}
LINKS = {"fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2"}


def call(*command):
    done = subprocess.run(
        [str(word) for word in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        raise Failed("%s: %s" % (" ".join(map(str, command)), done.stdout.strip() or done.returncode))
    return done.stdout


def mount_disk(image, point, megabytes, options):
    """Mounts a new ext4 of this size at `point`. The image file has no name afterwards: the loop device keeps it."""
    # Lambda's /tmp has 525 MiB of usable space at a setting of 512. Inodes and journal need more.
    room = megabytes * 1.026
    inodes = megabytes * 64
    with open(image, "wb") as file:
        file.truncate(int(room + 8 + inodes / 4096 + 1) * MEGABYTE)
    call(
        "mkfs.ext4",
        "-q",
        "-F",
        "-m",
        "0",
        "-J",
        "size=8",
        "-N",
        inodes,
        "-I",
        "256",
        "-O",
        "^resize_inode",
        "-E",
        "root_owner=0:0,nodiscard",
        image,
    )
    point.mkdir(parents=True, exist_ok=True)
    try:
        call("mount", "-t", "ext4", "-o", "loop," + options, image, point)
    except Failed as failure:
        raise Failed(
            "no ext4 by a loop device: %s\n(in a container: it needs --privileged and the host's "
            "/dev/loop*)" % failure
        ) from None
    os.unlink(image)
    (point / "lost+found").rmdir()


def fill_dev(point):
    umask = os.umask(0)
    for name, (major, minor) in DEVICES.items():
        os.mknod(point / name, stat.S_IFCHR | 0o666, os.makedev(major, minor))
    os.umask(umask)
    for name, target in LINKS.items():
        (point / name).symlink_to(target)


def mount_overlay(point, layers, options="nosuid,nodev"):
    """Mounts `layers` read-only, the first on top. /proc/mounts shows an overlay, whatever file system they are on."""
    point.mkdir(parents=True, exist_ok=True)
    escaped = (str(layer).replace("\\", "\\\\").replace(":", "\\:").replace(",", "\\,") for layer in layers)
    call("mount", "-t", "overlay", "-o", "ro,%s,lowerdir=%s" % (options, ":".join(escaped)), "overlay", point)


def write(path, text, mode=0o644):
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
