#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""sanitized_test.py asan|tsan: the daemon's tests against a daemon built with AddressSanitizer, LeakSanitizer and UBSan, or with
ThreadSanitizer; and its unit tests. Whatever a sanitizer has to say is a failure, also where the test itself passes.

SANITIZED_DAEMON and SANITIZED_UNITS are the programs; RANDOM_PROGRAM as in random_test.py.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
DAEMON, UNITS = os.environ["SANITIZED_DAEMON"], os.environ["SANITIZED_UNITS"]

# Sanitizers see the calls of the libraries too. What one of them does wrong by itself goes here, with its reason: a pattern
# that names the library.
SUPPRESSED = {"asan": [], "tsan": []}

# The test files. Fewer rounds, and of parity what does not wait: what counts here is that each operation is made, by
# several threads.
FILES = [
    ("modes_test.py", {}),
    ("attributes_test.py", {}),
    ("attributes_test.py", {"DEVSHMD_MORE": "--no-passthrough"}),
    ("life_test.py", {"DEVSHMD_MORE": "--no-passthrough"}),
    ("mappings_test.py", {}),
    ("mappings_test.py", {"DEVSHMD_MORE": "--no-passthrough"}),
    ("names_test.py", {}),
    ("names_test.py", {"DEVSHMD_MORE": "--no-passthrough"}),
    ("namespaces_test.py", {"DEVSHMD_MORE": "--no-passthrough"}),
    ("limits_test.py", {}),
    ("limits_test.py", {"DEVSHMD_MORE": "--no-passthrough"}),
    # Recorded, so that the recorder takes part; nothing is answered from what the kernel remembers then.
    ("random_test.py", {"RANDOM_ROUNDS": "60", "DEVSHMD_MORE": "--no-passthrough --record /dev/null"}),
    ("random_test.py", {"RANDOM_ROUNDS": "60", "DEVSHMD_MORE": "--no-passthrough"}),
    (
        "parity_test.py",
        {
            "DEVSHMD_MORE": "--no-passthrough",
            "PARITY_FAMILIES": "links contents mappings attributes users times directories special semaphores limits",
        },
    ),
]

# Tests that can't be made with a sanitizer, as Class.test, with the reason.
LEFT_OUT = {
    "asan": {
        "OwnMount.test_the_daemon_never_looks_there": "it traces the daemon to its end, and LeakSanitizer, which looks"
        " then, is a tracer itself: a process can have one"
    },
    "tsan": {},
}


def settings(way, logs):
    """The variables that make a finding end the program, with a file in `logs` about it."""
    suppressions = logs / "suppressions"
    suppressions.write_text("".join(line + "\n" for line in SUPPRESSED[way]))
    common = "log_path=%s/found:exitcode=97:halt_on_error=1" % logs
    if way == "tsan":
        return {"TSAN_OPTIONS": common + ":second_deadlock_stack=1:suppressions=%s" % suppressions}
    return {
        "ASAN_OPTIONS": common + ":detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1",
        "LSAN_OPTIONS": "suppressions=%s" % suppressions,
        "UBSAN_OPTIONS": "print_stacktrace=1:" + common,
    }


def findings(logs):
    """What was found since the last call. The files are gone afterwards."""
    texts = []
    for file in sorted(logs.glob("found*")):
        texts.append(file.read_text(errors="replace"))
        file.unlink()
    return texts


def run(name, command, environment, logs):
    """True if it passed and no sanitizer had anything to say."""
    done = subprocess.run(
        command,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    found = findings(logs)
    print("%s: %s" % (name, "passed" if done.returncode == 0 and not found else "FAILED"), flush=True)
    if done.returncode != 0:
        print("\n".join(done.stdout.splitlines()[-80:]))
    for text in found:
        print("found in %s:\n%s" % (name, text[:8000]))
    return done.returncode == 0 and not found


def main(way):
    with tempfile.TemporaryDirectory(prefix="devshmd-sanitized.") as directory:
        logs = pathlib.Path(directory)
        os.chmod(logs, 0o1777)  # daemons of ordinary users have something to say, too
        environment = settings(way, logs)
        # The shadow memory wants its addresses free; with the kernel's widest randomization they sometimes are not.
        fixed = ["setarch", "--addr-no-randomize"]
        # A copy that every user may run: a checkout can lie in somebody's home directory.
        copy = shutil.copy(DAEMON, logs / "devshmd-itself")
        daemon = logs / "devshmd"
        daemon.write_text('#!/bin/sh\nexec %s %s "$@"\n' % (" ".join(fixed), copy))
        daemon.chmod(0o755)
        environment["DEVSHMD"] = str(daemon)
        environment["DEVSHMD_LEFT_OUT"] = " ".join(LEFT_OUT[way])
        for test, reason in LEFT_OUT[way].items():
            print("left out: %s: %s" % (test, reason))
        passed = [run("unit tests", [*fixed, UNITS, "--gtest_brief=1"], environment, logs)]
        for file, more in FILES:
            passed.append(run(file, [sys.executable, "-B", str(HERE / file)], {**environment, **more}, logs))
    return 0 if all(passed) else 1


if __name__ == "__main__":
    if sys.argv[1:] not in (["asan"], ["tsan"]):
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
