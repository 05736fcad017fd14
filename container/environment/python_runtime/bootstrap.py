# SPDX-License-Identifier: MIT
"""A small Python runtime for container/lambda: asks the Runtime API for invocations and calls the handler."""
import http.client
import importlib
import json
import os
import sys
import time
import traceback

API = "/2018-06-01/runtime/"


class Context:
    """What a handler gets beside the event."""

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
    return {"errorMessage": str(error), "errorType": type(error).__name__,
            "stackTrace": traceback.format_tb(error.__traceback__)}


class Client:
    def __init__(self):
        self.connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])

    def get(self, path):
        self.connection.request("GET", API + path)
        answer = self.connection.getresponse()
        return answer.headers, answer.read()

    def post(self, path, body, **headers):
        self.connection.request("POST", API + path, body, headers)
        self.connection.getresponse().read()

    def report(self, path, error):
        traceback.print_exception(type(error), error, error.__traceback__)
        self.post(path, json.dumps(description(error)),
                  **{"Lambda-Runtime-Function-Error-Type": "Runtime." + type(error).__name__})


def load(name):
    module, _, function = name.rpartition(".")
    sys.path.insert(0, os.environ["LAMBDA_TASK_ROOT"])
    return getattr(importlib.import_module(module.replace("/", ".")), function)


def main():
    client = Client()
    try:
        handler = load(sys.argv[1] if len(sys.argv) > 1 else os.environ["_HANDLER"])  # images name it in their CMD
    except Exception as error:  # pylint: disable=broad-except  # whatever the user's module raises
        client.report("init/error", error)
        sys.exit(1)
    while True:
        headers, body = client.get("invocation/next")
        request = "invocation/%s/" % headers["Lambda-Runtime-Aws-Request-Id"]
        os.environ["_X_AMZN_TRACE_ID"] = headers["Lambda-Runtime-Trace-Id"]
        try:
            answer = json.dumps(handler(json.loads(body or b"null"), Context(headers)))
        except Exception as error:  # pylint: disable=broad-except
            client.report(request + "error", error)
        else:
            client.post(request + "response", answer, **{"Content-Type": "application/json"})
        sys.stdout.flush()


if __name__ == "__main__":
    main()
