# SPDX-License-Identifier: MIT
"""Invocations from outside, through the API of Lambda, its SDKs and its runtime interface emulator.

https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html, API_InvokeWithResponseStream.html
"""
import base64
import json
import threading

from . import event_stream, http_server, invocation

LARGEST_ASYNCHRONOUS = 1 << 20
LONGEST_CONTEXT = 3583


class InvokeApi(http_server.Handler):
    ROUTES = (
        ("POST", r"/2015-03-31/functions/[^/]+/invocations(?:\?.*)?", "invoke"),
        ("POST", r"/2021-11-15/functions/[^/]+/response-streaming-invocations(?:\?.*)?", "stream"),
    )

    def refuse(self, status, kind, text):
        if kind == "NotFound":
            kind, text = "ResourceNotFoundException", "invocations go to /2015-03-31/functions/function/invocations"
        self.reply(
            status, json.dumps({"Type": "User", "Message": text, "message": text}).encode(), X_Amzn_ErrorType=kind
        )

    def given(self, largest):
        """The invocation that was requested; None if it was refused."""
        try:
            event = self.body(largest)
        except http_server.TooLarge:
            self.refuse(
                413,
                "RequestEntityTooLargeException",
                "Request must be smaller than %d bytes for the InvokeFunction operation" % largest,
            )
            return None
        try:
            json.loads(event or b"null")
        except ValueError as error:
            self.refuse(400, "InvalidRequestContentException", "Could not parse request body into json: %s" % error)
            return None
        context = self.headers.get("X-Amz-Client-Context")
        if context and len(context) > LONGEST_CONTEXT:
            self.refuse(
                400, "InvalidRequestContentException", "Client context must be no more than %d bytes." % LONGEST_CONTEXT
            )
            return None
        return invocation.Invocation(
            event,
            {
                "context": plain(context),
                "identity": self.headers.get("X-Amz-Cognito-Identity"),
                "tenant": self.headers.get("X-Amz-Tenant-Id"),
                "trace": self.headers.get("X-Amzn-Trace-Id"),
            },
        )

    def invoke(self):
        kind = self.headers.get("X-Amz-Invocation-Type", "RequestResponse")
        if kind not in ("RequestResponse", "Event", "DryRun"):
            self.refuse(400, "InvalidParameterValueException", "unknown invocation type " + kind)
            return
        given = self.given(LARGEST_ASYNCHRONOUS if kind == "Event" else invocation.LARGEST)
        if given is None:
            return
        if kind == "DryRun":
            self.reply(204, b"", X_Amzn_RequestId=given.id)
            return
        self.server.function.invoke(given)
        if kind == "Event":
            threading.Thread(target=given.whole, daemon=True).start()
            self.reply(202, b"", X_Amzn_RequestId=given.id)
            return
        answer, failed = given.whole()
        if given.error_type == "TooManyRequestsException":
            self.refuse(429, given.error_type, "all workers of the environment are busy")
            return
        if not failed and len(answer) > invocation.LARGEST_ANSWER:
            answer, failed = (
                invocation.error(
                    "Function.ResponseSizeTooLarge",
                    "Response payload size exceeded maximum allowed payload size "
                    "(%d bytes)." % invocation.LARGEST_ANSWER,
                ),
                True,
            )
        more = {"X_Amz_Function_Error": "Unhandled"} if failed else {}
        if self.headers.get("X-Amz-Log-Type") == "Tail":
            given.reported.wait(self.server.function.options.timeout)
            more["X_Amz_Log_Result"] = given.tail
        self.reply(
            200,
            answer,
            X_Amzn_RequestId=given.id,
            X_Amz_Executed_Version="$LATEST",
            X_Amzn_Trace_Id="Root=%s;Sampled=%s" % (given.trace.root, given.trace.sampled),
            **more
        )

    def stream(self):
        given = self.given(invocation.LARGEST)
        if given is None:
            return
        self.server.function.invoke(given)
        self.send_response(200)
        for name, value in (
            ("Content-Type", event_stream.CONTENT_TYPE),
            ("Transfer-Encoding", "chunked"),
            ("X-Amzn-RequestId", given.id),
            ("X-Amz-Executed-Version", "$LATEST"),
            ("X-Amzn-Remapped-Content-Type", given.content_type),
            *([("Connection", "close")] if self.close_connection else []),
        ):
            self.send_header(name, value)
        self.end_headers()
        for part in given.answer():
            self.chunk(event_stream.chunk(part))
        if given.error is None:
            self.chunk(event_stream.complete())
        else:
            self.chunk(event_stream.complete("Unhandled", given.error.decode(errors="replace")))
        self.wfile.write(b"0\r\n\r\n")

    def chunk(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))


def plain(context):
    """A client context as the function gets it: SDKs send it in base64."""
    try:
        decoded = base64.b64decode(context or "", validate=True)
        json.loads(decoded)
        return decoded.decode()
    except ValueError:
        return context
