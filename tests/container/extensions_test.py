#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Extensions: what they are given and when, what becomes of those that fail, what they see of the logs and of /dev/shm."""
import json
import unittest

import documented
import sandboxed

HANDLER = (
    "--task",
    sandboxed.HERE / "handlers",
    "--handler",
    "extended.handler",
    "--timeout",
    "120",
    "--memory",
    "256",
    "--layer",
    sandboxed.HERE / "handlers/recorder_layer",
    "--layer",
)
INVOCATION = ["platform.start", "platform.runtimeDone", "platform.report"]
# Of two invocations, the first of which writes a line to each of its outputs.
IN_ORDER = """platform.initStart platform.telemetrySubscription platform.telemetrySubscription platform.initRuntimeDone
    platform.extension platform.initReport platform.start function function""".split()
IN_ORDER += [*INVOCATION[1:], *INVOCATION]
METRICS = {"durationMs", "billedDurationMs", "memorySizeMB", "maxMemoryUsedMB"}


def extended(do="", *more, **limits):
    return sandboxed.function(
        *HANDLER, sandboxed.layer(), *sandboxed.PRELOAD, "--env", "EXTENSION_DO=" + do, *more, **limits
    )


def recorded(started):
    """What the extension had written down when it was shut down, as (kind, value)."""
    return json.loads(started.wait_for_line(r"^recorded: (.*)$")[1])


def all_of(lines, kind):
    return [value for what, value in lines if what == kind]


class Events(unittest.TestCase):
    def test_from_register_to_shutdown(self):
        with extended() as started:
            first, second = started.invoke(), started.invoke()
            started.stop()
            lines = recorded(started)
        self.assertEqual(
            all_of(lines, "registered"),
            [
                [
                    200,
                    {
                        "functionName": "function",
                        "functionVersion": "$LATEST",
                        "handler": "extended.handler",
                        "accountId": "123456789012",
                    },
                ]
            ],
        )
        *invokes, shutdown = all_of(lines, "next")
        for event, answer in zip(invokes, (first, second)):
            self.assertEqual(
                event,
                {
                    "eventType": "INVOKE",
                    "requestId": answer["id"],
                    "deadlineMs": event["deadlineMs"],
                    "invokedFunctionArn": "arn:aws:lambda:us-east-1:123456789012:function:function",
                    "tracing": {"type": "X-Amzn-Trace-Id", "value": event["tracing"]["value"]},
                },
            )
        self.assertEqual(invokes[1]["tracing"]["value"], second["variables"]["_X_AMZN_TRACE_ID"])
        self.assertEqual(
            shutdown, {"eventType": "SHUTDOWN", "shutdownReason": "spindown", "deadlineMs": shutdown["deadlineMs"]}
        )

    def test_it_gets_the_function_s_variables_but_not_the_runtime_s(self):
        with extended() as started:
            function = started.invoke()["variables"]
            [extension] = all_of(started.invoke(do="recorded"), "environment")
        missing = set(function) - set(extension)
        self.assertEqual(
            missing - {"_X_AMZN_TRACE_ID", "LC_CTYPE", "PWD"},
            {
                "AWS_LAMBDA_LOG_GROUP_NAME",
                "AWS_LAMBDA_LOG_STREAM_NAME",
                "AWS_XRAY_CONTEXT_MISSING",
                "AWS_XRAY_DAEMON_ADDRESS",
                "LAMBDA_RUNTIME_DIR",
                "LAMBDA_TASK_ROOT",
                "_HANDLER",
            },
        )
        self.assertEqual(extension["LD_PRELOAD"], "/opt/lib/libdevshm.so")

    def test_it_sees_the_same_dev_shm_as_the_function(self):
        with extended("share") as started:
            before = started.invoke()
            found = started.invoke(do="shared")
        self.assertIn(found["text"], (before["id"], found["id"]))

    def test_a_time_out_and_a_crash_are_reasons_of_a_shutdown(self):
        # Of an invocation after a reset, init is a part.
        with extended("", "--timeout", "20") as started:
            for do, reason in (("sleep", "timeout"), ("crash", "failure")):
                started.failure(do=do)
                started.wait_for_line(r'recorded: .*"shutdownReason": "%s"' % reason)
            # Another one was started, in the same /tmp.
            self.assertEqual(len(all_of(started.invoke(do="recorded"), "registered")), 3)

    def test_one_that_fails_ends_the_environment(self):
        for do, kind in (
            ("exit early", "Extension.Crash"),
            ("init error", "Extension.InitError"),
            ("exit error", "Extension.ExitError"),
            ("crash", "Extension.Crash"),
        ):
            # What is sent to one that has ended is tried until the shutdown's time is over.
            with extended(do, shutdown_seconds=2) as started:
                _, answer = started.post({})
                if do in ("exit early", "init error"):
                    self.assertEqual(answer.get("errorType", kind if "errorMessage" in answer else None), kind, do)
                    started.wait_for_line(r"INIT_REPORT .*Phase: init\tStatus: error\tError Type: " + kind)
                else:
                    started.wait_for_line(r"REPORT RequestId.*Status: error\tError Type: " + kind)

    def test_one_that_does_not_come_back_times_the_invocation_out(self):
        with extended("slow", "--timeout", "20", shutdown_seconds=2) as started:
            self.assertEqual(started.invoke(do="print", text="answered")["variables"]["_HANDLER"], "extended.handler")
            started.wait_for_line(r"Task timed out after 20.00 seconds")

    def test_one_that_stays_is_killed_when_the_time_is_over(self):
        with extended("stay", shutdown_seconds=2) as started:
            started.invoke()
            self.assertEqual(started.stop(), 0)

    def test_an_internal_one_gets_invocations_and_no_shutdown(self):
        with sandboxed.function(
            "--task", sandboxed.HERE / "handlers", "--handler", "extended.handler", "--env", "INTERNAL=1"
        ) as started:
            started.invoke()
            refused, registered, again, *events = started.invoke(do="internal")
            self.assertEqual((refused[0], refused[1]["errorType"]), (403, "Extension.InvalidEventType"))
            self.assertEqual(registered["functionName"], "function")
            self.assertEqual((again[0], again[1]["errorType"]), (403, "Extension.InvalidExtensionState"))
            self.assertEqual({event["eventType"] for event in events}, {"INVOKE"})


