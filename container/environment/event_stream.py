# SPDX-License-Identifier: MIT
"""The format in which Lambda streams a response to its SDKs, application/vnd.amazon.eventstream.

A message is its length, the length of its headers, a checksum of both, the headers, the payload, a checksum of all.
https://docs.aws.amazon.com/lambda/latest/api/API_InvokeWithResponseStream.html names the events.
"""
import json
import struct
import zlib

CONTENT_TYPE = "application/vnd.amazon.eventstream"
STRING = 7


def message(headers, payload):
    packed = b"".join(
        struct.pack(
            ">B%dsBH%ds" % (len(name), len(value)), len(name), name.encode(), STRING, len(value), value.encode()
        )
        for name, value in headers.items()
    )
    prelude = struct.pack(">II", 16 + len(packed) + len(payload), len(packed))
    prelude += struct.pack(">I", zlib.crc32(prelude))
    data = prelude + packed + payload
    return data + struct.pack(">I", zlib.crc32(data))


def event(kind, content_type, payload):
    return message({":message-type": "event", ":event-type": kind, ":content-type": content_type}, payload)


def chunk(part):
    return event("PayloadChunk", "application/octet-stream", part)


def complete(error_code=None, details=None):
    fields = {"ErrorCode": error_code, "ErrorDetails": details} if error_code else {}
    return event("InvokeComplete", "application/json", json.dumps(fields).encode())
