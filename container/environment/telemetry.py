# SPDX-License-Identifier: MIT
"""Sends the log to subscribers of the Telemetry API or the older Logs API, in batches over HTTP or TCP.

https://docs.aws.amazon.com/lambda/latest/dg/telemetry-api.html, https://docs.aws.amazon.com/lambda/latest/dg/runtimes-logs-api.html
"""
import http.client
import json
import socket
import threading
import time
import urllib.parse

LIMITS = {
    "maxItems": (1000, 10000, 10000),
    "maxBytes": (262144, 1048576, 262144),
    "timeoutMs": (25, 30000, 1000),
}  # least, most, default
KINDS = ("platform", "function", "extension")
FALLEN_BEHIND = "Consumer seems to have fallen behind as it has not acknowledged receipt of logs."
# Events of the platform that exist only in the Telemetry API.
ONLY_TELEMETRY = (
    "platform.initStart",
    "platform.initRuntimeDone",
    "platform.initReport",
    "platform.restoreStart",
    "platform.restoreRuntimeDone",
    "platform.restoreReport",
    "platform.telemetrySubscription",
)
ONLY_LOGS = ("platform.end", "platform.fault", "platform.logsSubscription")
# The fields that the Logs API has of events that both interfaces have.
OF_LOGS = {
    "platform.start": ("requestId", "version"),
    "platform.runtimeDone": ("requestId", "status"),
    "platform.report": ("requestId", "metrics", "tracing"),
}


def problems(request, versions):
    """The errors of a subscription; an empty list if it can be accepted."""
    found = []
    if request.get("schemaVersion", versions[0]) not in versions:
        found.append("schemaVersion should be one of %s" % ", ".join(versions))
    kinds = request.get("types")
    if not isinstance(kinds, list) or not kinds:
        found.append("types should not be empty")
    elif not set(map(str, kinds)) <= set(KINDS):
        found.append("types should be among %s" % ", ".join(KINDS))
    for name, value in (request.get("buffering") or {}).items():
        least, most, _ = LIMITS.get(name, (0, 0, 0))
        if name not in LIMITS or not isinstance(value, int) or not least <= value <= most:
            found.append(
                "%s should be between %d and %d" % (name, least, most) if name in LIMITS else "unknown field " + name
            )
    destination = request.get("destination") or {}
    if destination.get("protocol") == "TCP":
        if not isinstance(destination.get("port"), int):
            found.append("port is not provided")
    elif destination.get("protocol") != "HTTP":
        found.append("protocol should be HTTP or TCP")
    else:
        address = urllib.parse.urlsplit(str(destination.get("URI", "")))
        if address.scheme != "http" or address.hostname not in ("sandbox", "sandbox.localdomain"):
            found.append("URI should be http://sandbox.localdomain:PORT")
        elif not address.port:
            found.append("URI port is not provided")
    return found


