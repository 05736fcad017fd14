# SPDX-License-Identifier: MIT
"""Formats for the logging module, as in Lambda's Python runtime: text or JSON."""
import json
import logging
import os
import sys
import time
import traceback

AS_JSON = os.environ.get("AWS_LAMBDA_LOG_FORMAT") == "JSON"
LEVELS = {
    "TRACE": logging.NOTSET,
    "DEBUG": logging.DEBUG,
    "INFO": logging.INFO,
    "WARN": logging.WARNING,
    "ERROR": logging.ERROR,
    "FATAL": logging.CRITICAL,
}
request = None  # the invocation's id


class Formatter(logging.Formatter):
    def format(self, record):
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + (
            "Z" if AS_JSON else ".%03dZ" % record.msecs
        )
        if not AS_JSON:
            return "[%s]\t%s\t%s\t%s" % (record.levelname, moment, request or "", super().format(record))
        fields = {"timestamp": moment, "level": record.levelname, "message": record.getMessage(), "logger": record.name}
        if request:
            fields["requestId"] = request
        if record.exc_info:
            fields.update(
                errorType=record.exc_info[0].__name__,
                errorMessage=str(record.exc_info[1]),
                stackTrace=traceback.format_tb(record.exc_info[2]),
            )
        return json.dumps(fields)


def set_up():
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(Formatter())
    logging.getLogger().addHandler(handler)
    if AS_JSON:
        logging.getLogger().setLevel(LEVELS.get(os.environ.get("AWS_LAMBDA_LOG_LEVEL"), logging.INFO))


def exception(error):
    if AS_JSON:
        logging.getLogger().error("%s", error, exc_info=(type(error), error, error.__traceback__))
    else:
        traceback.print_exception(type(error), error, error.__traceback__)
