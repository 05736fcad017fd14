# SPDX-License-Identifier: MIT
"""Speaks HTTP/1.1 for the interfaces of a function: routes, bodies of known length or in chunks with trailers, JSON."""
import email.parser
import functools
import http.server
import json
import re
import select
import socket
import sys
import threading


class Truncated(Exception):
    """Raised if the peer closed the connection in the middle of a body."""


class TooLarge(Exception):
    """Raised if a body has more bytes than its reader takes."""


class Handler(http.server.BaseHTTPRequestHandler):
    """A subclass lists ROUTES: (method, pattern of the whole path, name of the method that gets the pattern's groups)."""

    protocol_version = "HTTP/1.1"  # connections stay open: runtimes use one for everything
    disable_nagle_algorithm = True
    ROUTES = ()
    trailers = {}

    def log_message(self, *_):
        pass

    @functools.cached_property
    def function(self):
        """The function that this connection belongs to."""
        return self.server.function.for_connection(self.client_address)

    def route(self):
        self.trailers, self.unread = {}, True
        for method, pattern, name in self.ROUTES:
            found = re.fullmatch(pattern, self.path)
            if found and method == self.command:
                try:
                    getattr(self, name)(*found.groups())
                except (Truncated, ConnectionError):
                    self.close_connection = True
                return
        self.refuse(404, "NotFound", self.path)

    do_GET = do_POST = do_PUT = route

    # --- bodies ---

    def parts(self):
        """The body, as it arrives; its trailers are in `trailers` afterwards."""
        self.unread = False
        if "chunked" not in self.headers.get("Transfer-Encoding", "").lower():
            left = int(self.headers.get("Content-Length") or 0)
            while left:
                part = self.rfile.read1(min(left, 1 << 16))
                if not part:
                    raise Truncated
                left -= len(part)
                yield part
            return
        while True:
            try:
                size = int(self.rfile.readline(256).split(b";")[0], 16)
            except ValueError:
                raise Truncated from None
            if size == 0:
                break
            part = self.rfile.read(size)
            if len(part) != size or self.rfile.read(2) != b"\r\n":
                raise Truncated
            yield part
        lines = b""
        while not lines.endswith(b"\r\n\r\n") and lines != b"\r\n":
            line = self.rfile.readline(1 << 22)
            if not line:
                raise Truncated
            lines += line
        self.trailers = email.parser.BytesParser().parsebytes(lines)

    def body(self, largest):
        whole = bytearray()
        for part in self.parts():
            whole += part
            if len(whole) > largest:
                self.close_connection = True  # the rest stays unread
                raise TooLarge
        return bytes(whole)

    # --- answers ---

    def reply(self, status, body, **headers):
        if self.unread and (self.headers.get("Content-Length", "0") != "0" or "Transfer-Encoding" in self.headers):
            self.close_connection = True  # an unread body follows on this connection
        self.send_response(status)
        self.send_header("Content-Type", headers.pop("Content_Type", "application/json"))
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header(
                "Connection", "close"
            )  # else clients use it once more, even those that have asked for this
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def refuse(self, status, kind, text):
        self.reply(status, json.dumps({"errorType": kind, "errorMessage": text}).encode())

    def is_connected(self):
        """Whether the peer still waits for the response."""
        if not select.select([self.connection], [], [], 0)[0]:
            return True
        try:
            return bool(self.connection.recv(1, socket.MSG_PEEK))
        except OSError:
            return False


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 4096  # hundreds of invocations may come at once

    def handle_error(self, request, client_address):
        """Ignores a client that disconnects early: this is not an error."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


def serve(handler, function, address):
    server = Server(address, handler)
    server.function = function
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
