# SPDX-License-Identifier: MIT
"""One invocation: the event and what comes with it, and the answer, which may arrive in parts."""
import json
import os
import queue
import re
import threading
import time
import uuid

LARGEST = 6 << 20  # for an event; https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
LARGEST_ANSWER = LARGEST + 100
LARGEST_STREAM = 200 << 20


def error(kind, text):
    return json.dumps({"errorType": kind, "errorMessage": text}).encode()


def valid_kind(kind):
    """Lambda's error type for the type that a runtime reports."""
    if kind and re.fullmatch(r"(Runtime|Function|Sandbox|Extension)\.[A-Z][a-zA-Z]+", kind):
        return kind
    return "Runtime.Unknown" if kind and kind.startswith("Runtime.") else "Function.Unknown"


class Trace:
    """X-Ray's header, which the caller may have set."""

    def __init__(self, header=None):
        given = dict(part.partition("=")[::2] for part in (header or "").replace(" ", "").split(";") if "=" in part)
        self.root = given.get("Root") or "1-%08x-%s" % (int(time.time()), os.urandom(12).hex())
        self.parent = given.get("Parent") or os.urandom(8).hex()
        self.sampled = given.get("Sampled", "0")

    def __str__(self):
        return "Root=%s;Parent=%s;Sampled=%s" % (self.root, self.parent, self.sampled)


class Invocation:
    """Passes the response from the runtime to the caller: one thread adds its parts, another one takes them."""

    def __init__(self, event, headers=None):
        headers = headers or {}
        self.id, self.event = str(uuid.uuid4()), event
        self.context, self.identity = headers.get("context"), headers.get("identity")
        self.tenant, self.trace = headers.get("tenant"), Trace(headers.get("trace"))
        self.deadline = None  # the time of day at which it must be done; None: the runtime has not got it yet
        self.guard = threading.Lock()
        self.arrived = queue.Queue()
        self.begun = self.ended = self.streaming = False
        self.error = self.error_type = None
        self.content_type = "application/json"
        self.produced = 0
        self.reported, self.tail = threading.Event(), ""  # its log's end, when all of it is there
        self.first_byte = self.last_byte = None  # the times of day

    # --- from the runtime ---

    def begin(self, streaming=False, content_type=None):
        """Begins the answer. False if there is one already."""
        with self.guard:
            if self.begun or self.ended:
                return False
            self.begun, self.streaming = True, streaming
            self.content_type = content_type or self.content_type
            return True

    def add(self, part):
        with self.guard:
            if not self.ended:
                self.first_byte = self.first_byte or time.time()
                self.produced += len(part)
                self.arrived.put(part)

    def end(self, body=None, kind=None):
        """Completes the answer, with an error if there is a `body`. False if it was complete before."""
        with self.guard:
            if self.ended:
                return False
            self.begun = self.ended = True
            self.last_byte = time.time()
            self.error, self.error_type = body, kind
            self.arrived.put(None)
            return True

    # --- to the caller ---

    def answer(self):
        """Yields the parts of the answer, until it is complete."""
        while True:
            part = self.arrived.get()
            if part is None:
                return
            yield part

    def whole(self):
        """(body, whether it is an error)."""
        body = b"".join(self.answer())
        return (self.error, True) if self.error is not None else (body, False)
