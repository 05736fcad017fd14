# SPDX-License-Identifier: MIT
"""The platform's records of an invocation: the contents of its start, its end and its report.

https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html
"""
import math

from . import platform_log, variables


def milliseconds(seconds):
    return round(max(0, seconds) * 1000, 3)


def tracing(given):
    return {"tracing": {"spanId": given.trace.parent, "type": "X-Amzn-Trace-Id", "value": str(given.trace)}}


def error_type(kind):
    return {"errorType": kind} if kind else {}


def start(given):
    return {"requestId": given.id, "version": "$LATEST", **tracing(given)}


def invoke_event(given, name):
    """The record that extensions get."""
    return {
        "deadlineMs": int(given.deadline * 1000),
        "requestId": given.id,
        "invokedFunctionArn": variables.function_arn(name),
        "tracing": {"type": "X-Amzn-Trace-Id", "value": str(given.trace)},
    }


def span(name, begun, ended):
    return {"name": name, "start": platform_log.timestamp(begun), "durationMs": milliseconds(ended - begun)}


def runtime_done(given, status, kind, seconds, timeout):
    metrics = {"durationMs": milliseconds(seconds), "producedBytes": given.produced}
    record = {"requestId": given.id, "status": status, **error_type(kind), "metrics": metrics, **tracing(given)}
    if given.first_byte and given.deadline:
        record["spans"] = [
            span("responseLatency", given.deadline - timeout, given.first_byte),
            span("responseDuration", given.first_byte, given.last_byte),
        ]
    return record


def report(given, status, kind, seconds, memory, init=None, restore=None):
    """`seconds`: how long it took; `memory`: (used in bytes, limit in MB); `init`, `restore`: in seconds, if they happened."""
    used, limit = memory
    metrics = {
        "durationMs": milliseconds(seconds),
        "billedDurationMs": math.ceil(milliseconds(seconds + (init or 0))),
        "memorySizeMB": limit,
        "maxMemoryUsedMB": min((used or 0) >> 20, limit),
    }
    if init is not None:
        metrics["initDurationMs"] = milliseconds(init)
    if restore is not None:
        metrics["restoreDurationMs"] = milliseconds(restore)
        metrics["billedRestoreDurationMs"] = math.ceil(milliseconds(restore))
    status = "error" if status == "failure" else status
    return {"requestId": given.id, "metrics": metrics, "status": status, **error_type(kind), **tracing(given)}
