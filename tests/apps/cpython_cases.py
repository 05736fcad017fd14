# SPDX-License-Identifier: MIT
"""CPython's own tests, case by case: what the programs cpython-* of this directory share."""
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

# As the report has them; a case that is none of these has passed.
OUTCOMES = {"skipped": "skipped", "failure": "failed", "error": "failed"}
HANGS_AFTER = 1200  # seconds; the tests' own runner then says where


def regrtest(module, work, *options):
    """Runs a module's tests; the outcome of each case and what was said."""
    report, said = work / "report.xml", work / "said"
    report.unlink(missing_ok=True)
    environment = dict(os.environ, TMPDIR="/dev/shm", HOME=str(work), PYTHONDONTWRITEBYTECODE="1", LC_ALL="C.UTF-8")
    with open(said, "wb") as log:  # no pipe: whoever is left of the tests would hold it open
        runner = subprocess.Popen(
            [sys.executable, "-m", "test", "--timeout", str(HANGS_AFTER), "--junit-xml", report, *options, module],
            env=environment,
            cwd=work,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        runner.wait()
    try:
        os.killpg(runner.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    text = said.read_text(encoding="utf-8", errors="replace")
    return outcomes(report) if report.exists() else {}, text


def outcomes(report):
    """Each case's outcome; of one with subtests, the worst."""
    worst = {}
    for case in xml.etree.ElementTree.parse(report).iter("testcase"):
        name = re.sub(r"^(__main__|test)\.", "", case.get("name"))
        outcome = next((OUTCOMES[child.tag] for child in case if child.tag in OUTCOMES), "passed")
        worst[name] = max(worst.get(name, ""), outcome, key=["", "passed", "skipped", "failed"].index)
    return worst


def run(*modules):
    """Prints a line for each case. A case that fails counts as what it does by itself: many are a race with a busy machine,
    and lose it now and then, natively as well."""
    with tempfile.TemporaryDirectory(dir="/tmp") as directory:
        work = pathlib.Path(directory)
        for module in sys.argv[1:] or modules:
            cases, said = regrtest(module, work)
            if not cases:
                sys.exit(f"{module}: no case has run\n{said[-3000:]}")
            failed = [name for name, outcome in cases.items() if outcome == "failed"]
            if failed:
                sys.stderr.write(f"{module}: failed, and run again: {' '.join(failed)}\n{said}\n")
                chosen = work / "chosen"
                chosen.write_text("".join(f"*{name.partition(' ')[0]}\n" for name in failed))
                again, said = regrtest(module, work, "-v", "--matchfile", chosen)
                sys.stderr.write(said)
                cases.update({name: again.get(name, "failed") for name in failed})
            for name, outcome in sorted(cases.items()):
                print(f"{name}: {outcome}")
            print(f"{module}: {len(cases)} cases")
            sys.stdout.flush()
