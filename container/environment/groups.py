# SPDX-License-Identifier: MIT
"""Our own control groups, which limit the memory of the environment, and freeze it.

Both kinds of hierarchy, also side by side. Where they can't be written to, there is no limit, and freezing is by
SIGSTOP to each process.
"""
import contextlib
import os
import pathlib
import signal
import time

from . import disks


def hierarchies():
    """The mount points by controller; "" is the unified hierarchy, if it is the only one."""
    found = {}
    for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        point, kind, options = before.split()[4], after.split()[0], after.split()[-1].split(",")
        if kind == "cgroup2":
            found[""] = pathlib.Path(point)
        elif kind == "cgroup":
            found.update((option, pathlib.Path(point)) for option in options if option in ("memory", "freezer"))
    if len(found) > 1:
        found.pop("", None)  # side by side the controllers are in the old ones
    return found


def hide_second_hierarchy():
    """Unmounts the unified hierarchy, because crun refuses to work with both kinds. For private mounts only."""
    for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines():
        if " - cgroup2 " in line and len(hierarchies()) > 0 and "" not in hierarchies():
            disks.call("umount", line.split()[4])


def sweep(prefix, is_gone):
    """Removes groups of a run that was killed: thaws its processes, so that they can end."""
    found = [left for point in set(hierarchies().values()) for left in point.glob(prefix + "*") if is_gone(left.name)]
    # All are thawed before the first is removed: its processes may be in another one that is still frozen.
    for left in found:
        for name, word in (("freezer.state", "THAWED"), ("cgroup.freeze", "0")):
            if (left / name).exists():
                with contextlib.suppress(OSError):  # another run may be removing it, too
                    (left / name).write_text(word)
    for left in found:
        remove(left)


def remove(directory):
    for _ in range(1000):  # ten seconds: the machine may be busy
        try:
            directory.rmdir()
            return
        except FileNotFoundError:
            return
        except OSError:  # the last process is not quite gone
            time.sleep(0.01)


class Groups:
    def __init__(self, name):
        self.memory = self.freezer = None
        self.directories = set()
        self.unified = False
        points = hierarchies()
        unified = points.get("")
        if unified and self.has_memory(unified):
            self.unified, points["memory"] = True, unified
        self.memory = self.make(points.get("memory"), name)
        self.freezer = self.make(points.get("freezer", unified), name)

    @staticmethod
    def has_memory(unified):
        try:
            return "memory" in (unified / "cgroup.subtree_control").read_text().split()
        except OSError:
            return False

    def make(self, point, name):
        if point is None:
            return None
        try:
            (point / name).mkdir(exist_ok=True)
            if not os.access(point / name / "cgroup.procs", os.W_OK):
                return None
        except OSError:
            return None
        self.directories.add(point / name)
        return point / name

    def limit(self, megabytes):
        """Limits the memory. Returns False if nothing can limit it."""
        if self.memory is None:
            return False
        size = str(megabytes << 20)
        names = (
            ("memory.max", "memory.swap.max")
            if self.unified
            else ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes")
        )
        (self.memory / names[0]).write_text(size)
        try:
            (self.memory / names[1]).write_text("0" if self.unified else size)
        except OSError:
            pass  # a kernel that does not count swap
        return True

    def most_used(self):
        """The memory in use, in bytes; None if it is not measured."""
        if self.memory is None:
            return None
        for name in ("memory.peak", "memory.max_usage_in_bytes"):
            try:
                return int((self.memory / name).read_text())
            except OSError:
                pass
        return None

    def killed_for_memory(self):
        if self.memory is None:
            return 0
        for name in ("memory.events", "memory.oom_control"):
            try:
                for line in (self.memory / name).read_text().splitlines():
                    word, _, number = line.partition(" ")
                    if word == "oom_kill":
                        return int(number)
            except OSError:
                pass
        return 0

    def add(self, process):
        for directory in self.directories:
            (directory / "cgroup.procs").write_text(str(process))

    def freeze(self, frozen):
        """Freezes or thaws the processes. Returns False if there is no freezer."""
        if self.freezer is None:
            return False
        old = self.freezer / "freezer.state"
        if old.exists():
            old.write_text("FROZEN" if frozen else "THAWED")
            self.await_state(lambda: old.read_text().strip() == ("FROZEN" if frozen else "THAWED"))
        else:
            (self.freezer / "cgroup.freeze").write_text("1" if frozen else "0")
            self.await_state(lambda: "frozen %d" % frozen in (self.freezer / "cgroup.events").read_text())
        return True

    @staticmethod
    def await_state(reached):
        """Waits until the kernel has reached the state."""
        end = time.monotonic() + 10
        while not reached() and time.monotonic() < end:
            time.sleep(0.0005)

    def remove(self):
        for directory in self.directories:
            remove(directory)


def in_namespace_of(process):
    """All processes in the pid namespace of `process`."""
    namespace = os.readlink("/proc/%d/ns/pid" % process)
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                if os.readlink("/proc/%s/ns/pid" % entry) == namespace:
                    found.append(int(entry))
            except OSError:
                pass  # ended meanwhile
    return found


def stop_all(process, stopped):
    """Sends SIGSTOP or SIGCONT to all processes in the namespace of `process`, even to those that start meanwhile."""
    seen = set()
    while True:
        fresh = [number for number in in_namespace_of(process) if number not in seen]
        if not fresh:
            return
        for number in fresh:
            seen.add(number)
            try:
                os.kill(number, signal.SIGSTOP if stopped else signal.SIGCONT)
            except ProcessLookupError:
                pass
