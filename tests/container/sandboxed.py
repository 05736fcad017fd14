# SPDX-License-Identifier: MIT
"""For the tests of container/lambda: commands and functions run in it, and the layers that it takes."""
import contextlib
import fcntl
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import threading
import urllib.request

from calls import call, ended
from ground.waiting import wait_for

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
HERE = TOP / "tests/container"
LAMBDA = TOP / "container/lambda"
LAYERS = pathlib.Path(os.environ.get("LAYERS", TOP / "build/layers"))
NATIVE = {"x86_64": "x86_64", "aarch64": "arm64"}[os.uname().machine]
EXEC_WRAPPER = ("--env", "AWS_LAMBDA_EXEC_WRAPPER=/opt/devshm-wrapper")
PRELOAD = ("--env", "LD_PRELOAD=/opt/lib/libdevshm.so")
# For what may make a Debian first, or wait for another test that does.
SECONDS = 1200


def run(*arguments, check=True, **options):
    """The finished process; a failure shows what it said."""
    done = ended(LAMBDA, *arguments, timeout=SECONDS, **options)
    if check and done.returncode != 0:
        raise AssertionError("status %d\n%s\n%s" % (done.returncode, done.stdout, done.stderr))
    return done


def python(script, *options):
    """What a Python script says inside, as JSON on its last line."""
    return json.loads(run(*options, "python3", "-c", script).stdout.splitlines()[-1])


def newest_source():
    files = [
        path
        for part in ("preload", "daemon", "container/delivery")
        for path in (TOP / part).rglob("*")
        if path.is_file()
    ]
    return max(path.stat().st_mtime for path in files + [TOP / "meson.build"])


def layer(architecture=NATIVE):
    """The layer of the sources as they are; built if need be, by one test for all."""
    LAYERS.mkdir(parents=True, exist_ok=True)
    with open(LAYERS / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = list(LAYERS.glob("*-layer-%s.zip" % architecture))
        if not found or found[0].stat().st_mtime < newest_source():
            for old in found:
                old.unlink()
            call(
                TOP / "container/layer",
                *("--only", "library", "--no-install", "--output", LAYERS, "--arch", architecture),
                stderr=subprocess.STDOUT
            )
            found = list(LAYERS.glob("*-layer-%s.zip" % architecture))
    return found[0]


def release():
    """The directory with all that container/release makes of the sources as they are; built if need be, by one test for all."""
    place = LAYERS.parent / "release"
    place.mkdir(parents=True, exist_ok=True)
    with open(place.with_name("release.lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        sums = place / "SHA256SUMS"
        if not sums.exists() or sums.stat().st_mtime < newest_source():
            shutil.rmtree(place)
            call(TOP / "container/release", "--no-install", "--output", place, stderr=subprocess.STDOUT)
    return place


class Function:
    """A function in its environment, invoked over HTTP. `limits`: see patient_lambda.py."""

    def __init__(self, *arguments, **limits):
        self.process = subprocess.Popen(
            [HERE / "patient_lambda.py", "--runtime-api", "--listen", "0", "--timeout", "300", *map(str, arguments)],
            env={**os.environ, **{name.upper(): str(seconds) for name, seconds in limits.items()}},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        self.lines, self.address = [], None
        self.announced = threading.Event()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        if not self.announced.wait(SECONDS) or not self.address:
            self.stop()
            raise AssertionError("not started: " + "".join(self.lines))

    def read(self):
        for line in self.process.stdout:
            self.lines.append(line)
            found = re.match(r"lambda: takes invocations at (\S+)", line)
            if found:
                self.address = found[1]
                self.announced.set()
        self.announced.set()

    def wait_for_line(self, pattern):
        """The match of the first line like that which the run has written, or will."""
        return wait_for(
            lambda: next(filter(None, (re.search(pattern, line) for line in list(self.lines))), None),
            lambda: "no line like %s in:\n%s" % (pattern, "".join(self.lines[-40:])),
        )

    def post(self, event, **headers):
        request = urllib.request.Request(self.address, json.dumps(event).encode(), headers)
        with urllib.request.urlopen(request, timeout=1000) as answer:
            return answer.headers, json.loads(answer.read())

    def invoke(self, **event):
        """Its answer; an error of the function's is one of the test's."""
        headers, answer = self.post(event)
        if headers.get("X-Amz-Function-Error"):
            raise AssertionError("%s\n%s" % (answer, "".join(self.lines[-40:])))
        return answer

    def failure(self, **event):
        headers, answer = self.post(event)
        assert headers.get("X-Amz-Function-Error") == "Unhandled", (answer, headers)
        return answer

    def stop(self):
        """Ends it as a user does, and gives its exit status."""
        self.process.terminate()
        status = self.process.wait(SECONDS)
        self.reader.join(SECONDS)
        self.process.stdout.close()
        return status


@contextlib.contextmanager
def function(*arguments, **limits):
    started = Function(*arguments, **limits)
    try:
        yield started
    except BaseException:
        sys.stderr.write("".join(started.lines[-60:]))
        raise
    finally:
        started.stop()
