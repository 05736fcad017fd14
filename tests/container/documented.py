# SPDX-License-Identifier: MIT
"""The fields of each event as AWS documents them: those that are always there, and those that may be.

https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html, runtimes-logs-api.html
"""
INIT = {"initializationType", "phase"}
PLACE = {"functionName", "functionVersion", "instanceId", "instanceMaxMemory", "runtimeVersion", "runtimeVersionArn"}
TELEMETRY = {
    "platform.initStart": (INIT, PLACE | {"tracing"}),
    "platform.initRuntimeDone": (INIT | {"status"}, {"errorType", "spans", "tracing"}),
    "platform.initReport": (INIT | {"metrics"}, {"errorType", "spans", "status", "tracing"}),
    "platform.start": ({"requestId"}, {"version", "tracing"}),
    "platform.runtimeDone": ({"requestId", "status"}, {"errorType", "metrics", "spans", "tracing"}),
    "platform.report": ({"metrics", "requestId", "status"}, {"errorType", "spans", "tracing"}),
    "platform.restoreStart": (set(), PLACE),
    "platform.restoreRuntimeDone": ({"status"}, {"errorType", "spans"}),
    "platform.restoreReport": ({"metrics", "status"}, {"errorType", "spans"}),
    "platform.extension": ({"events", "name", "state"}, {"errorType"}),
    "platform.telemetrySubscription": ({"name", "state", "types"}, set()),
    "platform.logsDropped": ({"droppedBytes", "droppedRecords", "reason"}, set()),
}
LOGS = {
    "platform.start": ({"requestId"}, {"version"}),
    "platform.end": ({"requestId"}, set()),
    "platform.runtimeDone": ({"requestId", "status"}, set()),
    "platform.report": ({"metrics", "requestId"}, {"tracing"}),
    "platform.extension": ({"events", "name", "state"}, {"errorType"}),
    "platform.logsSubscription": ({"name", "state", "types"}, set()),
    "platform.logsDropped": ({"droppedBytes", "droppedRecords", "reason"}, set()),
}
OF_REPORT = {"billedDurationMs", "durationMs", "maxMemoryUsedMB", "memorySizeMB"}
METRICS = {
    "platform.initReport": ({"durationMs"}, set()),
    "platform.runtimeDone": ({"durationMs"}, {"producedBytes"}),
    "platform.report": (OF_REPORT, {"initDurationMs", "restoreDurationMs", "billedRestoreDurationMs"}),
    "platform.restoreReport": ({"durationMs"}, set()),
}
STATUS = ("success", "failure", "error", "timeout")
SPAN = {"name", "start", "durationMs"}


def deviations(events, schema):
    """What of these events is not as it is documented."""
    found = []
    for event in events:
        kind, record = event["type"], event["record"]
        if set(event) != {"time", "type", "record"}:
            found.append("%s has the fields %s" % (kind, sorted(event)))
        if kind in ("function", "extension"):
            if not isinstance(record, (str, dict)):
                found.append("%s's record is no text" % kind)
            continue
        if kind == "platform.fault":
            continue
        always, sometimes = schema.get(kind, (set(), set()))
        if kind not in schema or not always <= set(record) <= always | sometimes:
            found.append("%s: %s" % (kind, sorted(record)))
        always, sometimes = METRICS.get(kind, (set(), set()))
        if "metrics" in record and not always <= set(record["metrics"]) <= always | sometimes:
            found.append("%s's metrics: %s" % (kind, sorted(record["metrics"])))
        if record.get("status", "success") not in STATUS:
            found.append("%s's status: %s" % (kind, record["status"]))
        found += ["%s's span: %s" % (kind, span) for span in record.get("spans", []) if set(span) != SPAN]
    return found
