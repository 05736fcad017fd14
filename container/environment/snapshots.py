# SPDX-License-Identifier: MIT
"""SnapStart's snapshot: all processes of a container with their memory, taken and restored by CRIU.

CRIU 4.1 is the first that knows today's kernels; Debian 13 has it, and it runs from a root of its own here. It needs
CAP_SYS_RESOURCE, which root has nearly everywhere; DEVSHM_CRIU_PRELOAD names a library for those who do without.
https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html
"""
import os
import subprocess

from . import Failed, container, emulation, roots

# The connection to the interfaces is dropped; a file with a name on the image's read-only root is found there again.
COMMON = ("--tcp-close", "--manage-cgroups=ignore", "--file-locks", "--link-remap", "--ghost-limit", "512M", "-v1")
# CRIU caches its findings about the kernel in /run, which is not ours.
PRIVATE_RUN = 'mount -t tmpfs none /run && exec "$@"'


def program():
    """The command line that starts CRIU."""
    root = roots.debian("2.41", emulation.native(), ["criu"]).directory
    libraries = root / "usr/lib" / (os.uname().machine + "-linux-gnu")
    loader = next(path for path in (root / "usr").rglob("ld-linux*.so.*") if path.is_file())
    preload = ["--preload", os.environ["DEVSHM_CRIU_PRELOAD"]] if "DEVSHM_CRIU_PRELOAD" in os.environ else []
    return [str(loader), *preload, "--library-path", str(libraries), str(root / "usr/sbin/criu")]


def mounts_of(box, form):
    """The options that name the mounts from outside, whose sources differ in a copy."""
    words = []
    for mount in box.mounts:
        name = mount["destination"].strip("/").replace("/", "-")
        words += ["--external", form % {"name": name, **mount}]
    return words


class Snapshot:
    def __init__(self, box, running, output):
        """Takes the snapshot, with what is in /tmp. Afterwards the container's processes are gone."""
        self.criu, self.box = program(), box
        self.images = box.scratch / "snapshot"
        self.images.mkdir(0o700)
        self.pipe = os.readlink("/proc/self/fd/%d" % output.reading)
        self.call("dump", "--tree", str(running.first.number), *mounts_of(box, "mnt[%(destination)s]:%(name)s"))

    def call(self, what, *words, group=(), **options):
        log = "%s.log" % what
        command = [*self.criu, what, "--images-dir", str(self.images), "--log-file", log, *COMMON, *words]
        inside = ["unshare", "--mount", "--propagation", "unchanged", "sh", "-c", PRIVATE_RUN, "sh", *command]
        variables = {**os.environ, "GROUPS_TO_JOIN": " ".join(map(str, group))}
        done = subprocess.run(
            ["sh", "-c", container.JOIN, "sh", *inside],
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            check=False,
            **options,
        )
        if done.returncode != 0:
            text = (self.images / log).read_text(errors="replace") if (self.images / log).exists() else ""
            errors = [line.partition("Error ")[2] for line in text.splitlines() if "Error " in line]
            raise Failed("CRIU's %s failed: %s" % (what, "; ".join(errors[:3]) or "status %d" % done.returncode))

    def restore(self, box, output):
        """Restores the snapshot in a copy's file systems. Returns the first process's pid, to be waited for."""
        number = box.scratch / "restored"
        number.unlink(missing_ok=True)
        self.call(
            "restore",
            *mounts_of(box, "mnt[%(name)s]:%(source)s"),
            *("--root", str(box.root), "--restore-detached", "--pidfile", str(number)),
            *("--inherit-fd", "fd[%d]:%s" % (output.writing, self.pipe)),
            group=box.groups.directories,
            pass_fds=[output.writing],
        )
        return int(number.read_text())
