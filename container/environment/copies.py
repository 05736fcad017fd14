# SPDX-License-Identifier: MIT
"""SnapStart: a function is initialized once, a snapshot is taken, and copies of it serve the invocations in turn.

Each copy starts with the memory and the /tmp of the snapshot, and changes only its own.
"""
import itertools
import os
import threading

from . import Failed, function, peers, processes, snapshots


class Copies:
    """Acts as the function: requests from outside go to the next copy, those from inside to their own."""

    def __init__(self, box, options, command, environment):
        self.options = options
        self.guard = threading.Lock()  # held while a copy is restored: it sends requests before it is known
        self.template = function.Function(box, options, command, environment)
        self.template.server.function = self
        self.all = [self.template]
        with self.template.changed:
            self.template.initialize("init", max(130, options.timeout))
            boot = self.template.boot
            if boot is None:
                raise Failed("the function's init failed, so no snapshot can be taken")
            boot.over = True  # from now on nothing is a failure
            self.snapshot = snapshots.Snapshot(box, boot.container, boot.output)
        self.all = [
            function.Function(box.copy(number), options, command, environment, self.template.server, self)
            for number in range(options.snapstart)
        ]
        self.turns = itertools.cycle(self.all)
        self.log = self.template.log

    def invoke(self, given):
        with self.guard:
            chosen = next(self.turns)
        self.log = chosen.log
        chosen.invoke(given)

    def restore(self, copy, ended):
        """Starts the processes of a copy in its file systems. Returns (the output, the first process)."""
        output = processes.Output(lambda line: copy.log.written("function", line))
        with self.guard:
            number = self.snapshot.restore(copy.box, output)
            output.close_writer()
            namespace = os.readlink("/proc/%d/ns/pid" % number)
            for other in self.all:
                if other.namespace == namespace:
                    other.namespace = None  # its processes are gone, and the number may be reused
            copy.namespace = namespace
            return output, processes.Process(number, ended)

    def for_connection(self, address):
        """The copy that this connection comes from."""
        if len(self.all) == 1 and self.all[0] is self.template:
            return self.template
        with self.guard:
            process = peers.process_of(address)
            try:
                namespace = os.readlink("/proc/%d/ns/pid" % process)
            except (OSError, TypeError):
                return self.template
            return next((copy for copy in self.all if copy.namespace == namespace), self.template)

    def close(self):
        for copy in self.all:
            copy.close()
