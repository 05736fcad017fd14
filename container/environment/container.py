# SPDX-License-Identifier: MIT
"""Runs the processes of an environment: an OCI container, from the start of its first process to the end of the last."""
import itertools
import json
import os
import shutil
import signal
import stat
import subprocess
import threading

from . import Failed, bundle, disks, groups, namespaces, processes, sandbox

NUMBERS = itertools.count(1)
JOIN = 'for group in $GROUPS_TO_JOIN; do echo $$ >"$group/cgroup.procs"; done; exec "$@"'


class Container:
    def __init__(self, box):
        self.box = box
        self.name = "devshm-lambda-%d" % next(NUMBERS)
        self.home = box.scratch / self.name
        self.home.mkdir()
        self.guard = threading.Lock()
        self.killed = False
        self.first = None

    def start(self, arguments=bundle.PAUSE, variables=None, when_ended=None, output=None):
        """Starts it with this command; without one, others are executed in it."""
        box = self.box
        settings = bundle.config(box.root, box.mounts, arguments, variables or {}, box.image.working_directory)
        (self.home / "config.json").write_text(json.dumps(settings, indent=1))
        owners = [(number, os.fstat(number)) for number in (0, 1, 2)]
        self.call(
            "did not make the container",
            "create",
            "--bundle",
            str(self.home),
            "--pid-file",
            str(self.home / "pid"),
            self.name,
            **({"stdin": subprocess.DEVNULL, "stdout": output.writing, "stderr": output.writing} if output else {}),
        )
        number = int((self.home / "pid").read_text())
        box.groups.add(number)
        self.correct(number, owners)
        self.first = processes.Process(number, when_ended)
        self.call("did not start the container", "start", self.name, stdin=subprocess.DEVNULL)
        return self

    def call(self, problem, *words, **options):
        if (
            subprocess.run([*self.box.runtime, *words], env=self.box.surroundings, check=False, **options).returncode
            != 0
        ):
            raise Failed("the OCI runtime " + problem)

    def correct(self, number, owners):
        """Undoes unwanted changes of the OCI runtime, before the command starts."""
        # It adds entries to /dev that Lambda lacks.
        for entry in self.box.dev.iterdir():
            if entry.name in disks.DEVICES:
                os.chown(entry, 0, 0)
            elif entry.name not in disks.LINKS:
                sandbox.remove_entry(entry)
        # It changes the owner of the user's files and terminals; a pipe may as well be the command's.
        for descriptor, was in owners:
            if not stat.S_ISFIFO(was.st_mode) and not stat.S_ISSOCK(was.st_mode):
                os.chown("/proc/self/fd/%d" % descriptor, was.st_uid, was.st_gid)
        # It forgets options of the root's mount.
        namespaces.in_mounts_of(number, namespaces.set_root_options)

    def execute(self, arguments, variables, output):
        """Starts another process, which writes to `output`. Returns its pid, or None if it could not be started."""
        home = self.home / ("process%d" % next(NUMBERS))
        home.mkdir()
        (home / "process.json").write_text(
            json.dumps(bundle.process(arguments, variables, self.box.image.working_directory))
        )
        # It joins the groups before it can start others.
        words = [
            "sh",
            "-c",
            JOIN,
            "sh",
            *self.box.runtime,
            "exec",
            "--detach",
            "--process",
            str(home / "process.json"),
            "--pid-file",
            str(home / "pid"),
            self.name,
        ]
        variables = {**self.box.surroundings, "GROUPS_TO_JOIN": " ".join(map(str, self.box.groups.directories))}
        done = subprocess.run(
            words, env=variables, stdin=subprocess.DEVNULL, stdout=output.writing, stderr=output.writing, check=False
        )
        number = int((home / "pid").read_text()) if done.returncode == 0 else None
        shutil.rmtree(home)
        return number

    def kill(self):
        """Ends everything: with the first process the kernel kills the whole namespace, frozen or not."""
        with self.guard:
            self.killed = True  # a process that is frozen from now on would not end
            self.first.signal(signal.SIGKILL)
            self.set_frozen(False)

    def ended(self):
        """Cleans up after the first process has ended."""
        subprocess.run(
            [*self.box.runtime, "delete", "--force", self.name],
            env=self.box.surroundings,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        shutil.rmtree(self.home, ignore_errors=True)

    def freeze(self, frozen):
        with self.guard:
            if not (frozen and self.killed):
                self.set_frozen(frozen)

    def set_frozen(self, frozen):
        how = self.box.options.freeze
        if how == "none" or not self.first.alive:
            return
        if how in ("auto", "group") and self.box.groups.freeze(frozen):
            return
        if how == "group":
            raise Failed("--freeze group: no freezer control group can be written to")
        try:
            groups.stop_all(self.first.number, frozen)
        except FileNotFoundError:
            pass  # it has ended