class Subscription:
    """Collects one subscriber's batches. A thread of its own delivers them."""

    def __init__(self, name, request, old, running):
        self.name, self.old, self.running = name, old, running
        self.kinds, self.version = request["types"], request.get("schemaVersion")
        self.destination = request["destination"]
        given = request.get("buffering") or {}
        self.limits = {key: given.get(key, default) for key, (_, _, default) in LIMITS.items()}
        self.changed = threading.Condition()
        self.events, self.size, self.since = [], 0, None
        self.dropped = [0, 0]
        self.hurry = self.busy = self.closed = False
        self.connection = None
        threading.Thread(target=self.deliver_all, daemon=True).start()

    def wants(self, event):
        kind = event["type"]
        if self.old:
            return kind not in ONLY_TELEMETRY and (kind != "platform.runtimeDone" or self.version == "2021-03-18")
        return kind not in ONLY_LOGS

    def add(self, kind, event):
        if kind not in self.kinds or not self.wants(event):
            return
        if self.old and event["type"] in OF_LOGS:
            record = {name: event["record"][name] for name in OF_LOGS[event["type"]] if name in event["record"]}
            event = {**event, "record": record}
        data = json.dumps(event)
        with self.changed:
            if self.size + len(data) > 2 * self.limits["maxBytes"]:
                self.dropped = [self.dropped[0] + 1, self.dropped[1] + len(data)]
                return
            self.events.append(data)
            self.size += len(data)
            self.since = self.since or time.monotonic()
            self.changed.notify_all()

    def is_due(self):
        return self.events and (
            self.hurry
            or len(self.events) >= self.limits["maxItems"]
            or self.size >= self.limits["maxBytes"]
            or time.monotonic() >= self.since + self.limits["timeoutMs"] / 1000
        )

    def deliver_all(self):
        while not self.closed:
            with self.changed:
                while not (self.is_due() or self.closed):
                    left = self.since + self.limits["timeoutMs"] / 1000 - time.monotonic() if self.since else None
                    self.changed.wait(max(left, 0.001) if left is not None else None)
                batch, self.events, self.size, self.since = (
                    self.events[: self.limits["maxItems"]],
                    self.events[self.limits["maxItems"] :],
                    0,
                    None,
                )
                self.size, self.since = sum(map(len, self.events)), time.monotonic() if self.events else None
                if self.dropped[0]:
                    record = {
                        "droppedRecords": self.dropped[0],
                        "droppedBytes": self.dropped[1],
                        "reason": FALLEN_BEHIND,
                    }
                    from .platform_log import timestamp

                    batch.append(json.dumps({"time": timestamp(), "type": "platform.logsDropped", "record": record}))
                    self.dropped = [0, 0]
                self.busy = True
            pause = 0.05
            while not self.closed:
                self.running.wait()  # a frozen environment gets nothing
                try:
                    self.deliver(batch)
                    break
                except (OSError, http.client.HTTPException):
                    self.connection = None
                    with self.changed:
                        self.changed.wait_for(lambda: self.hurry or self.closed, pause)
                    time.sleep(0.02 if self.hurry else 0)
                    pause = min(2 * pause, 2)
            with self.changed:
                self.busy = False
                self.changed.notify_all()

    def deliver(self, batch):
        """Delivers a batch. Raises a socket's exceptions if it was not accepted."""
        if self.destination["protocol"] == "TCP":
            if self.connection is None:
                self.connection = socket.create_connection(("127.0.0.1", self.destination["port"]))
            self.connection.sendall("".join(line + "\n" for line in batch).encode())
            return
        address = urllib.parse.urlsplit(self.destination["URI"])
        connection = http.client.HTTPConnection("127.0.0.1", address.port)
        try:
            connection.request(
                self.destination.get("method", "POST"),
                address.path or "/",
                "[%s]" % ",".join(batch),
                {"Content-Type": "application/json", "Host": address.netloc},
            )
            if connection.getresponse().status >= 400:
                raise OSError("refused")
        finally:
            connection.close()

    def flush(self, seconds):
        """Delivers everything that is there now, unless the subscriber takes too long."""
        with self.changed:
            self.hurry = True
            self.changed.notify_all()
            self.changed.wait_for(lambda: not self.events and not self.busy, seconds)
            self.hurry = False

    def close(self):
        with self.changed:
            self.closed = True
            self.changed.notify_all()


class Telemetry:
    """The subscriptions of one environment. Events during init are kept for the first one."""

    def __init__(self):
        self.guard = threading.RLock()
        self.running = threading.Event()  # cleared while the environment is frozen
        self.running.set()
        self.start_over()

    def start_over(self):
        """Removes all subscriptions, before another init."""
        with self.guard:
            for subscription in getattr(self, "subscriptions", {}).values():
                subscription.close()
            self.subscriptions, self.early, self.open = {}, [], True

    def publish(self, kind, event):
        with self.guard:
            if self.open:
                self.early.append((kind, event))
            for subscription in self.subscriptions.values():
                subscription.add(kind, event)

    def subscribe(self, name, request, old):
        """Returns False if it is subscribed already, which changes nothing; None if it is by the other interface."""
        with self.guard:
            before = self.subscriptions.get(name)
            if before:
                return None if before.old != old else False
            fresh = self.subscriptions[name] = Subscription(name, request, old, self.running)
            for kind, event in self.early:
                fresh.add(kind, event)
            return True

    def close_subscribing(self):
        with self.guard:
            self.open, self.early = False, []

    def flush(self, seconds):
        end = time.monotonic() + seconds
        for subscription in list(self.subscriptions.values()):
            subscription.flush(max(0, end - time.monotonic()))
