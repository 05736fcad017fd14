# SPDX-License-Identifier: MIT
"""The Runtime API: a runtime's requests. https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html"""
import base64
import re

from . import boot, extensions_api, http_server, invocation, peers, telemetry_api, variables

VERSION = "/2018-06-01/runtime/"
ACCEPTED = b'{"status":"OK"}'
TOO_LARGE = "Exceeded maximum allowed payload size (%d bytes)." % invocation.LARGEST_ANSWER


class RuntimeApi(http_server.Handler):
    ROUTES = (
        ("GET", VERSION + "invocation/next", "next_invocation"),
        ("POST", VERSION + "invocation/([^/]+)/response", "response"),
        ("POST", VERSION + "invocation/([^/]+)/error", "invocation_error"),
        ("POST", VERSION + "init/error", "init_error"),
        ("GET", VERSION + "restore/next", "restore_next"),
        ("POST", VERSION + "restore/error", "restore_error"),
    )
    asker = handed = None

    def next_invocation(self):
        function = self.function
        if function.options.concurrency and not self.asker:
            self.asker = peers.Peer(self.client_address)
        given = function.next(self.is_connected)
        if given is None:
            self.close_connection = True  # the peer does not listen any more
            return
        self.handed = given
        more = {
            "Lambda_Runtime_Client_Context": given.context,
            "Lambda_Runtime_Cognito_Identity": given.identity,
            "Lambda_Runtime_Aws_Tenant_Id": given.tenant,
        }
        self.reply(
            200,
            given.event or b"null",
            Lambda_Runtime_Aws_Request_Id=given.id,
            Lambda_Runtime_Deadline_Ms=str(int(given.deadline * 1000)),
            Lambda_Runtime_Invoked_Function_Arn=variables.function_arn(function.options.name),
            Lambda_Runtime_Trace_Id=str(given.trace),
            **{name: value for name, value in more.items() if value}
        )

    def response(self, request):
        function = self.function
        mode = self.headers.get("Lambda-Runtime-Function-Response-Mode", "").lower()
        given = function.working.get(request)
        if mode not in ("", "streaming"):
            if given and given.begin():
                given.end(
                    invocation.error("Runtime.InvalidResponseModeHeader", "unknown response mode " + mode),
                    "Runtime.InvalidResponseModeHeader",
                )
            self.refuse(400, "InvalidFunctionResponseMode", "Invalid function response mode")
        elif not given or not given.begin(mode == "streaming", self.headers.get("Content-Type")):
            self.refuse(400, "InvalidRequestID", "Invalid request ID")
        else:
            self.take_response(function, given)

    def take_response(self, function, given):
        largest = invocation.LARGEST_STREAM if given.streaming else invocation.LARGEST_ANSWER
        try:
            for part in self.parts():
                if given.produced + len(part) > largest:
                    given.end(
                        invocation.error(
                            "Function.ResponseSizeTooLarge",
                            "Response payload size exceeded maximum allowed payload " "size (%d bytes)." % largest,
                        ),
                        "Function.ResponseSizeTooLarge",
                    )
                    function.answered(given)
                    self.close_connection = True
                    self.refuse(413, "RequestEntityTooLarge", TOO_LARGE)
                    return
                given.add(part)
        except http_server.Truncated:
            given.end(
                invocation.error("Runtime.TruncatedResponse", "the response ended in the middle"),
                "Runtime.TruncatedResponse",
            )
            function.answered(given)
            raise
        kind, body = (self.trailers.get("Lambda-Runtime-Function-Error-" + word) for word in ("Type", "Body"))
        if kind or body:
            given.end(decoded(body) or invocation.error(kind, ""), invocation.valid_kind(kind))
        else:
            given.end()
        function.answered(given)
        self.reply(202, ACCEPTED)

    def invocation_error(self, request):
        function = self.function
        given = function.working.get(request)
        try:
            body = self.body(invocation.LARGEST_ANSWER)
        except http_server.TooLarge:
            self.refuse(413, "RequestEntityTooLarge", TOO_LARGE)
            return
        if not given or not given.begin():
            self.refuse(400, "InvalidRequestID", "Invalid request ID")
            return
        given.end(
            body,
            invocation.valid_kind(self.headers.get("Lambda-Runtime-Function-Error-Type") or boot.Boot.body_of(body)),
        )
        function.answered(given)
        self.reply(202, ACCEPTED)

    def init_error(self):
        self.report("init", self.function.boot)

    def restore_error(self):
        self.report("restore", self.function.boot)

    def report(self, when, current):
        body = self.body(1 << 20)
        kind = self.headers.get("Lambda-Runtime-Function-Error-Type") or boot.Boot.body_of(body)
        with self.function.changed:
            if not current or current.ready:
                self.refuse(403, "InvalidStateTransition", "%s/error is not allowed now" % when)
                return
            # Nothing may come in between: after the answer the runtime exits by itself, or is ended.
            current.fail(invocation.valid_kind(kind), "", body)
            self.reply(202, ACCEPTED)

    def restore_next(self):
        function = self.function
        if not function.options.snapstart:
            self.refuse(404, "NotFound", self.path)
        elif function.restored():
            self.reply(200, b"")
        else:
            self.close_connection = True

    def finish(self):
        """The connection has ended. If its process has ended too, its invocation is lost."""
        super().finish()
        if self.asker:
            if self.handed and not self.handed.ended and self.asker.has_ended():
                self.function.lost(self.handed)
            self.asker.close()


class Api(RuntimeApi, extensions_api.ExtensionsApi, telemetry_api.TelemetryApi):
    """Everything that is served at AWS_LAMBDA_RUNTIME_API."""

    ROUTES = RuntimeApi.ROUTES + extensions_api.ExtensionsApi.ROUTES + telemetry_api.TelemetryApi.ROUTES


def decoded(body):
    """An error in a trailer is in base64; one that is not is taken as it is."""
    if not body:
        return None
    packed = re.sub(r"\s", "", body)
    try:
        return base64.b64decode(packed, validate=True)
    except ValueError:
        return body.encode()
