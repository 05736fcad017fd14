# SPDX-License-Identifier: MIT
"""Implements container/lambda --runtime-api: a function that takes invocations until a signal arrives."""
import signal
import sys

from . import Failed, concurrency, copies, function, http_server, invoke_api, namespaces


def serve(box, options, command, variables):
    # The port is opened last, so that a client that connects finds everything in place.
    kind = concurrency.ConcurrentFunction if options.concurrency else function.Function
    served = (copies.Copies if options.snapstart else kind)(box, options, command, variables)
    host, _, port = options.listen.rpartition(":")
    try:
        outside = http_server.serve(invoke_api.InvokeApi, served, (host or "127.0.0.1", int(port)))
    except (OSError, ValueError) as failure:
        raise Failed("--listen %s: %s" % (options.listen, failure)) from None
    print(
        "lambda: takes invocations at http://%s:%d/2015-03-31/functions/%s/invocations"
        % (host or "127.0.0.1", outside.server_port, options.name),
        file=sys.stderr,
        flush=True,
    )
    # The signals are blocked in all threads, so this one can wait for them.
    signal.sigwait(namespaces.FORWARDED)
    outside.server_close()
    served.close()
    return 0
