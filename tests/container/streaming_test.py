#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Answers that are streamed: in parts, as they come; with errors at the end; and what the Runtime API refuses."""
import json
import socket
import struct
import unittest
import urllib.request
import zlib

import sandboxed

OPTIONS = ("--task", sandboxed.HERE / "handlers", "--timeout", "120", "--memory", "256", "--layer")
COMMAND = ("--", "python3", "/var/task/by_hand.py")


def function():
    return sandboxed.function(*OPTIONS, sandboxed.layer(), *sandboxed.PRELOAD, *COMMAND)


def messages(stream):
    """(kind of event, payload) of each message of an event stream, whose checksums are right."""
    while True:
        prelude = stream.read(12)
        if not prelude:
            return
        total, header_size, checksum = struct.unpack(">III", prelude)
        assert zlib.crc32(prelude[:8]) == checksum
        rest = stream.read(total - 12)
        assert zlib.crc32(prelude + rest[:-4]) == struct.unpack(">I", rest[-4:])[0]
        packed, headers = rest[:header_size], {}
        while packed:
            size = packed[0]
            value = struct.unpack(">H", packed[size + 2 : size + 4])[0]
            assert packed[size + 1] == 7
            headers[packed[1 : size + 1].decode()] = packed[size + 4 : size + 4 + value].decode()
            packed = packed[size + 4 + value :]
        yield headers[":event-type"], rest[header_size:-4]


def streamed(started, **event):
    address = started.address.replace("2015-03-31", "2021-11-15").replace(
        "/invocations", "/response-streaming-invocations"
    )
    return urllib.request.urlopen(urllib.request.Request(address, json.dumps(event).encode()), timeout=1000)


class Streaming(unittest.TestCase):
    def test_a_part_arrives_before_the_next_one_is_sent(self):
        with function() as started, socket.create_server(("127.0.0.1", 0)) as signal:
            with streamed(started, do="stream", parts=["first", "second"], port=signal.getsockname()[1]) as answer:
                self.assertEqual(answer.headers["Content-Type"], "application/vnd.amazon.eventstream")
                arriving = messages(answer)
                self.assertEqual(next(arriving), ("PayloadChunk", b"first"))
                with signal.accept()[0] as waiting:
                    waiting.sendall(b"!")  # only now the function goes on
                self.assertEqual(list(arriving), [("PayloadChunk", b"second"), ("InvokeComplete", b"{}")])

    def test_an_error_in_the_trailers_is_the_stream_s_end_and_a_buffered_answer(self):
        error = {"errorType": "Function.Own", "errorMessage": "too late"}
        with function() as started:
            with streamed(started, do="stream", parts=["sent"], error=error) as answer:
                first, last = messages(answer)
            self.assertEqual((first, last[0]), (("PayloadChunk", b"sent"), "InvokeComplete"))
            complete = json.loads(last[1])
            self.assertEqual((complete["ErrorCode"], json.loads(complete["ErrorDetails"])), ("Unhandled", error))
            self.assertEqual(started.failure(do="stream", parts=["sent"], error=error), error)
            self.assertEqual(started.invoke(do="stream", parts=['["it ', 'goes on"]']), ["it goes on"])

    def test_a_stream_that_breaks_off_is_an_error(self):
        with function() as started:
            with streamed(started, do="break off") as answer:
                _, (kind, payload) = messages(answer)
            self.assertEqual(json.loads(json.loads(payload)["ErrorDetails"])["errorType"], "Runtime.TruncatedResponse")
            self.assertEqual(started.failure(do="break off")["errorType"], "Runtime.TruncatedResponse")

    def test_a_stream_may_be_larger_than_a_buffered_answer(self):
        with function() as started:
            with streamed(started, do="stream much", megabytes=8) as answer:
                *parts, end = messages(answer)
            self.assertEqual((sum(len(payload) for _, payload in parts), end), (8 << 20, ("InvokeComplete", b"{}")))
            self.assertEqual(
                started.failure(do="stream much", megabytes=8)["errorType"], "Function.ResponseSizeTooLarge"
            )

    def test_an_answer_that_is_too_large_is_refused_to_the_runtime_and_an_error_to_the_caller(self):
        with function() as started:
            self.assertEqual(len(started.invoke(do="large", bytes=6291556)), 6291554)
            self.assertEqual(
                started.failure(do="large", bytes=6291557),
                {
                    "errorType": "Function.ResponseSizeTooLarge",
                    "errorMessage": "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
                },
            )
            started.wait_for_line(
                r'large: 413 {"errorType": "RequestEntityTooLarge", '
                r'"errorMessage": "Exceeded maximum allowed payload size \(6291556 bytes\)."}'
            )

    def test_what_is_out_of_order_is_refused(self):
        runtime, other = "/2018-06-01/runtime/", "invocation/5ab1e/response"
        requests = [
            ("POST", runtime + other, "{}", {}),
            ("GET", runtime + "nothing", None, {}),
            ("GET", runtime + "restore/next", None, {}),
            ("POST", runtime + "init/error", "{}", {}),
            ("POST", "/2020-01-01/extension/register", "{}", {"Lambda_Extension_Name": "late"}),
        ]
        with function() as started:
            self.assertEqual(
                [(status, said["errorType"]) for status, said in started.invoke(do="ask", requests=requests)],
                [
                    (400, "InvalidRequestID"),
                    (404, "NotFound"),
                    (404, "NotFound"),
                    (403, "InvalidStateTransition"),
                    (403, "Extension.RegistrationClosed"),
                ],
            )
            self.assertEqual(
                started.failure(
                    do="ask",
                    requests=[("POST", "OWN/response", "{}", {"Lambda_Runtime_Function_Response_Mode": "dripping"})],
                )["errorType"],
                "Runtime.InvalidResponseModeHeader",
            )

    def test_error_types_are_lambda_s_or_unknown(self):
        with function() as started:
            for given, logged in (
                ("Function.Own", "Function.Own"),
                ("Own", "Function.Unknown"),
                ("Runtime.own", "Runtime.Unknown"),
            ):
                self.assertEqual(started.failure(do="error", type=given), {"errorType": "X", "errorMessage": "by hand"})
                started.wait_for_line(r"REPORT .*\tStatus: error\tError Type: " + logged)


if __name__ == "__main__":
    unittest.main(verbosity=2)
