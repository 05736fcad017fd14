# SPDX-License-Identifier: MIT
"""The extensions of an environment: programs in /opt/extensions, and those that register from inside the runtime.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html
"""
import collections
import os
import uuid

MOST = 10
# The runtime's own variables, which extensions do not get.
RUNTIME_ONLY = (
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_XRAY_CONTEXT_MISSING",
    "AWS_XRAY_DAEMON_ADDRESS",
    "LAMBDA_RUNTIME_DIR",
    "LAMBDA_TASK_ROOT",
    "_AWS_XRAY_DAEMON_ADDRESS",
    "_AWS_XRAY_DAEMON_PORT",
    "_HANDLER",
)


class Refused(Exception):
    """(HTTP status, type, text)"""


class Extension:
    def __init__(self, name, external):
        self.name, self.external = name, external
        self.id = None  # until it registers
        self.process = None
        self.events = []
        self.queue = collections.deque()
        self.waiting = False  # has asked for the next event, and there is none
        self.state = "Started"
        self.error_type = None

    def send(self, event):
        self.queue.append(event)
        self.waiting = False


class Registry:
    """The extensions of one boot. The caller holds the function's lock."""

    def __init__(self, external_names=(), takes_invoke=True):
        self.all = {name: Extension(name, True) for name in external_names}
        self.takes_invoke = takes_invoke  # no such events where invocations are concurrent
        self.open = True

    def externals(self):
        return [extension for extension in self.all.values() if extension.external]

    def registered(self):
        return [extension for extension in self.all.values() if extension.id]

    def by_id(self, identifier):
        return next((extension for extension in self.registered() if extension.id == identifier), None)

    def register(self, name, events):
        if not name:
            raise Refused(403, "Extension.InvalidExtensionName", "Empty extension name")
        extension = self.all.get(name) or Extension(name, False)
        allowed = ["INVOKE"] if self.takes_invoke else []
        allowed += ["SHUTDOWN"] if extension.external else []
        for event in events:
            if event not in allowed:
                raise Refused(
                    403,
                    "Extension.InvalidEventType",
                    "%s: event is not supported for %s extensions"
                    % (event, "external" if extension.external else "internal"),
                )
        if extension.id:
            raise Refused(403, "Extension.InvalidExtensionState", "Extension with this name already registered")
        if not self.open:
            raise Refused(403, "Extension.RegistrationClosed", "Extension registration closed already")
        if len(self.registered()) >= MOST:
            raise Refused(403, "Extension.TooManyExtensions", "Extension limit (%d) reached" % MOST)
        self.all[name] = extension
        extension.id, extension.events, extension.state = str(uuid.uuid4()), list(events), "Registered"
        return extension

    def all_registered(self):
        return all(extension.id for extension in self.externals())

    def all_waiting(self):
        return all(extension.waiting for extension in self.registered())

    def send(self, kind, event):
        """Sends an event to those that registered for it, and returns them."""
        wanted = [extension for extension in self.registered() if kind in extension.events]
        for extension in wanted:
            extension.send({"eventType": kind, **event})
        return wanted


def external_names(directory):
    """The programs in /opt/extensions, of which `directory` is the place outside."""
    try:
        return sorted(entry.name for entry in os.scandir(directory) if entry.is_file())
    except OSError:
        return []
