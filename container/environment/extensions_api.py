# SPDX-License-Identifier: MIT
"""The requests of extensions: register, the next event, and errors that end them."""
import json
import uuid

from . import extensions, http_server, variables

VERSION = "/2020-01-01/extension/"


class ExtensionsApi(http_server.Handler):
    ROUTES = (
        ("POST", VERSION + "register", "register"),
        ("GET", VERSION + "event/next", "next_event"),
        ("POST", VERSION + "(init|exit)/error", "extension_error"),
    )

    def register(self):
        function = self.function
        try:
            request = json.loads(self.body(1 << 20) or b"{}")
            events = request.get("events") or []
            with function.changed:
                if not function.boot:
                    raise extensions.Refused(
                        403, "Extension.RegistrationClosed", "Extension registration closed already"
                    )
                extension = function.boot.extensions.register(self.headers.get("Lambda-Extension-Name"), events)
                function.changed.notify_all()
        except (ValueError, AttributeError, TypeError, http_server.TooLarge) as problem:
            self.refuse(403, "InvalidRequestFormat", str(problem))
            return
        except extensions.Refused as refused:
            self.refuse(*refused.args)
            return
        answer = {
            "functionName": function.options.name,
            "functionVersion": "$LATEST",
            "handler": function.variables.get("_HANDLER", ""),
        }
        if "accountId" in self.headers.get("Lambda-Extension-Accept-Feature", ""):
            answer["accountId"] = variables.ACCOUNT
        self.reply(200, json.dumps(answer).encode(), Lambda_Extension_Identifier=extension.id)

    def known(self, function):
        identifier = self.headers.get("Lambda-Extension-Identifier")
        if not identifier:
            self.refuse(403, "Extension.MissingExtensionIdentifier", "Missing Lambda-Extension-Identifier header")
            return None
        try:
            uuid.UUID(identifier)
        except ValueError:
            self.refuse(403, "Extension.InvalidExtensionIdentifier", "Invalid Lambda-Extension-Identifier")
            return None
        extension = function.boot and function.boot.extensions.by_id(identifier)
        if not extension:
            self.refuse(403, "Extension.UnknownExtensionIdentifier", "Unknown Lambda-Extension-Identifier")
        return extension

    def next_event(self):
        function = self.function
        with function.changed:
            boot = function.boot
            extension = self.known(function)
            if not extension:
                return
            if extension.state.endswith("Error"):
                self.refuse(
                    403, "Extension.InvalidExtensionState", "State transition from %s to Ready failed" % extension.state
                )
                return
            if not extension.queue:
                extension.waiting, extension.state = True, "Ready"
                function.changed.notify_all()
                function.changed.wait_for(lambda: extension.queue or function.boot is not boot or boot.gone)
            if not extension.queue or not self.is_connected():
                self.close_connection = True
                return
            event = extension.queue.popleft()
        self.reply(
            200,
            json.dumps(event).encode(),
            Lambda_Extension_Identifier=extension.id,
            Lambda_Extension_Event_Identifier=str(uuid.uuid4()),
        )

    def extension_error(self, when):
        function = self.function
        body = self.body(1 << 20)
        with function.changed:
            extension = self.known(function)
            if not extension:
                return
            kind = self.headers.get("Lambda-Extension-Function-Error-Type")
            if not kind:
                self.refuse(400, "Extension.MissingHeader", "Lambda-Extension-Function-Error-Type not found")
                return
            extension.state, extension.error_type = when.capitalize() + "Error", kind
            function.boot.fail(
                "Extension.%sError" % when.capitalize(), "extension %s: %s" % (extension.name, kind), body
            )
        self.reply(202, b'{"status":"OK"}', Lambda_Extension_Identifier=extension.id)
