# SPDX-License-Identifier: MIT
"""Creates the file systems of one execution environment, once. Processes come and go (container.py); /tmp stays."""
import copy
import os
import pathlib
import shutil
import sys
import zipfile

from . import Failed, bundle, disks, emulation, groups

HERE = pathlib.Path(__file__).resolve().parent
# The files copied into the environment, from Debian's packages tini and busybox-static.
PROGRAMS = {bundle.INIT: "/usr/bin/tini-static", bundle.PAUSE[0]: "/usr/bin/busybox"}


class Sandbox:
    """`options` are those of the command line; `image` describes the root."""

    def __init__(self, scratch, options, image):
        self.scratch, self.options, self.image = scratch, options, image
        groups.hide_second_hierarchy()
        self.groups = groups.Groups(scratch.name)
        self.copies = []

    def make(self):
        if not self.groups.limit(self.options.memory):
            print("lambda: no control group can be written to, so the memory is not limited", file=sys.stderr)
        self.tmp, dev = self.scratch / "tmp", self.scratch / "dev"
        disks.mount_disk(self.scratch / "tmp.ext4", self.tmp, self.options.tmp, "relatime,data=writeback")
        os.chown(self.tmp, bundle.USER, bundle.GROUP)
        self.tmp.chmod(0o700)
        disks.mount_disk(self.scratch / "dev.ext4", dev, 1470, "nosuid,noexec,noatime,data=writeback")
        disks.fill_dev(dev)
        self.dev = dev
        self.root = self.scratch / "root"
        disks.mount_overlay(self.root, [self.skeleton(), self.image.directory])
        mounts = [bundle.bind(dev, "/dev", "nosuid", "noexec"), bundle.bind(self.tmp, "/tmp")]
        empty = self.scratch / "empty"
        empty.mkdir()
        if self.options.task:
            disks.mount_overlay(self.scratch / "task", [self.unpacked(self.options.task, "task.d"), empty])
            mounts.append(bundle.bind(self.scratch / "task", "/var/task", "ro", "nosuid", "nodev"))
        if self.options.layer:
            layers = [self.unpacked(layer, "layer%d.d" % number) for number, layer in enumerate(self.options.layer)]
            disks.mount_overlay(self.scratch / "opt", [*reversed(layers), empty])
            mounts.append(bundle.bind(self.scratch / "opt", "/opt", "ro", "nosuid", "nodev"))
        self.mounts = mounts
        self.runtime = [
            *emulation.prefix(self.options.arch),
            "crun",
            "--root",
            str(self.scratch / "crun"),
            "--cgroup-manager=disabled",
        ]
        # It may leave the file over which it mounts a copy of itself: not in the user's /tmp.
        self.surroundings = {**os.environ, "_LIBCONTAINER_STATEDIR": str(self.scratch)}

    def skeleton(self):
        """The root's upper layer: mount points, and the few files that are Lambda's own."""
        top = self.scratch / "skeleton"
        if self.image.directory in top.parents:
            # A layer of an overlay can't be in another overlay, but it can on another file system.
            disks.mount_disk(self.scratch / "skeleton.ext4", top, 16, "noatime")
        for point in ("dev", "proc", "tmp", "opt", "var/task", "var/runtime", "var/rapid", "etc"):
            (top / point).mkdir(parents=True, exist_ok=True)
        for directory in (top, *(path for path in top.rglob("*") if path.is_dir())):
            directory.chmod(0o755)
        disks.write(top / "etc/passwd", bundle.PASSWD)
        disks.write(top / "etc/group", "root:x:0:\nnobody:x:99:\n%s:x:%d:\n" % (bundle.USER_NAME, bundle.GROUP))
        try:
            disks.write(top / "etc/resolv.conf", pathlib.Path("/etc/resolv.conf").read_text())
        except OSError:
            pass  # a machine without one
        for inside, program in PROGRAMS.items():
            shutil.copy(program, top / inside.lstrip("/"))
            (top / inside.lstrip("/")).chmod(0o755)
        disks.write(top / "etc/hosts", "127.0.0.1 localhost sandbox sandbox.localdomain\n")
        if self.image.managed:
            for program in (HERE / "python_runtime").iterdir():
                disks.write(
                    top / "var/runtime" / program.name,
                    program.read_text(),
                    0o755 if program.name == "bootstrap" else 0o644,
                )
        return top

    def unpacked(self, source, name):
        """Takes a directory as it is, and unpacks a zip as Lambda does."""
        source = pathlib.Path(source)
        if source.is_dir():
            return source.resolve()
        if not zipfile.is_zipfile(source):
            raise Failed("%s is neither a directory nor a zip" % source)
        target = self.scratch / name
        disks.call("unzip", "-q", source, "-d", target)
        target.chmod(0o755)
        return target

    def copy(self, number):
        """Returns another sandbox with the same files, and a /tmp of its own with the same contents."""
        other = copy.copy(self)
        other.scratch = self.scratch / ("copy%d" % number)
        other.scratch.mkdir()
        other.groups = groups.Groups("%s-%d" % (self.scratch.name, number))
        other.groups.limit(self.options.memory)
        other.tmp, other.original = other.scratch / "tmp", self
        disks.mount_disk(other.scratch / "tmp.ext4", other.tmp, self.options.tmp, "relatime,data=writeback")
        other.mounts = [mount for mount in self.mounts if mount["destination"] != "/tmp"] + [
            bundle.bind(other.tmp, "/tmp")
        ]
        self.copies.append(other)
        other.fill()
        return other

    def fill(self):
        """Restores a copy's /tmp as it was when the snapshot was taken, with owners, modes, links and holes."""
        for left in self.tmp.iterdir():
            remove_entry(left)
        disks.call("cp", "-a", "%s/." % self.original.tmp, self.tmp)

    def inside(self, path):
        """The place outside at which `path` of the environment lies."""
        if path.startswith("/opt/") and self.options.layer:
            return self.root.parent / path.lstrip("/")
        return self.root / path.lstrip("/")

    def remove(self):
        for other in self.copies:
            other.groups.remove()
        self.groups.remove()


def remove_entry(entry):
    if entry.is_dir() and not entry.is_symlink():
        shutil.rmtree(entry)
    else:
        entry.unlink()
