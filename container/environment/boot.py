# SPDX-License-Identifier: MIT
"""One start of an environment's processes: it starts extensions, then the runtime, initializes and shuts them down.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
"""
import json
import signal
import time

from . import container, extensions, invocation, processes

# How many seconds a shutdown may take, by the kind of extensions registered.
SHUTDOWN_SECONDS = {"none": 0, "internal": 0.5, "external": 2}
RUNTIME_SECONDS = {False: 0.3, True: 0.5}  # the runtime's part of them, without and with internal extensions


class Failure:
    """The reason why a boot is over, as the response that the caller gets."""

    def __init__(self, kind, text, body=None):
        self.kind, self.text, self.body = kind, text, body

    def answer(self, request):
        return self.body or invocation.error(self.kind, "RequestId: %s Error: %s" % (request, self.text))


class Boot:
    """`function.changed` guards it, and is notified when any of its fields changes."""

    def __init__(self, function, phase):
        self.function, self.phase = function, phase
        self.box = function.box
        self.extensions = extensions.Registry(
            extensions.external_names(self.box.inside("/opt/extensions")), takes_invoke=not function.options.concurrency
        )
        self.runtime = None
        self.polling = 0  # how many of the runtime's requests wait for an invocation
        self.ready = False  # one did
        self.restoring = False  # the runtime waits in restore/next
        self.failure = None
        self.over = self.gone = False
        self.killed_for_memory = self.box.groups.killed_for_memory()

    def fail(self, kind, text, body=None):
        if not self.failure and not self.over:
            self.failure = Failure(kind, text, body)
        self.function.changed.notify_all()

    def wait(self, reached, until):
        """Returns whether it was reached in time and without a failure."""
        self.function.changed.wait_for(lambda: self.failure or reached(), max(0, until - time.monotonic()))
        return not self.failure and reached()

    # --- init ---

    def initialize(self, until):
        """Starts everything; returns how the init phase ended: success, error or timeout."""
        self.container = container.Container(self.box)
        if self.function.options.snapstart:
            self.start_alone()
        else:
            self.container.start(when_ended=lambda process: self.container_ended())
        for extension in self.extensions.externals():
            self.launch(extension)
        if self.wait(self.extensions.all_registered, until):
            if not self.runtime:
                self.start_runtime()
            self.wait(
                lambda: (self.ready or self.restoring)
                and (self.extensions.all_waiting() or self.function.options.concurrency),
                until,
            )
        self.extensions.open = False
        if self.failure:
            return "error"
        return "success" if self.ready or self.restoring else "timeout"

    def launch(self, extension):
        variables = {
            name: value for name, value in self.function.variables.items() if name not in extensions.RUNTIME_ONLY
        }
        output = processes.Output(lambda line: self.function.log.written("extension", line))
        number = self.container.execute(["/opt/extensions/" + extension.name], variables, output)
        output.close_writer()
        if number is None:
            extension.state, extension.error_type = "LaunchError", "PermissionDenied"
            self.fail("Extension.LaunchError", "%s could not be started" % extension.name)
            return
        extension.process = processes.Process(number, lambda process: self.extension_ended(extension))
        extension.output = output

    def start_runtime(self):
        self.output = processes.Output(lambda line: self.function.log.written("function", line))
        number = self.container.execute(self.function.command, self.function.variables, self.output)
        self.output.close_writer()
        if number is None:
            self.fail("Runtime.InvalidEntrypoint", "the command could not be started")
            return
        self.runtime = processes.Process(number, lambda process: self.runtime_ended())

    def start_alone(self):
        """Starts the runtime as the container's own command: otherwise no snapshot can be taken of it."""
        if self.extensions.externals():
            self.fail("Extension.LaunchError", "container/lambda has no extensions with --snapstart")
        self.output = processes.Output(lambda line: self.function.log.written("function", line))
        self.container.start(
            self.function.command, self.function.variables, lambda process: self.alone_ended(), self.output
        )
        self.output.close_writer()
        self.runtime = self.container.first

    def restore(self, until):
        """Restores a copy's processes from the snapshot; returns the outcome, as initialize() does."""
        self.container = container.Container(self.box)
        self.output, self.runtime = self.function.group.restore(self.function, lambda process: self.alone_ended())
        self.container.first = self.runtime
        self.extensions.open = False
        self.wait(lambda: self.ready, until)
        return "error" if self.failure else "success" if self.ready else "timeout"

    def alone_ended(self):
        self.runtime_ended()
        self.container_ended()

    def report_extensions(self):
        """Logs one event for each, when init ends."""
        for extension in self.extensions.all.values():
            record = {"name": extension.name, "state": extension.state, "events": extension.events}
            if extension.error_type:
                record["errorType"] = extension.error_type
            self.function.log.event("platform.extension", record)

    def drain(self):
        """Logs everything that was written until now, before anything that follows."""
        if self.runtime:
            self.output.drain()

    # --- unexpected ends ---

    def runtime_ended(self):
        self.output.drain()
        with self.function.changed:
            how = processes.how_it_ended(self.runtime.code)
            if self.box.groups.killed_for_memory() > self.killed_for_memory and how == "signal: killed":
                self.fail("Runtime.OutOfMemory", "Runtime exited with error: " + how)
            else:
                self.fail(
                    "Runtime.ExitError",
                    "Runtime exited "
                    + ("without providing a reason" if self.runtime.code == 0 else "with error: " + how),
                )

    def extension_ended(self, extension):
        extension.output.drain()
        with self.function.changed:
            if extension.state not in ("InitError", "ExitError"):
                extension.state = "Exited"
            self.fail(
                "Extension.Crash",
                "extension %s ended: %s" % (extension.name, processes.how_it_ended(extension.process.code)),
            )

    def container_ended(self):
        self.container.ended()
        with self.function.changed:
            self.gone = True
            self.fail("Sandbox.Failure", "the environment ended")

    # --- shutdown ---

    def shut_down(self, reason):
        """Ends everything: the runtime first, then the extensions, which get an event; and waits until they are gone.
        `reason` is spindown, timeout or failure: Lambda sends lower case, unlike its documentation."""
        self.over = True
        self.function.changed.notify_all()
        internal = any(not extension.external for extension in self.extensions.registered())
        external = [
            extension for extension in self.extensions.externals() if extension.process and extension.process.alive
        ]
        end = time.monotonic() + SHUTDOWN_SECONDS["external" if external else "internal" if internal else "none"]
        if self.runtime and self.runtime.alive and (internal or external):
            self.runtime.signal(signal.SIGTERM)
            self.function.changed.wait_for(lambda: not self.runtime.alive, RUNTIME_SECONDS[internal])
        if self.runtime:
            processes.kill_tree(self.runtime)
        if external:
            self.function.telemetry.flush(max(0, end - time.monotonic()) / 2)
            notified = self.extensions.send(
                "SHUTDOWN", {"shutdownReason": reason, "deadlineMs": int((time.time() + end - time.monotonic()) * 1000)}
            )
            self.function.changed.notify_all()
            self.function.changed.wait_for(
                lambda: not any(extension.process.alive for extension in notified if extension.process),
                max(0, end - time.monotonic()),
            )
        self.container.kill()
        self.function.changed.wait_for(lambda: self.gone)

    @staticmethod
    def body_of(error):
        """The error type in the body, for runtimes that send no header."""
        try:
            return json.loads(error).get("errorType")
        except (ValueError, AttributeError):
            return None