class Telemetry(unittest.TestCase):
    def events(self, do="", *more, text="said"):
        with extended(do, *more) as started:
            started.invoke(do="print", text=text)
            started.invoke()
            started.stop()
            lines = recorded(started)
        schema = documented.LOGS if "logs" in do else documented.TELEMETRY
        self.assertEqual(documented.deviations(all_of(lines, "event"), schema), [])
        return lines

    def test_the_events_of_two_invocations_in_order(self):
        lines = self.events()
        self.assertEqual([[200, "OK"]], all_of(lines, "subscribed"))
        events = all_of(lines, "event")
        kinds = [event["type"] for event in events]
        self.assertEqual(kinds, IN_ORDER)
        for event in events:
            self.assertEqual(set(event), {"time", "type", "record"})
            self.assertRegex(event["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        record = {kind: event["record"] for kind, event in reversed(list(zip(kinds, events)))}
        self.assertEqual(
            record["platform.initStart"],
            {
                "initializationType": "on-demand",
                "phase": "init",
                "functionName": "function",
                "functionVersion": "$LATEST",
            },
        )
        self.assertEqual(
            record["platform.initRuntimeDone"],
            {"initializationType": "on-demand", "phase": "init", "status": "success"},
        )
        self.assertEqual(set(record["platform.initReport"]["metrics"]), {"durationMs"})
        self.assertEqual(
            record["platform.extension"], {"name": "recorder", "state": "Ready", "events": ["INVOKE", "SHUTDOWN"]}
        )
        self.assertEqual(
            record["platform.telemetrySubscription"],
            {"name": "recorder", "state": "Subscribed", "types": ["platform", "function"]},
        )
        self.assertEqual(record["function"], "said\n")
        start, done, report = (record[kind] for kind in INVOCATION)
        self.assertEqual((start["version"], set(start["tracing"])), ("$LATEST", {"spanId", "type", "value"}))
        self.assertEqual(
            (done["requestId"], done["status"], set(done["metrics"])),
            (start["requestId"], "success", {"durationMs", "producedBytes"}),
        )
        self.assertEqual([span["name"] for span in done["spans"]], ["responseLatency", "responseDuration"])
        self.assertEqual((report["status"], set(report["metrics"])), ("success", METRICS | {"initDurationMs"}))
        self.assertEqual(set(events[-1]["record"]["metrics"]), METRICS)

    def test_the_logs_api_has_the_older_events(self):
        lines = self.events("logs")
        self.assertEqual(
            [event["type"] for event in all_of(lines, "event")],
            [
                "platform.logsSubscription",
                "platform.logsSubscription",
                "platform.extension",
                "platform.start",
                "function",
                "function",
                "platform.runtimeDone",
                "platform.end",
                "platform.report",
                "platform.start",
                "platform.runtimeDone",
                "platform.end",
                "platform.report",
            ],
        )

    def test_subscriptions_that_are_refused(self):
        lines = self.events()
        [again], [other] = all_of(lines, "again"), all_of(lines, "other")
        self.assertEqual((again, other[0], other[1]["errorType"]), ([200, "OK"], 400, "Logs.ValidationError"))
        self.assertEqual(
            [(status, said["errorType"], said["errorMessage"]) for status, said in all_of(lines, "refused")],
            [
                (400, "ValidationError", "types should not be empty"),
                (400, "ValidationError", "URI port is not provided"),
                (400, "ValidationError", "schemaVersion should be one of 2022-07-01, 2022-12-13, 2025-01-29"),
                (400, "ValidationError", "timeoutMs should be between 25 and 30000"),
            ],
        )

    def test_what_is_refused_is_delivered_again_and_nothing_is_lost(self):
        self.assertEqual([event["type"] for event in all_of(self.events("refuse"), "event")], IN_ORDER)

    def test_by_tcp_each_event_is_a_line(self):
        kinds = [event["type"] for event in all_of(self.events("tcp"), "event")]
        self.assertEqual((kinds.count("function"), kinds.count("platform.runtimeDone")), (2, 2))

    def test_one_that_falls_behind_hears_how_much_it_has_missed(self):
        """Twice 2,500 lines of 200 bytes: more than is kept for it until it accepts something again."""
        events = all_of(self.events("behind", text="\n".join(["x" * 200] * 2500)), "event")
        got = [event["type"] for event in events].count("function")
        dropped = [event["record"] for event in events if event["type"] == "platform.logsDropped"]
        self.assertTrue(0 < got < 5000)
        self.assertEqual(sum(record["droppedRecords"] for record in dropped) + len(events) - len(dropped), 5000 + 12)
        self.assertTrue(all(record["droppedBytes"] > 200 * record["droppedRecords"] for record in dropped), dropped)

    def test_extensions_logs_too(self):
        lines = self.events("", "--env", "EXTENSION_TYPES=extension")
        self.assertEqual(
            [(event["type"], event["record"]) for event in all_of(lines, "event")],
            [("extension", "the extension says hello\n")],
        )

    def test_a_log_in_json_has_objects_for_records(self):
        lines = self.events("", "--log-format", "JSON", text='{"level": "INFO", "message": "said"}')
        records = [event["record"] for event in all_of(lines, "event") if event["type"] == "function"]
        self.assertEqual(records, [{"level": "INFO", "message": "said"}] * 2)

    def test_batches_are_as_large_as_was_asked_for(self):
        lines = self.events(text="\n".join("line %d" % number for number in range(2500)))
        self.assertEqual(
            [event["record"] for event in all_of(lines, "event") if event["type"] == "function"][:2500],
            ["line %d\n" % number for number in range(2500)],
        )
        self.assertLessEqual(max(all_of(lines, "batch")), 1000)


if __name__ == "__main__":
    unittest.main(verbosity=2)
