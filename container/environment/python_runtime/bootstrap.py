# SPDX-License-Identifier: MIT
"""A small Python runtime for container/lambda: asks the Runtime API for invocations and calls the handler.

With AWS_LAMBDA_MAX_CONCURRENCY it has so many processes, each of which loads the handler, as AWS's own does.
"""
import http.client
import importlib
import json
import os
import sys
import time
import traceback

import lambda_logs as logs
import snapshot_restore

API = "/2018-06-01/runtime/"


class Context:
    """The handler's second argument."""

    def __init__(self, headers):
        variable = os.environ.get
        self.aws_request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        self.invoked_function_arn = headers["Lambda-Runtime-Invoked-Function-Arn"]
        self.function_name = variable("AWS_LAMBDA_FUNCTION_NAME")
        self.function_version = variable("AWS_LAMBDA_FUNCTION_VERSION")
        self.memory_limit_in_mb = variable("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.log_group_name = variable("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = variable("AWS_LAMBDA_LOG_STREAM_NAME")
        self.identity = None
        self.client_context = json.loads(headers.get("Lambda-Runtime-Client-Context") or "null")
        self.deadline = int(headers["Lambda-Runtime-Deadline-Ms"])

    def get_remaining_time_in_millis(self):
        return max(0, self.deadline - int(time.time() * 1000))


def description(error):
    return {
        "errorMessage": str(error),
        "errorType": type(error).__name__,
        "stackTrace": traceback.format_tb(error.__traceback__),
    }


class Client:
    def __init__(self):
        self.connect()

    def connect(self):
        self.connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])

    def get(self, path):
        self.connection.request("GET", API + path)
        answer = self.connection.getresponse()
        return answer.headers, answer.read()

    def post(self, path, body, **headers):
        self.connection.request("POST", API + path, body, headers)
        self.connection.getresponse().read()

    def report(self, path, error):
        logs.exception(error)
        self.post(
            path,
            json.dumps(description(error)),
            **{"Lambda-Runtime-Function-Error-Type": "Runtime." + type(error).__name__}
        )


def load(name):
    module, _, function = name.rpartition(".")
    sys.path.insert(0, os.environ["LAMBDA_TASK_ROOT"])
    return getattr(importlib.import_module(module.replace("/", ".")), function)


def initialize(client):
    try:
        handler = load(sys.argv[1] if len(sys.argv) > 1 else os.environ["_HANDLER"])  # images name it in their CMD
        if os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "snap-start":
            snapshot_restore.run(snapshot_restore.before_snapshot)
        return handler
    except Exception as error:  # pylint: disable=broad-except  # whatever the user's module raises
        client.report("init/error", error)
        sys.exit(1)


def await_restore(client):
    """Sleeps through the snapshot, and wakes up in one of its copies."""
    sys.stdout.flush()
    try:
        client.get("restore/next")
    except (OSError, http.client.HTTPException):
        client.connect()  # the connection stayed behind; ask again in the copy
        client.get("restore/next")
    try:
        snapshot_restore.run(snapshot_restore.after_restore)
    except Exception as error:  # pylint: disable=broad-except
        client.report("restore/error", error)
        sys.exit(1)


def work():
    client = Client()
    handler = initialize(client)
    if os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "snap-start":
        await_restore(client)
    while True:
        headers, body = client.get("invocation/next")
        request = "invocation/%s/" % headers["Lambda-Runtime-Aws-Request-Id"]
        logs.request = headers["Lambda-Runtime-Aws-Request-Id"]
        os.environ["_X_AMZN_TRACE_ID"] = headers["Lambda-Runtime-Trace-Id"]
        try:
            answer = json.dumps(handler(json.loads(body or b"null"), Context(headers)))
        except Exception as error:  # pylint: disable=broad-except
            client.report(request + "error", error)
        else:
            client.post(request + "response", answer, **{"Content-Type": "application/json"})
        sys.stdout.flush()


def main():
    logs.set_up()
    workers = int(os.environ.get("AWS_LAMBDA_MAX_CONCURRENCY", "0"))
    if not workers:
        work()
    for _ in range(workers):
        if os.fork() == 0:
            work()
    ended = 0
    while ended < workers:  # when one ends, only its caller is affected
        os.wait()
        ended += 1
    sys.exit(1)


if __name__ == "__main__":
    main()
