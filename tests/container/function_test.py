#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A function on the Runtime API of container/lambda, with the layer as users have it: a hundred invocations of one warm
environment that is frozen in between, /tmp emptied, crashes, time-outs; and what the environment itself owes.

INVOCATIONS, in the environment, is for a quicker run with fewer of them: what is to stay the same is compared from the tenth on.
"""
import os
import time
import unittest

import sandboxed
from ground.waiting import wait_for

HANDLERS = ("--task", sandboxed.HERE / "handlers", "--handler", "shared.handler", "--timeout", "120", "--memory", "512")
INVOCATIONS = int(os.environ.get("INVOCATIONS", "100"))
RIGHT = {
    "value": 20,
    "array": 40,
    "got": [0, 1, 2],
    "pooled": [0, 1, 4, 9, 16],
    "executed": [0, 1, 4, 9, 16],
    "seen": "hello",
}


def layered(*more):
    return sandboxed.function(*HANDLERS, "--layer", sandboxed.layer(), *more)


class Hundred(unittest.TestCase):
    """What is there after the tenth is there after the last, and nothing else."""

    def hundred(self, *more, do="", files=()):
        with layered(*more) as function:
            answers = [function.invoke(do=do) for _ in range(INVOCATIONS)]
        for number, answer in enumerate(answers):
            self.assertEqual({key: answer[key] for key in RIGHT}, RIGHT, number)
        tenth, last = answers[9], answers[-1]
        for what in ("files", "descriptors", "processes"):
            self.assertEqual(tenth[what], last[what], what)
        self.assertEqual(last["files"], list(files))

    def test_under_the_exec_wrapper(self):
        self.hundred(*sandboxed.EXEC_WRAPPER)

    def test_under_plain_ld_preload(self):
        self.hundred(*sandboxed.PRELOAD)

    def test_with_tmp_emptied_after_each_answer(self):
        self.hundred(*sandboxed.EXEC_WRAPPER, do="empty")


class WithDevshm(unittest.TestCase):
    def test_a_crash_in_the_middle_leaves_the_next_one_a_working_dev_shm(self):
        with layered(*sandboxed.EXEC_WRAPPER) as function:
            for _ in range(3):
                answer = function.failure(do="crash")
                self.assertEqual(answer["errorType"], "Runtime.ExitError")
                self.assertIn("exit status 7", answer["errorMessage"])
                self.assertIn("left_behind", function.invoke(do="look")["shm"])
                answer = function.invoke()
                self.assertEqual({key: answer[key] for key in RIGHT}, RIGHT)
                # The next crash makes the same name again.
                function.invoke(do="empty")

    def test_a_wrapper_behind_the_wrapper(self):
        with layered(
            *sandboxed.EXEC_WRAPPER,
            "--layer",
            sandboxed.HERE / "handlers/wrapper_layer",
            "--env",
            "DEVSHM_NEXT_WRAPPER=/opt/other-wrapper"
        ) as function:
            found = function.invoke(do="look")
            self.assertEqual(found["variables"]["OTHER_WRAPPER"], "was here")
            self.assertEqual(found["variables"]["LD_PRELOAD"], "/opt/lib/libdevshm.so")
            self.assertEqual(found["argv"], ["/var/runtime/bootstrap.py"])
            self.assertEqual(function.invoke()["value"], 20)

    def test_a_next_wrapper_that_is_missing_is_named(self):
        with layered(*sandboxed.EXEC_WRAPPER, "--env", "DEVSHM_NEXT_WRAPPER=/opt/nothing") as function:
            self.assertIn("exit status 126", function.failure()["errorMessage"])
            self.assertIn("DEVSHM_NEXT_WRAPPER=/opt/nothing", "".join(function.lines))

    def test_devshm_check_answers_as_a_handler(self):
        with sandboxed.function(
            "--task", sandboxed.TOP / "docs/examples/check", "--layer", sandboxed.layer(), *sandboxed.PRELOAD
        ) as function:
            answer = function.invoke()
            self.assertTrue(answer["works"], answer)
            self.assertEqual(
                (answer["status"], answer["exit"], answer["now"]["library"]),
                ("works", 0, "/opt/lib/libdevshm.so"),
                answer,
            )
        with sandboxed.function(
            "--task", sandboxed.TOP / "docs/examples/check", "--layer", sandboxed.layer()
        ) as function:
            answer = function.invoke()  # the layer without the variable
            self.assertEqual((answer["works"], answer["status"]), (False, "not loaded"), answer)
        with sandboxed.function(
            "--task",
            sandboxed.TOP / "docs/examples/check",
            "--layer",
            sandboxed.layer(),
            "--env",
            "DEVSHM_DIR=/nowhere/shm",
        ) as function:
            self.assertFalse(function.invoke()["works"])


class WithoutDevshm(unittest.TestCase):
    """What the environment owes to functions of any kind."""

    def test_it_fails_as_on_lambda(self):
        with sandboxed.function(*HANDLERS) as function:
            answer = function.failure()
            self.assertEqual(
                (answer["errorType"], answer["errorMessage"]),
                ("FileNotFoundError", "[Errno 2] No such file or directory"),
            )
        with sandboxed.function(*HANDLERS, "--libc", "2.31") as function:
            self.assertEqual(function.failure()["errorMessage"], "[Errno 38] Function not implemented")

    def frozen(self, how):
        with layered(*sandboxed.PRELOAD, "--freeze", how) as function:
            before = function.invoke(do="look")
            time.sleep(6)  # in which it would tick some 3,000 times
            after = function.invoke(do="look")
            self.assertEqual(before["pid"], after["pid"])
            return after["pause"] > 3

    def test_frozen_between_invocations_by_the_control_group_s_freezer(self):
        self.assertTrue(self.frozen("group"))

    def test_frozen_between_invocations_by_stopping_each_process(self):
        self.assertTrue(self.frozen("stop"))

    def test_not_frozen_if_told(self):
        self.assertFalse(self.frozen("none"))

    def test_tmp_is_kept_from_invocation_to_invocation_and_over_a_crash(self):
        with layered(*sandboxed.PRELOAD) as function:
            function.invoke(do="write", text="kept")
            self.assertEqual(function.invoke(do="read"), {"text": "kept"})
            function.failure(do="crash")
            self.assertEqual(function.invoke(do="read"), {"text": "kept"})

    def test_headers_become_the_context(self):
        with layered(*sandboxed.PRELOAD, "--timeout", "900") as function:
            headers, answer = function.post({"do": "look"}, **{"X-Amz-Client-Context": '{"custom": {"a": "b"}}'})
            self.assertEqual(answer["arn"], "arn:aws:lambda:us-east-1:123456789012:function:function")
            self.assertEqual(answer["client"], {"custom": {"a": "b"}})
            self.assertEqual(headers["X-Amzn-RequestId"], answer["id"])
            self.assertTrue(600000 < answer["left"] <= 900000, answer["left"])
            self.assertRegex(answer["variables"]["_X_AMZN_TRACE_ID"], r"^Root=1-[0-9a-f]{8}-[0-9a-f]{24};")
            self.assertEqual(answer["variables"]["_HANDLER"], "shared.handler")

    def test_an_error_with_its_type_in_a_header_is_the_answer(self):
        with layered(*sandboxed.PRELOAD) as function:
            self.assertEqual(function.failure(do="answer"), {"errorType": "Own", "errorMessage": "by hand"})
            function.invoke(do="look")

    def test_errors_are_answered_as_lambda_answers_them(self):
        with sandboxed.function(
            "--task",
            sandboxed.HERE / "handlers",
            "--handler",
            "shared.handler",
            "--layer",
            sandboxed.layer(),
            *sandboxed.PRELOAD
        ) as function:
            answer = function.failure(do="raise")
            self.assertEqual((answer["errorType"], answer["errorMessage"]), ("ValueError", "as told"))
        with sandboxed.function("--task", sandboxed.HERE / "handlers", "--handler", "missing.handler") as function:
            for _ in range(2):  # each invocation tries again
                self.assertEqual(function.failure()["errorType"], "ModuleNotFoundError")

    def test_an_init_that_takes_longer_than_ten_seconds_is_tried_again_within_the_invocation(self):
        with sandboxed.function(
            "--task",
            sandboxed.HERE / "handlers",
            "--handler",
            "restless.handler",
            "--timeout",
            "120",
            "--layer",
            sandboxed.layer(),
            *sandboxed.PRELOAD,
            "--env",
            "SLOW_ONCE=1",
            init_seconds=10
        ) as function:
            self.assertEqual(function.invoke()["initialized"], 2)
            found = function.wait_for_line(r"^INIT_REPORT Init Duration: (\d+)\.\d\d ms\tPhase: init\tStatus: timeout$")
            self.assertGreaterEqual(int(found[1]), 10000)

    def test_it_ends_when_told_and_leaves_nothing(self):
        function = sandboxed.Function(*HANDLERS, "--layer", sandboxed.layer(), *sandboxed.PRELOAD)
        function.invoke(do="look")
        self.assertEqual(function.stop(), 0)
        self.assertEqual(left_of(function), [])

    def test_it_ends_also_right_after_an_answer_when_it_is_about_to_freeze(self):
        for _ in range(5):
            function = sandboxed.Function("--task", sandboxed.HERE / "handlers", "--handler", "idle.handler")
            function.invoke()
            self.assertEqual(function.stop(), 0)

    def test_what_a_killed_run_left_frozen_is_swept_by_the_next(self):
        function = sandboxed.Function("--task", sandboxed.HERE / "handlers", "--handler", "idle.handler")
        function.invoke()
        function.process.kill()
        function.process.wait(sandboxed.SECONDS)
        sandboxed.run("true")
        function.reader.join(sandboxed.SECONDS)  # the last of its processes has closed its output
        self.assertFalse(function.reader.is_alive())
        function.process.stdout.close()
        # Another test's run may be about to sweep it, too.
        wait_for(lambda: not left_of(function), lambda: left_of(function))


PLACES = ("/var/tmp", "/sys/fs/cgroup/memory", "/sys/fs/cgroup/freezer", "/sys/fs/cgroup")


def left_of(function):
    return [entry for place in PLACES for entry in left_in(place, "devshm-lambda.%d." % function.process.pid)]


def left_in(place, name):
    try:
        return [entry for entry in os.listdir(place) if entry.startswith(name)]
    except FileNotFoundError:
        return []


if __name__ == "__main__":
    unittest.main(verbosity=2)
