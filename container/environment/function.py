# SPDX-License-Identifier: MIT
"""A function in its environment: started by its first invocation, frozen between them, and started again when it ended.

What ends in the middle (a crash, a time-out) is answered as Lambda answers it. The next invocation starts the runtime
anew in the same environment: /tmp is as it was left.
"""
import json
import os
import signal
import sys
import threading
import time
import uuid

from . import Failed, namespaces, runtime_api

INIT_SECONDS = 10


class Invocation:
    def __init__(self, event, context):
        self.id, self.event, self.context = str(uuid.uuid4()), event, context
        self.deadline = self.answer = None
        self.failed = False
        self.warm = False  # came when a runtime was there, which may be about to end

    def complete(self, answer, failed):
        if self.answer is None:
            self.answer, self.failed = answer, failed


def error(kind, text):
    return json.dumps({"errorType": kind, "errorMessage": text}).encode()


class Function:
    """Threads of two servers and one that waits for the runtime's end meet here; `changed` guards all fields."""

    def __init__(self, box, options, command, variables):
        self.box, self.options, self.command, self.variables = box, options, command, variables
        self.one_at_a_time = threading.Lock()
        self.changed = threading.Condition()
        self.current = None  # the invocation that is to be taken, or is being worked on
        self.running = False
        self.starts = 0  # which start of the runtime this is: an old one's request gets nothing any more

    # --- from outside ---

    def invoke(self, event, context=None):
        """Returns the invocation, completed. One at a time, as one environment has it."""
        with self.one_at_a_time:
            invocation = Invocation(event, context)
            begun = time.monotonic()
            with self.changed:
                self.current = invocation
                invocation.warm = self.running
                if not self.running:
                    self.start()
                self.changed.notify_all()
                self.changed.wait_for(lambda: invocation.deadline or invocation.answer is not None,
                                      INIT_SECONDS + self.options.timeout)
                taken = time.monotonic()
                log("START RequestId: %s Version: $LATEST" % invocation.id)
                if invocation.deadline:
                    self.changed.wait_for(lambda: invocation.answer is not None,
                                          max(0, invocation.deadline - time.time()))
                if invocation.answer is None:
                    invocation.complete(error("Sandbox.Timedout", "RequestId: %s Error: Task timed out after %.2f seconds"
                                              % (invocation.id, self.options.timeout)), True)
                    self.end()
                self.current = None
            self.report(invocation, time.monotonic() - taken, taken - begun)
            return invocation

    def report(self, invocation, seconds, before):
        used = self.box.groups.most_used()
        space = os.statvfs(self.box.tmp)
        log("END RequestId: %s" % invocation.id)
        log("REPORT RequestId: %s\tDuration: %.2f ms\tBefore: %.2f ms\tMemory Size: %d MB\tMax Memory Used: %s MB\t"
            "/tmp Used: %.1f MB" % (invocation.id, seconds * 1000, before * 1000, self.options.memory,
                                    used >> 20 if used is not None else "?",
                                    (space.f_blocks - space.f_bfree) * space.f_frsize / (1 << 20)))

    # --- the runtime's life; `changed` is held ---

    def start(self):
        self.starts += 1
        self.running = True
        self.box.start(self.command, self.variables)
        threading.Thread(target=self.await_end, daemon=True).start()

    def end(self):
        """Ends the runtime and all it has started, and waits until they are gone."""
        self.box.kill()
        self.changed.wait_for(lambda: not self.running)

    def await_end(self):
        code = self.box.reap()
        with self.changed:
            self.box.ended()
            self.running = False
            if self.current and self.current.warm and not self.current.deadline:
                self.current.warm = False
                self.start()
            elif self.current:
                # 128+n is how the first process says that the runtime was ended by a signal.
                how = "exit status %d" % code
                if code > 128 or code < 0:
                    how = "signal: %s" % signal.strsignal(code - 128 if code > 0 else -code).lower()
                self.current.complete(error("Runtime.ExitError", "RequestId: %s Error: Runtime exited with error: %s"
                                            % (self.current.id, how)), True)
            self.changed.notify_all()

    # --- from the runtime ---

    def next(self):
        """The next invocation, for which the environment sleeps; None if this runtime is not the one any more."""
        with self.changed:
            mine = self.starts

            def ready():
                return self.starts != mine or not self.running or (self.current and not self.current.deadline
                                                                   and self.current.answer is None)
            if not ready():
                self.box.freeze(True)
                self.changed.wait_for(ready)
                self.box.freeze(False)
            if self.starts != mine or not self.running:
                return None
            self.current.deadline = time.time() + self.options.timeout
            self.changed.notify_all()
            return self.current

    def answer(self, request, body, failed):
        """False if that is not what is being worked on."""
        with self.changed:
            if not self.current or self.current.id != request or self.current.answer is not None:
                return False
            self.current.complete(body, failed)
            self.changed.notify_all()
            return True

    def init_failed(self, body):
        with self.changed:
            if self.current:
                self.current.complete(body, True)
            # In a thread of its own: the runtime still waits for the answer to this.
            threading.Thread(target=self.end_broken, args=(self.starts,), daemon=True).start()
            self.changed.notify_all()

    def end_broken(self, start):
        with self.changed:
            self.changed.wait_for(lambda: not self.running, 1)  # most end by themselves
            if self.running and self.starts == start:
                self.end()


def log(text):
    print(text, file=sys.stderr, flush=True)


def serve(box, options, command, variables):
    """Until a signal comes."""
    function = Function(box, options, command, variables)
    host, _, port = options.listen.rpartition(":")
    try:
        outside = runtime_api.serve(runtime_api.Invoke, function, (host or "127.0.0.1", int(port)))
    except (OSError, ValueError) as failure:
        raise Failed("--listen %s: %s" % (options.listen, failure)) from None
    inside = runtime_api.serve(runtime_api.Runtime, function, ("127.0.0.1", 0))
    variables["AWS_LAMBDA_RUNTIME_API"] = "127.0.0.1:%d" % inside.server_port
    # A program of one thread waits for signals, in here: the handlers of others would have to be told.
    log("lambda: takes invocations at http://%s:%d/2015-03-31/functions/function/invocations"
        % (host or "127.0.0.1", outside.server_port))
    signal.sigwait(namespaces.FORWARDED)
    for server in (outside, inside):
        server.server_close()
    box.kill()
    return 0
