#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""container/lambda with clients that we did not write: AWS's runtime client and SDK for Node, its command line, Powertools,
and an extension that subscribes to logs."""
import json
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import unittest
import zipfile

import npm
import sandboxed
from calls import call


def lines_of(started, what):
    return [json.loads(line) for line in started.lines if line.startswith("{") and what in line]


class Clients(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = npm.task(npm.installed(), "clients.mjs", "invoke_stream.mjs")

    def function(self, handler, *options):
        arguments = (
            "--root",
            "/",
            "--task",
            self.directory,
            "--handler",
            handler,
            "--memory",
            "512",
            "--timeout",
            "120",
        )
        client = "/var/task/node_modules/aws-lambda-ric/bin/index.mjs"
        return sandboxed.function(
            *arguments,
            "--layer",
            sandboxed.layer(),
            *sandboxed.PRELOAD,
            *options,
            "--",
            shutil.which("node"),
            client,
            handler
        )

    def stream(self, started, **event):
        address = started.address.partition("/2015")[0]
        command = ["node", "invoke_stream.mjs", address, json.dumps(event)]
        return subprocess.Popen(command, cwd=self.directory, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def test_a_node_function_streams_to_the_sdk(self):
        with self.function("clients.streamed") as started, socket.create_server(("127.0.0.1", 0)) as signal:
            for fail in (False, True):
                with self.stream(started, parts=["first", "second"], port=signal.getsockname()[1], fail=fail) as caller:
                    self.assertEqual(json.loads(caller.stdout.readline()), {"part": "first"}, fail)
                    waiting, _ = signal.accept()
                    with waiting:
                        waiting.sendall(b"!")  # only now the function goes on
                    *parts, end = map(json.loads, caller.stdout)
                    said = caller.stderr.read()
                self.assertEqual(("".join(part["part"] for part in parts), caller.returncode), ("second", 0), said)
                if fail:
                    self.assertEqual(end["complete"]["ErrorCode"], "Unhandled")
                    self.assertIn("too late", end["complete"]["ErrorDetails"])
                else:
                    self.assertNotIn("ErrorCode", end["complete"])

    def test_powertools_logs_and_metrics_are_lines_of_json(self):
        with self.function("clients.logged", "--log-format", "JSON", "--env", "POWERTOOLS_DEV=false") as started:
            answers = [started.invoke(number=number) for number in range(2)]
            started.wait_for_line('"platform.report".*%s' % answers[-1]["id"])
            logged, metrics = lines_of(started, "with powertools"), lines_of(started, '"_aws"')
        self.assertEqual(
            [
                (line["function_request_id"], line["event"]["number"], line["level"], line["cold_start"])
                for line in logged
            ],
            [(answers[0]["id"], 0, "INFO", True), (answers[1]["id"], 1, "INFO", False)],
        )
        self.assertEqual(logged[0]["function_arn"], "arn:aws:lambda:us-east-1:123456789012:function:function")
        self.assertEqual([line["calls"] for line in metrics], [1, 1])

    def test_aws_s_command_line_invokes_it(self):
        with self.function("clients.logged") as started, tempfile.TemporaryDirectory(prefix="lambda-test.") as place:
            answer, event = pathlib.Path(place) / "answer.json", pathlib.Path(place) / "event.json"
            event.write_text('{"number": 7}')
            said = call(
                "aws",
                "lambda",
                "invoke",
                "--function-name",
                "function",
                "--payload",
                "fileb://%s" % event,
                "--log-type",
                "Tail",
                "--endpoint-url",
                started.address.partition("/2015")[0],
                "--region",
                "us-east-1",
                str(answer),
                env={**os.environ, "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "HOME": place},
            )
            self.assertEqual((json.loads(said)["StatusCode"], set(json.loads(answer.read_text()))), (200, {"id"}))
            self.assertTrue(json.loads(said)["LogResult"])

    def test_serverless_s_extension_gets_the_logs(self):
        package = self.directory / "node_modules/@serverless/aws-lambda-otel-extension-dist/extension.zip"
        with tempfile.TemporaryDirectory(prefix="lambda-test.", dir="/var/tmp") as place:
            with zipfile.ZipFile(package) as zipped:
                zipped.extractall(place)
            for program in ("extensions/otel-extension", "otel-extension/index.js"):
                os.chmod(os.path.join(place, program), 0o755)
            os.chmod(place, 0o755)
            path = "%s:/usr/local/bin:/usr/bin:/bin" % os.path.dirname(shutil.which("node"))
            with self.function(
                "clients.logged",
                "--layer",
                place,
                "--env",
                "DO_NOT_WAIT=1",
                "--env",
                "DEBUG_SLS_OTEL_LAYER=1",
                "--env",
                "PATH=" + path,
            ) as started:
                ids = [started.invoke(number=number)["id"] for number in range(3)]
                started.wait_for_line(r"^EXTENSION\tName: otel-extension\tState: Ready\tEvents: \[INVOKE, SHUTDOWN\]")
                started.wait_for_line(r"^LOGS\tName: otel-extension\tState: Subscribed\tTypes: \[Platform\]")
                # It groups what it gets by invocation. What is still kept for it arrives before it is shut down.
                self.assertEqual(started.stop(), 0)
                for request in ids:
                    started.wait_for_line("NOT READY: .*" + request)


if __name__ == "__main__":
    unittest.main(verbosity=2)
