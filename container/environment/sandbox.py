# SPDX-License-Identifier: MIT
"""One execution environment: its file systems are made once; processes come and go in it, and /tmp stays."""
import json
import os
import pathlib
import shutil
import signal
import stat
import subprocess
import sys
import threading
import zipfile

from . import Failed, bundle, disks, emulation, groups, namespaces

HERE = pathlib.Path(__file__).resolve().parent
INIT_PROGRAM = "/usr/bin/tini-static"


class Sandbox:
    """`options` are those of the command line; `image` says what is in the root."""

    def __init__(self, scratch, options, image):
        self.scratch, self.options, self.image = scratch, options, image
        groups.hide_second_hierarchy()
        self.groups = groups.Groups(scratch.name)
        self.process = None
        self.count = 0
        self.guard = threading.Lock()
        self.killed = False

    def make(self):
        if not self.groups.limit(self.options.memory):
            print("lambda: no control groups to write to: memory is not limited", file=sys.stderr)
        self.tmp, dev = self.scratch / "tmp", self.scratch / "dev"
        disks.mount_disk(self.scratch / "tmp.ext4", self.tmp, self.options.tmp, "relatime,data=writeback")
        os.chown(self.tmp, bundle.USER, bundle.GROUP)
        self.tmp.chmod(0o700)
        disks.mount_disk(self.scratch / "dev.ext4", dev, 1470, "nosuid,noexec,noatime,data=writeback")
        disks.fill_dev(dev)
        self.dev = dev
        disks.mount_overlay(self.scratch / "root", [self.skeleton(), self.image.directory])
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
        self.runtime = [*emulation.prefix(self.options.arch),
                        "crun", "--root", str(self.scratch / "crun"), "--cgroup-manager=disabled"]
        # It may leave the file over which it mounts a copy of itself: not in the user's /tmp.
        self.surroundings = {**os.environ, "_LIBCONTAINER_STATEDIR": str(self.scratch)}

    def skeleton(self):
        """The root's upper layer: mount points, and the few files that are Lambda's own."""
        top = self.scratch / "skeleton"
        if self.image.directory in top.parents:
            # A layer of an overlay can't lie in another one, but on another file system it does not.
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
        if not pathlib.Path(INIT_PROGRAM).exists():
            raise Failed("%s is missing (Debian package tini)" % INIT_PROGRAM)
        shutil.copy(INIT_PROGRAM, top / bundle.INIT.lstrip("/"))
        (top / bundle.INIT.lstrip("/")).chmod(0o755)
        if self.image.managed:
            for name, mode in (("bootstrap", 0o755), ("bootstrap.py", 0o644)):
                disks.write(top / "var/runtime" / name, (HERE / "python_runtime" / name).read_text(), mode)
        return top

    def unpacked(self, source, name):
        """A directory as it is, a zip as Lambda unpacks it."""
        source = pathlib.Path(source)
        if source.is_dir():
            return source.resolve()
        if not zipfile.is_zipfile(source):
            raise Failed("%s is neither a directory nor a zip" % source)
        target = self.scratch / name
        disks.call("unzip", "-q", source, "-d", target)
        target.chmod(0o755)
        return target

    # --- processes ---

    def start(self, arguments, variables):
        """The command as a container of its own; its first process is ours to wait for."""
        if self.process is not None:
            raise Failed("there is a process already")
        self.count += 1
        home = self.scratch / ("bundle%d" % self.count)
        home.mkdir()
        settings = bundle.config(self.scratch / "root", self.mounts, arguments, variables,
                                 self.image.working_directory)
        (home / "config.json").write_text(json.dumps(settings, indent=1))
        name = "devshm-lambda-%d" % self.count
        owners = [(number, os.fstat(number)) for number in (0, 1, 2)]
        done = subprocess.run([*self.runtime, "create", "--bundle", str(home), "--pid-file", str(home / "pid"), name],
                              env=self.surroundings, check=False)
        if done.returncode != 0:
            raise Failed("the OCI runtime did not make the container")
        self.process, self.killed = int((home / "pid").read_text()), False
        self.groups.add(self.process)
        self.correct(owners)
        done = subprocess.run([*self.runtime, "start", name], env=self.surroundings, stdin=subprocess.DEVNULL,
                              check=False)
        if done.returncode != 0:
            raise Failed("the OCI runtime did not start the container")

    def correct(self, owners):
        """What the runtime does beyond its orders, undone before the command starts."""
        # More in /dev than Lambda has.
        for entry in self.dev.iterdir():
            if entry.name in disks.DEVICES:
                os.chown(entry, 0, 0)
            elif entry.name not in disks.LINKS:
                remove_entry(entry)
        # The user's own files and terminals given away; a pipe may as well be the command's.
        for number, was in owners:
            if not stat.S_ISFIFO(was.st_mode) and not stat.S_ISSOCK(was.st_mode):
                os.chown("/proc/self/fd/%d" % number, was.st_uid, was.st_gid)
        # Options of the root's mount forgotten.
        namespaces.in_mounts_of(self.process, namespaces.set_root_options)

    def wait(self):
        """The exit status of what was started, as a shell would say it."""
        code = self.reap()
        self.ended()
        return code if code >= 0 else 128 - code

    def reap(self):
        """Waits for the end of what was started. Until its number is forgotten here, it is no other process's: who
        wants to end it meanwhile still finds it."""
        process = self.process
        os.waitid(os.P_PID, process, os.WEXITED | os.WNOWAIT)
        with self.guard:
            self.process = None
            return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])

    def ended(self):
        """Tidies up behind a process that has been waited for."""
        subprocess.run([*self.runtime, "delete", "--force", "devshm-lambda-%d" % self.count],
                       env=self.surroundings, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)

    def signal(self, number):
        if self.process is not None:
            os.kill(self.process, number)

    def kill(self):
        """Ends all there is: the first process takes the whole namespace with it, frozen or not."""
        with self.guard:
            if self.process is not None:
                self.killed = True  # what is frozen from now on would not end
                os.kill(self.process, signal.SIGKILL)
                self.set_frozen(False)

    def freeze(self, frozen):
        with self.guard:
            if not (frozen and self.killed):
                self.set_frozen(frozen)

    def set_frozen(self, frozen):
        if self.process is None or self.options.freeze == "none":
            return
        if self.options.freeze in ("auto", "group") and self.groups.freeze(frozen):
            return
        if self.options.freeze == "group":
            raise Failed("there is no freezer to write to")
        try:
            groups.stop_all(self.process, frozen)
        except FileNotFoundError:
            pass  # it has ended

    def remove(self):
        self.groups.remove()


def remove_entry(entry):
    if entry.is_dir() and not entry.is_symlink():
        shutil.rmtree(entry)
    else:
        entry.unlink()
