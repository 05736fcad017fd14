# SPDX-License-Identifier: MIT
"""A function in its environment: initialized by its first invocation, frozen between them, and reset when it fails.

After a crash or a time-out the caller gets Lambda's response. The next invocation starts extensions and
runtime anew in the same environment: /tmp is as it was left.
"""
import collections
import threading
import time

from . import Failed, boot, http_server, invocation, platform_log, reports, runtime_api, telemetry, variables

INIT_SECONDS = 10
RESTORE_SECONDS = 10  # with the hooks that run after it


class Function:
    """Threads of servers, of invocations and of ending processes synchronise here; `changed` guards all fields."""

    def __init__(self, box, options, command, environment, server=None, group=None):
        """With a `server` this is one of a `group` of copies, which are restored from a snapshot."""
        self.box, self.options, self.command = box, options, command
        self.changed = threading.Condition()
        self.turn = threading.Lock()  # one environment handles one invocation at a time
        self.waiting = collections.deque()  # for a process that asks
        self.working = {}  # handed out and without a response yet, by id
        self.boot = None
        self.failed = False  # once: from then on init belongs to the invocations
        self.closing = False
        self.telemetry = telemetry.Telemetry()
        self.log = platform_log.PlatformLog(options.log_format, self.telemetry.publish)
        self.group, self.namespace = group, None
        self.server = server or http_server.serve(runtime_api.Api, self, ("127.0.0.1", 0))
        self.variables = {**environment, "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:%d" % self.server.server_port}
        self.kind = variables.initialization_type(options)
        self.restoration = None  # of SnapStart: how long it took, for the first report

    # --- from outside ---

    def invoke(self, given):
        """Begins an invocation; the answer arrives in `given`."""
        threading.Thread(target=self.work, args=(given,), daemon=True).start()

    def work(self, given):
        try:
            self.run(given)
        except Exception as problem:  # pylint: disable=broad-except  # otherwise the caller gets no response
            given.end(
                invocation.error("Sandbox.Failure", "the environment could not be made: %s" % problem),
                "Sandbox.Failure",
            )
            with self.changed:
                if self.boot and not self.boot.runtime:
                    self.boot = None
            if not isinstance(problem, Failed):
                raise

    def run(self, given):
        with self.turn, self.changed:
            if self.closing:
                given.end(invocation.error("Sandbox.Failure", "the environment is shut down"), "Sandbox.Failure")
                return
            self.thaw()
            self.log.start_tail()
            before = None
            if not self.boot and self.group:
                self.restore()
            elif not self.boot and not self.failed:
                before = self.initialize("init", INIT_SECONDS)
            begun = time.monotonic()
            given.deadline = time.time() + self.options.timeout
            end = begun + self.options.timeout
            self.log.event("platform.start", reports.start(given))
            if not self.boot:
                self.initialize("invoke", self.options.timeout)
            current = self.boot
            if not current.failure and current.ready:
                self.working[given.id] = given
                self.waiting.append(given)
                current.extensions.send("INVOKE", reports.invoke_event(given, self.options.name))
                self.changed.notify_all()
                current.wait(lambda: given.ended and current.polling, end)
            runtime_seconds = time.monotonic() - begun
            done = given.ended and current.polling and not current.failure
            status, kind = self.judge(given, current, done)
            self.runtime_done(given, current, status, kind, runtime_seconds)
            if done and not current.wait(current.extensions.all_waiting, end):
                status, kind = self.judge(given, current, False)
            self.finish(given, current, status, kind, time.monotonic() - begun, before)

    def judge(self, given, current, done):
        """Returns (status, error type), and sets the response if there is none yet."""
        if done:
            return ("error", given.error_type) if given.error is not None else ("success", None)
        if current.failure:
            if current.failure.text:
                current.drain()
                self.log.event(
                    "platform.fault",
                    "RequestId: %s Error: %s\n%s" % (given.id, current.failure.text, current.failure.kind),
                )
            given.end(current.failure.answer(given.id), current.failure.kind)
            return "failure", current.failure.kind
        current.drain()
        text = "Task timed out after %.2f seconds" % self.options.timeout
        self.log.event("platform.fault", "%s %s %s" % (platform_log.timestamp(), given.id, text))
        given.end(
            invocation.error("Sandbox.Timedout", "RequestId: %s Error: %s" % (given.id, text)), "Sandbox.Timedout"
        )
        return "timeout", None

    def finish(self, given, current, status, kind, seconds, before):
        self.working.pop(given.id, None)
        if given in self.waiting:
            self.waiting.remove(given)
        self.report(given, status, kind, seconds, before)
        if status in ("success", "error"):
            self.freeze()
        else:
            self.reset(status)
        self.changed.notify_all()

    def lost(self, given):
        """Called when the process of an invocation has ended. The end of the runtime is detected separately."""

    # --- events ---

    def runtime_done(self, given, current, status, kind, seconds):
        current.drain()
        self.log.event("platform.runtimeDone", reports.runtime_done(given, status, kind, seconds, self.options.timeout))

    def report(self, given, status, kind, seconds, init):
        memory = self.box.groups.most_used(), self.options.memory
        self.log.event("platform.end", {"requestId": given.id})
        self.log.event("platform.report", reports.report(given, status, kind, seconds, memory, init, self.restoration))
        self.restoration = None
        given.tail = self.log.encoded_tail()
        given.reported.set()
        self.log.note_space(self.box.tmp)

    # --- the environment's life; `changed` is held ---

    def initialize(self, phase, seconds):
        """Boots. Returns the seconds it took, or None if the init phase failed; then it has been reset."""
        begun = time.monotonic()
        self.telemetry.start_over()
        self.boot = boot.Boot(self, phase)
        self.log.event(
            "platform.initStart",
            {
                "initializationType": self.kind,
                "phase": phase,
                "functionName": self.options.name,
                "functionVersion": "$LATEST",
            },
        )
        status = self.boot.initialize(begun + seconds)
        taken = time.monotonic() - begun
        self.boot.drain()
        record = {"initializationType": self.kind, "phase": phase, "status": status}
        if self.boot.failure:
            record["errorType"] = self.boot.failure.kind
        self.log.event("platform.initRuntimeDone", record)
        self.boot.report_extensions()
        self.log.event("platform.initReport", {**record, "metrics": {"durationMs": round(taken * 1000, 3)}})
        self.telemetry.close_subscribing()
        if status == "success" or phase == "invoke" or self.options.concurrency:
            return taken
        self.reset("failure")
        return None

    def restore(self):
        """Starts a copy of the snapshot, with the /tmp of its time. If this fails, the invocation reports it."""
        if self.failed:
            self.box.fill()
        self.telemetry.start_over()
        self.log.event("platform.restoreStart", {"functionName": self.options.name, "functionVersion": "$LATEST"})
        begun = time.monotonic()
        self.boot = boot.Boot(self, "restore")
        status = self.boot.restore(begun + RESTORE_SECONDS)
        self.restoration = time.monotonic() - begun
        record = {"status": status, **reports.error_type(self.boot.failure and self.boot.failure.kind)}
        self.log.event("platform.restoreRuntimeDone", record)
        self.log.event(
            "platform.restoreReport", {**record, "metrics": {"durationMs": reports.milliseconds(self.restoration)}}
        )
        self.telemetry.close_subscribing()

    def reset(self, reason):
        """Ends all processes; the next invocation starts others."""
        current, self.failed = self.boot, True
        current.shut_down(reason)
        self.boot = None
        self.waiting.clear()
        self.changed.notify_all()

    def freeze(self):
        if self.boot:
            self.telemetry.running.clear()
            self.boot.container.freeze(True)

    def thaw(self):
        if self.boot:
            self.boot.container.freeze(False)
            self.telemetry.running.set()

    def close(self):
        """Shuts down for the last time, with an event to extensions."""
        with self.changed:
            # Invocations with a response are completed; nothing waits for the others.
            self.changed.wait_for(lambda: not any(given.ended for given in self.working.values()), self.options.timeout)
            self.closing = True
            if self.boot:
                self.thaw()
                self.boot.shut_down("spindown")
                self.boot = None
                self.changed.notify_all()
        if not self.group:
            self.server.server_close()

    # --- from the runtime ---

    def next(self, is_connected):
        """Returns the next invocation, for which the environment sleeps; None if another runtime has replaced this one."""
        with self.changed:
            current = self.boot
            if not current or current.over:
                return None
            current.polling += 1
            current.ready = True
            self.changed.notify_all()
            # At a shutdown the runtime is left waiting: it gets a signal, and not a broken connection.
            self.changed.wait_for(lambda: self.boot is not current or current.gone or self.waiting and not current.over)
            current.polling -= 1
            if self.boot is not current or current.over or not is_connected():
                return None  # a notification for one of us is one for all: another one takes it
            given = self.waiting.popleft()
            given.deadline = given.deadline or time.time() + self.options.timeout
            self.changed.notify_all()
            return given

    def restored(self):
        """Returns True in a copy. The process of which a snapshot is taken waits here, and gets no answer."""
        with self.changed:
            current = self.boot
            if self.group or not current:
                return bool(self.group)
            current.restoring = True
            self.changed.notify_all()
            self.changed.wait_for(lambda: self.boot is not current or current.gone)
            return False

    def for_connection(self, _):
        return self

    def answered(self, given):
        """Called when the answer is there, in `given`."""
        with self.changed:
            self.changed.notify_all()
