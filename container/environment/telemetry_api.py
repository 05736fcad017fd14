# SPDX-License-Identifier: MIT
"""The requests with which extensions subscribe: the Telemetry API and the Logs API."""
import json

from . import http_server, telemetry

TELEMETRY_VERSIONS = ("2022-07-01", "2022-12-13", "2025-01-29")
LOGS_VERSIONS = ("2020-08-15", "2021-03-18")


class TelemetryApi(http_server.Handler):
    ROUTES = (
        ("PUT", "/2022-07-01/telemetry/?", "subscribe_telemetry"),
        ("PUT", "/2020-08-15/logs/?", "subscribe_logs"),
    )

    def subscribe_telemetry(self):
        self.subscribe("Telemetry", TELEMETRY_VERSIONS, False)

    def subscribe_logs(self):
        self.subscribe("Logs", LOGS_VERSIONS, True)

    def subscribe(self, word, versions, old):
        try:
            request = json.loads(self.body(1 << 20))
            assert isinstance(request, dict)
        except (ValueError, AssertionError, http_server.TooLarge):
            self.refuse(400, word + ".ValidationError", "the request is not a JSON object")
            return
        function = self.function
        with function.changed:
            extension = function.boot and function.boot.extensions.by_id(
                self.headers.get("Lambda-Extension-Identifier")
            )
            if not extension:
                self.refuse(403, "Extension.UnknownExtensionIdentifier", "Unknown extension identifier")
                return
            if not function.telemetry.open:
                self.refuse(403, word + ".SubscriptionClosed", "%s API subscription is closed already" % word)
                return
            if not old and "schemaVersion" not in request:
                request["schemaVersion"] = None
            found = telemetry.problems(request, versions)
            if found:
                self.refuse(400, "ValidationError" if not old else "Logs.ValidationError", "; ".join(found))
                return
            fresh = function.telemetry.subscribe(extension.name, request, old)
            if fresh is None:
                self.refuse(400, word + ".ValidationError", "the extension is subscribed by the other API")
                return
            function.log.event(
                "platform.logsSubscription" if old else "platform.telemetrySubscription",
                {
                    "name": extension.name,
                    "state": "Subscribed" if fresh else "Already subscribed",
                    "types": request["types"],
                },
            )
        self.reply(200, b'"OK"')
