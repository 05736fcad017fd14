#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The life of an environment and its invocations: init, limits, resets, headers, and callers that are early."""
import base64
import concurrent.futures
import json
import socket
import subprocess
import sys
import time
import unittest
import urllib.error
import urllib.request

import sandboxed

sys.dont_write_bytecode = True
import environment  # noqa: E402  pylint: disable=wrong-import-position
from environment import command, function, invocation  # noqa: E402  pylint: disable=wrong-import-position

HANDLERS = ("--task", sandboxed.HERE / "handlers", "--memory", "256")
CONTEXT = {"custom": {"a": "b"}}


def with_layer(*more):
    return sandboxed.function(*HANDLERS, "--layer", sandboxed.layer(), *sandboxed.PRELOAD, *more)


def refused(started, body, **headers):
    """The status and the type of the error with which the request is refused."""
    with unittest.TestCase().assertRaises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(urllib.request.Request(started.address, body, headers), timeout=1000)
    with caught.exception as answer:
        return answer.code, answer.headers["X-Amzn-ErrorType"]


class Invocations(unittest.TestCase):
    def test_those_that_come_as_soon_as_the_port_is_open_are_answered(self):
        # The port stays ours until the server listens there: nobody else gets it, not even one of the callers as its own.
        held = socket.socket()
        self.addCleanup(held.close)
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
        process = subprocess.Popen(
            [sandboxed.LAMBDA, *HANDLERS, "--handler", "idle.handler", "--timeout", "120", "--runtime-api"]
            + ["--listen", str(port)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        address = "http://127.0.0.1:%d/2015-03-31/functions/function/invocations" % port

        def early(_):
            while process.poll() is None:
                try:
                    with urllib.request.urlopen(urllib.request.Request(address, b"{}"), timeout=1000) as answer:
                        return answer.headers.get("X-Amz-Function-Error"), answer.read()
                except urllib.error.URLError as error:
                    if not isinstance(error.reason, ConnectionRefusedError):
                        raise
                    time.sleep(0.005)  # so that the server gets the processor, too
            return None

        with process.stderr, concurrent.futures.ThreadPoolExecutor(12) as callers:
            answers = list(callers.map(early, range(12)))
            process.terminate()
            process.wait(sandboxed.SECONDS)
        self.assertEqual(answers, [(None, b"{}")] * 12)

    def test_all_that_a_caller_sends_reaches_the_runtime(self):
        trace = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
        with with_layer("--timeout", "120", "--", "python3", "/var/task/by_hand.py") as started:
            now = time.time()
            sent = {
                "X-Amz-Client-Context": base64.b64encode(json.dumps(CONTEXT).encode()).decode(),
                "X-Amzn-Trace-Id": trace,
                "X-Amz-Cognito-Identity": '{"cognitoIdentityId": "i"}',
                "X-Amz-Tenant-Id": "tenant",
            }
            headers, seen = started.post({"do": "headers"}, **sent)
            started.wait_for_line(
                r"XRAY TraceId: 1-5759e988-bd862e3fe1be46a994272793\tSegmentId: 53995c3f42cd8ad8\tSampled: true"
            )
        seen = {name: value for name, value in seen.items() if name.startswith("Lambda-Runtime")}
        deadline = int(seen.pop("Lambda-Runtime-Deadline-Ms")) / 1000
        self.assertTrue(now + 120 <= deadline <= time.time() + 120, deadline)
        self.assertEqual(
            seen,
            {
                "Lambda-Runtime-Aws-Request-Id": headers["X-Amzn-RequestId"],
                "Lambda-Runtime-Trace-Id": trace,
                "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:123456789012:function:function",
                "Lambda-Runtime-Client-Context": json.dumps(CONTEXT),
                "Lambda-Runtime-Cognito-Identity": '{"cognitoIdentityId": "i"}',
                "Lambda-Runtime-Aws-Tenant-Id": "tenant",
            },
        )

    def test_kinds_of_invocation_and_the_log_s_tail(self):
        with with_layer("--handler", "shared.handler", "--timeout", "120") as started:

            def status(kind):
                with urllib.request.urlopen(
                    urllib.request.Request(
                        started.address, b'{"do": "write", "text": "later"}', {"X-Amz-Invocation-Type": kind}
                    ),
                    timeout=1000,
                ) as answer:
                    return answer.status, answer.read()

            self.assertEqual(status("DryRun"), (204, b""))
            self.assertEqual(status("Event"), (202, b""))
            started.wait_for_line("^REPORT")
            self.assertEqual(started.invoke(do="read"), {"text": "later"})
            headers, _ = started.post({"do": "raise"}, **{"X-Amz-Log-Type": "Tail"})
            tail = base64.b64decode(headers["X-Amz-Log-Result"]).decode()
            self.assertRegex(tail, r"(?s)^START .*\nValueError: as told\nEND .*\nREPORT ")
            self.assertEqual(
                refused(started, b"{}", **{"X-Amz-Invocation-Type": "Never"}), (400, "InvalidParameterValueException")
            )

    def test_a_connection_that_is_closed_after_an_answer_is_announced(self):
        """Node's clients would use it once more."""
        with with_layer("--timeout", "120", "--", "python3", "/var/task/by_hand.py") as started:
            headers, seen = started.post({"do": "headers"}, Connection="close")
            self.assertEqual((headers["Connection"], seen["Connection"]), ("close", "close"))

    def test_what_is_too_large_or_no_json_is_refused(self):
        with with_layer("--handler", "idle.handler") as started:
            self.assertEqual(refused(started, b"{"), (400, "InvalidRequestContentException"))
            self.assertEqual(refused(started, b'"' + b"x" * 6291455 + b'"'), (413, "RequestEntityTooLargeException"))
            self.assertEqual(
                refused(started, b'"' + b"x" * (1 << 20) + b'"', **{"X-Amz-Invocation-Type": "Event"}),
                (413, "RequestEntityTooLargeException"),
            )
            with urllib.request.urlopen(
                urllib.request.Request(started.address, b'"' + b"x" * 6291454 + b'"'), timeout=1000
            ) as answer:
                self.assertEqual(answer.read(), b"{}")
            started.wait_for_line("REPORT")


class Resets(unittest.TestCase):
    def test_after_a_time_out_all_processes_are_gone_and_tmp_is_kept(self):
        # Of the invocation after the time-out, init is a part.
        with with_layer("--handler", "restless.handler", "--timeout", "20") as started:
            before = started.invoke(do="leave")
            self.assertIn(before["left"], before["processes"])
            answer = started.failure(do="sleep")
            self.assertEqual(answer["errorType"], "Sandbox.Timedout")
            self.assertIn("Error: Task timed out after 20.00 seconds", answer["errorMessage"])
            after = started.invoke()
            self.assertEqual((after["kept"], after["shm"], after["sleeping"]), ("kept", ["kept"], 0))
            self.assertEqual((before["initialized"], after["initialized"]), (1, 2))
            started.wait_for_line(r"Z [0-9a-f-]{36} Task timed out after 20.00 seconds$")
            started.wait_for_line(r"REPORT .*\tStatus: timeout$")

    def test_memory_beyond_the_limit_ends_it_and_is_reported(self):
        with sandboxed.function(
            "--task", sandboxed.HERE / "handlers", "--handler", "greedy.handler", "--timeout", "300"
        ) as started:
            self.assertIn("Error: Runtime exited with error: signal: killed", started.failure()["errorMessage"])
            started.wait_for_line(
                r"REPORT .*\tMemory Size: 128 MB\tMax Memory Used: 128 MB\t.*Status: error\tError Type: Runtime.OutOfMemory"
            )

    def test_a_full_tmp_is_named_above_the_bus_error(self):
        with with_layer("--tmp", "512", "--handler", "filling.handler", "--timeout", "600") as started:
            self.assertIn("signal: bus error", started.failure(mib=600)["errorMessage"])
            started.wait_for_line(r"REPORT .*\tStatus: error")
            lines = "".join(started.lines)
            said = lines.index("devshm: /dev/shm/filling is made 629145600 bytes long, but /tmp/shm has space for ")
            self.assertLess(said, lines.index("bus error", lines.index("has space for") + 200))

    def test_with_reserve_a_full_tmp_is_an_error_of_the_handler_s(self):
        """Lambda's filter refuses fallocate, which reserving takes."""
        options = ("--tmp", "512", "--handler", "filling.handler", "--timeout", "600", "--env", "DEVSHM_RESERVE=1")
        with with_layer(*options) as started:
            self.assertIn("[Errno 28] No space left on device", started.failure(mib=600)["errorMessage"])
            self.assertEqual(started.invoke(mib=100), "written")

    def test_an_exit_in_the_middle(self):
        with with_layer("--timeout", "120", "--", "python3", "/var/task/by_hand.py") as started:
            answer = started.failure(do="exit", status=9)
            self.assertEqual(
                (answer["errorType"], answer["errorMessage"].partition(" ")[2].partition(" ")[2]),
                ("Runtime.ExitError", "Error: Runtime exited with error: exit status 9"),
            )
            self.assertEqual(
                started.failure(do="exit", status=0)["errorMessage"].partition("Error: ")[2],
                "Runtime exited without providing a reason",
            )

    def test_an_init_that_fails_is_tried_again_within_the_invocation(self):
        with with_layer("--handler", "restless.handler", "--env", "FAIL_ONCE=1", "--timeout", "120") as started:
            self.assertEqual(started.invoke()["initialized"], 2)
            started.wait_for_line(
                r"INIT_REPORT Init Duration: \d+\.\d\d ms\tPhase: init\tStatus: error\tError Type: Runtime.RuntimeError"
            )

    def test_the_environment_of_a_function_is_that_of_a_command(self):
        """Its processes are started in another way, with the same user, limits and filter."""
        with with_layer("--handler", "restless.handler", "--timeout", "120") as started:
            self.assertEqual(
                started.invoke(do="limits"),
                {
                    "user": [993, 990, []],
                    "files": [1024, 1024],
                    "processes": [1024, 1024],
                    "fallocate": "EPERM",
                    "parent": "/var/rapid/init",
                    "capabilities": "0000000000000000",
                    "umask": 0o22,
                    "directory": "/var/task",
                },
            )


class WithoutAnEnvironment(unittest.TestCase):
    def test_a_caller_is_answered_also_if_the_environment_can_not_be_made(self):
        class Box:
            def inside(self, path):
                raise environment.Failed("no room for " + path)

        options = command.read(["--runtime-api"])
        served = function.Function(Box(), options, ["true"], {})
        for _ in range(2):
            given = invocation.Invocation(b"{}")
            served.invoke(given)
            answer, failed = given.whole()
            self.assertTrue(failed)
            self.assertIn("no room for /opt/extensions", json.loads(answer)["errorMessage"])
        served.server.shutdown()
        served.server.server_close()


class Concurrent(unittest.TestCase):
    def test_several_at_a_time_in_one_environment_with_one_dev_shm(self):
        with with_layer(
            "--handler", "together.handler", "--concurrency", "4", "--timeout", "300"
        ) as started, concurrent.futures.ThreadPoolExecutor(4) as callers:
            # Each waits until all four are there: one after the other they would never be answered.
            answers = list(callers.map(lambda _: started.invoke(do="wait", name="here", together=4), range(4)))
            self.assertEqual(len({answer["pid"] for answer in answers}), 4)
            self.assertEqual(sorted(answer["count"] for answer in answers), [1, 2, 3, 4])
            self.assertEqual([(answer["sum"], answer["same"]) for answer in answers], [(285, True)] * 4)
            # One dies, and nobody else: the other three go on.
            self.assertEqual(started.failure(do="die")["errorType"], "Runtime.ExitError")
            others = list(callers.map(lambda _: started.invoke(do="wait", name="again", together=3), range(3)))
            self.assertLess({answer["pid"] for answer in others}, {answer["pid"] for answer in answers})
            self.assertEqual(sorted(answer["count"] for answer in others), [5, 6, 7])

    def test_after_a_time_out_the_code_goes_on_and_nobody_else_is_harmed(self):
        with with_layer(
            "--handler", "together.handler", "--concurrency", "2", "--timeout", "20"
        ) as started, concurrent.futures.ThreadPoolExecutor(2) as callers:
            self.assertEqual(started.failure(do="late")["errorType"], "Sandbox.Timedout")
            started.invoke(do="let on")  # by the other process
            both = callers.map(lambda _: started.invoke(do="wait", name="both", together=2), range(2))
            self.assertEqual(len({answer["pid"] for answer in both}), 2)


if __name__ == "__main__":
    unittest.main(verbosity=2)
