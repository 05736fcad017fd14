# SPDX-License-Identifier: MIT
"""Packages of npm; those that tests run functions with are installed once and kept in the user's cache directory."""
import pathlib
import shutil
import sys

import sandboxed
from calls import call

sys.dont_write_bytecode = True
from environment import roots  # noqa: E402  pylint: disable=wrong-import-position

PACKAGES = (
    "aws-lambda-ric@3",  # the last major that Debian's Node runs; its native part takes minutes to build
    "@aws-sdk/client-lambda@3",
    "@aws-lambda-powertools/logger@2",
    "@aws-lambda-powertools/metrics@2",
    "@serverless/aws-lambda-otel-extension-dist@0.1.11",
)


def install(directory, *packages):
    # `npm init` would take the directory's name, which is none for a package.
    (directory / "package.json").write_text('{"private": true}\n')
    call("npm", "install", "--no-audit", "--no-fund", *packages, cwd=directory)


def installed():
    """The directory with node_modules in it."""
    directory = roots.cache_directory() / ("npm-node-%s" % call("node", "--version").strip())
    stamp = directory / "installed"
    with roots.locked(directory):  # two tests may be the first
        if not stamp.exists() or stamp.read_text() != " ".join(PACKAGES):
            shutil.rmtree(directory, ignore_errors=True)
            directory.mkdir(parents=True)
            headers = ["--nodedir=/usr"] if pathlib.Path("/usr/include/node").is_dir() else []
            install(directory, *headers, *PACKAGES)
            stamp.write_text(" ".join(PACKAGES))
    return directory


def task(directory, *handlers):
    """A function's code: the packages, and these handlers of the tests'."""
    for handler in handlers:
        shutil.copy(sandboxed.HERE / "handlers" / handler, directory)
    return directory
