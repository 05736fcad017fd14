# SPDX-License-Identifier: MIT
"""What the platform reports about a function: events for subscribers, and lines of the log as text or JSON.

The events: https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html
"""
import base64
import collections
import datetime
import json
import os
import sys
import threading

TAIL = 4096  # of an invocation's log, for a caller that requests it


def timestamp(seconds=None):
    moment = (
        datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
        if seconds
        else datetime.datetime.now(datetime.timezone.utc)
    )
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + "%03dZ" % (moment.microsecond // 1000)


def text_of(kind, record):
    """The line that CloudWatch shows for an event; None if there is none."""
    return LINES[kind](record) if kind in LINES else None


def with_status(line, record):
    line += "\tStatus: %s" % record["status"] if record.get("status", "success") != "success" else ""
    return line + ("\tError Type: %s" % record["errorType"] if record.get("errorType") else "")


def init_report(record):
    if record.get("status") in (None, "success"):
        return None  # its duration is in the first REPORT
    return with_status(
        "INIT_REPORT Init Duration: %.2f ms\tPhase: %s" % (record["metrics"]["durationMs"], record["phase"]), record
    )


def report(record):
    metrics = record["metrics"]
    line = (
        "REPORT RequestId: %s\tDuration: %.2f ms\tBilled Duration: %d ms\tMemory Size: %d MB\tMax Memory Used: %d MB\t"
        % (
            record["requestId"],
            metrics["durationMs"],
            metrics["billedDurationMs"],
            metrics["memorySizeMB"],
            metrics["maxMemoryUsedMB"],
        )
    )
    if "initDurationMs" in metrics:
        line += "Init Duration: %.2f ms\t" % metrics["initDurationMs"]
    if "restoreDurationMs" in metrics:
        line += "Restore Duration: %.2f ms\tBilled Restore Duration: %d ms\t" % (
            metrics["restoreDurationMs"],
            metrics["billedRestoreDurationMs"],
        )
    traced = dict(part.partition("=")[::2] for part in record.get("tracing", {}).get("value", "").split(";"))
    if traced.get("Sampled") == "1":
        line += "\nXRAY TraceId: %s\tSegmentId: %s\tSampled: true\t" % (traced["Root"], record["tracing"]["spanId"])
    return with_status(line.rstrip("\t"), record) + ("" if record.get("status", "success") != "success" else "\t")


def subscription(word):
    return lambda record: "%s\tName: %s\tState: %s\tTypes: [%s]" % (
        word,
        record["name"],
        record["state"],
        ", ".join(kind.capitalize() for kind in record["types"]),
    )


LINES = {
    "platform.start": lambda record: "START RequestId: %s Version: %s" % (record["requestId"], record["version"]),
    "platform.end": lambda record: "END RequestId: %s" % record["requestId"],
    "platform.report": report,
    "platform.initReport": init_report,
    "platform.restoreReport": lambda record: with_status(
        "RESTORE_REPORT Restore Duration: %.2f ms" % record["metrics"]["durationMs"], record
    ),
    "platform.extension": lambda record: "EXTENSION\tName: %s\tState: %s\tEvents: [%s]"
    % (record["name"], record["state"], ", ".join(record["events"]))
    + ("\tError Type: " + record["errorType"] if "errorType" in record else ""),
    "platform.telemetrySubscription": subscription("TELEMETRY"),
    "platform.logsSubscription": subscription("LOGS"),
    "platform.fault": lambda record: record,
}
# Events that exist only in the older Logs API and in the log as text.
OLD = ("platform.end", "platform.fault", "platform.logsSubscription")


class PlatformLog:
    """Passes on everything that one environment logs, in order."""

    def __init__(self, log_format, publish):
        self.as_json = log_format == "JSON"
        self.publish = publish
        self.guard = threading.RLock()
        self.tail = collections.deque()

    def event(self, kind, record):
        with self.guard:
            self.publish("platform", {"time": timestamp(), "type": kind, "record": record})
            if self.as_json:
                if kind not in OLD:
                    self.line(json.dumps({"time": timestamp(), "type": kind, "record": record}), sys.stderr)
            elif text_of(kind, record):
                self.line(text_of(kind, record), sys.stderr)

    def written(self, kind, line):
        """A line that the function or an extension wrote."""
        record = line + "\n"
        if self.as_json:
            try:
                parsed = json.loads(line)
                record = parsed if isinstance(parsed, dict) else line
            except ValueError:
                record = line
        with self.guard:
            self.publish(kind, {"time": timestamp(), "type": kind, "record": record})
            self.line(line, sys.stdout)

    def note_space(self, directory):
        """Logs how full /tmp is, which Lambda does not report. A JSON log must not contain anything else."""
        if self.as_json:
            return
        space = os.statvfs(directory)
        megabytes = [blocks * space.f_frsize / (1 << 20) for blocks in (space.f_blocks - space.f_bfree, space.f_blocks)]
        print("lambda: /tmp used: %.1f of %d MB" % tuple(megabytes), file=sys.stderr, flush=True)

    def line(self, text, stream):
        self.tail.append(text + "\n")
        while sum(map(len, self.tail)) > TAIL and len(self.tail) > 1:
            self.tail.popleft()
        print(text, file=stream, flush=True)

    def start_tail(self):
        with self.guard:
            self.tail.clear()

    def encoded_tail(self):
        with self.guard:
            return base64.b64encode("".join(self.tail).encode()[-TAIL:]).decode()
