"""A runtime that does with the Runtime API what the event says, byte for byte: {"do": ...}. Run as a command, without another."""
import base64
import http.client
import json
import os
import socket
import sys

HOST, _, PORT = os.environ["AWS_LAMBDA_RUNTIME_API"].partition(":")
RUNTIME = "/2018-06-01/runtime/"
CHUNKED = "Transfer-Encoding: chunked\r\nLambda-Runtime-Function-Response-Mode: %s\r\nTrailer: Lambda-Runtime-Function-Error-Type\r\n\r\n"


def ask(method, path, body=None, **headers):
    connection = http.client.HTTPConnection(HOST, int(PORT))
    connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    return answer.status, dict(answer.headers), answer.read()


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


class Streaming:
    """An answer in chunks, on a bare socket."""

    def __init__(self, own, mode="streaming", kind="text/plain"):
        self.socket = socket.create_connection((HOST, int(PORT)))
        self.socket.sendall(
            ("POST %sresponse HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\n" % (own, kind) + CHUNKED % mode).encode()
        )

    def send(self, data):
        self.socket.sendall(chunk(data))

    def end(self, trailers=""):
        self.socket.sendall(b"0\r\n" + trailers.encode() + b"\r\n")
        return self.socket.recv(65536).split(b"\r\n")[0].decode()


def wait_for(port):
    """Until the caller says that it has what was sent."""
    with socket.create_connection(("127.0.0.1", port)) as caller:
        caller.recv(1)


def work(event, own, headers):
    do = event["do"]
    if do == "stream":
        answer = Streaming(own)
        for number, part in enumerate(event["parts"]):
            answer.send(part.encode())
            if number == 0 and "port" in event:
                wait_for(event["port"])
        error = event.get("error")
        answer.end(
            "Lambda-Runtime-Function-Error-Type: %s\r\nLambda-Runtime-Function-Error-Body: %s\r\n"
            % (error["errorType"], base64.b64encode(json.dumps(error).encode()).decode())
            if error
            else ""
        )
    elif do == "break off":
        answer = Streaming(own)
        answer.send(b"half")
        answer.socket.close()
    elif do == "stream much":
        answer = Streaming(own)
        for _ in range(event["megabytes"]):
            answer.send(b"x" * (1 << 20))
        answer.end()
    elif do == "ask":
        said = [
            ask(method, path.replace("OWN/", own), body, **more)[::2] for method, path, body, more in event["requests"]
        ]
        ask("POST", own + "response", json.dumps([[status, json.loads(text or b"null")] for status, text in said]))
    elif do == "large":
        status, _, text = ask("POST", own + "response", b'"' + b"x" * (event["bytes"] - 2) + b'"')
        print("large:", status, text.decode(), flush=True)
    elif do == "headers":
        ask("POST", own + "response", json.dumps(headers))
    elif do == "error":
        ask(
            "POST",
            own + "error",
            json.dumps({"errorType": "X", "errorMessage": "by hand"}),
            Lambda_Runtime_Function_Error_Type=event["type"],
        )
    elif do == "exit":
        sys.exit(event["status"])


def main():
    while True:
        _, headers, body = ask("GET", RUNTIME + "invocation/next", Connection="close")
        event = json.loads(body)
        work(event, RUNTIME + "invocation/%s/" % headers["Lambda-Runtime-Aws-Request-Id"], headers)


if __name__ == "__main__":
    main()
