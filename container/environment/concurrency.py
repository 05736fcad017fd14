# SPDX-License-Identifier: MIT
"""A function as on Managed Instances: several invocations at a time in one environment, which is never frozen, and in
which the end of one does not end the others.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-managed-instances-execution-environment.html
"""
import time

from . import function, invocation, reports

INIT_SECONDS = 130  # or the time-out, if that is longer
BUSY_SECONDS = 60  # or the time-out, if that is longer: then a caller that found all workers busy is refused


class ConcurrentFunction(function.Function):
    def run(self, given):
        with self.changed:
            self.changed.wait_for(
                lambda: not self.boot or not self.boot.over and (self.boot.ready or self.boot.failure)
            )
            if self.boot and self.boot.failure:
                self.reset("failure")
            if not self.boot:
                self.initialize("init", max(INIT_SECONDS, self.options.timeout))
            current = self.boot
            self.working[given.id] = given
            self.waiting.append(given)
            self.changed.notify_all()
            self.changed.wait_for(
                lambda: given.deadline or given.ended or not current or current.failure,
                max(BUSY_SECONDS, self.options.timeout),
            )
            if not given.deadline and current and not current.failure and not given.ended:
                self.waiting.remove(given)
                del self.working[given.id]
                given.end(
                    invocation.error("TooManyRequestsException", "all workers are busy"), "TooManyRequestsException"
                )
                return
            begun = time.monotonic()
            self.log.event("platform.start", reports.start(given))
            self.changed.wait_for(lambda: given.ended or not current or current.failure, self.options.timeout)
            # An invocation that is too late continues, and its result is ignored.
            status, kind = self.judge(given, current, given.ended)
            self.working.pop(given.id, None)
            seconds = time.monotonic() - begun
            self.runtime_done(given, current, status, kind, seconds)
            self.report(given, status, kind, seconds, None)

    def lost(self, given):
        """Handles the end of the process that worked on an invocation, while others continue."""
        text = "RequestId: %s Error: Runtime worker exited" % given.id
        given.end(invocation.error("Runtime.ExitError", text), "Runtime.ExitError")
        self.answered(given)

    def answered(self, given):
        with self.changed:
            self.working.pop(given.id, None)
            self.changed.notify_all()

    def freeze(self):
        """Never."""

    thaw = freeze
