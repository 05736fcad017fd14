# SPDX-License-Identifier: MIT
"""HTTP for a function, on both of its sides: Lambda's Runtime API for the runtime, and the invocation from outside."""
import http.server
import json
import re
import threading

from . import variables

LARGEST = 6 << 20  # what Lambda takes as a request or as an answer
VERSION = "/2018-06-01/runtime/"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # connections stay open: runtimes use one for everything
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def body(self):
        if "Transfer-Encoding" in self.headers:
            self.close_connection = True
            self.refuse(501, "NotImplemented", "no chunked bodies here: response streaming is not supported")
            return None
        length = int(self.headers.get("Content-Length") or 0)
        if length > LARGEST + 100:
            self.close_connection = True
            self.refuse(413, "RequestEntityTooLarge", "Exceeded maximum allowed payload size (%d bytes)." % LARGEST)
            return None
        return self.rfile.read(length)

    def reply(self, status, body, **headers):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def refuse(self, status, kind, text):
        self.reply(status, json.dumps({"errorType": kind, "errorMessage": text}).encode())


class Invoke(Handler):
    """POST /2015-03-31/functions/NAME/invocations, as Lambda itself and its runtime interface emulator take it."""

    def do_POST(self):
        event = self.body()
        if event is None:
            return
        if not re.fullmatch(r"/2015-03-31/functions/[^/]+/invocations", self.path):
            self.refuse(404, "ResourceNotFoundException", "invocations go to /2015-03-31/functions/function/invocations")
            return
        try:
            json.loads(event or b"null")
        except ValueError as error:
            self.refuse(400, "InvalidRequestContentException", "Could not parse request body into json: %s" % error)
            return
        done = self.server.function.invoke(event, self.headers.get("X-Amz-Client-Context"))
        failed = {"X_Amz_Function_Error": "Unhandled"} if done.failed else {}
        self.reply(200, done.answer, X_Amzn_RequestId=done.id, X_Amz_Executed_Version="$LATEST", **failed)


class Runtime(Handler):
    """What the runtime asks for and answers."""

    def do_GET(self):
        if self.path != VERSION + "invocation/next":
            self.refuse(404, "NotFound", self.path)
            return
        function = self.server.function
        invocation = function.next()
        if invocation is None:
            self.close_connection = True  # nobody listens there any more
            return
        request = invocation.id
        context = {"Lambda_Runtime_Client_Context": invocation.context} if invocation.context else {}
        self.reply(200, invocation.event or b"null",
                   Lambda_Runtime_Aws_Request_Id=request,
                   Lambda_Runtime_Deadline_Ms=str(int(invocation.deadline * 1000)),
                   Lambda_Runtime_Invoked_Function_Arn=variables.function_arn(function.options.name),
                   Lambda_Runtime_Trace_Id="Root=1-%s-%s;Parent=%s;Sampled=0" % (
                       request[:8], request.replace("-", "")[8:], request.replace("-", "")[:16]), **context)

    def do_POST(self):
        body = self.body()
        if body is None:
            return
        if self.path == VERSION + "init/error":
            self.server.function.init_failed(body)
            self.reply(202, b'{"status":"OK"}')
            return
        found = re.fullmatch(VERSION + "invocation/([^/]+)/(response|error)", self.path)
        if not found:
            self.refuse(404, "NotFound", self.path)
        elif self.server.function.answer(found[1], body, found[2] == "error"):
            self.reply(202, b'{"status":"OK"}')
        else:
            self.refuse(400, "InvalidRequestID", "Invalid request ID")


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """A client that goes away in the middle is nobody's error."""


def serve(handler, function, address):
    server = Server(address, handler)
    server.function = function
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
