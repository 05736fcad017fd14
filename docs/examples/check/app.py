"""A handler that reports whether /dev/shm works in this function, and if not, why: what `devshm check --json` says."""
import json
import subprocess
import sys


def handler(event, context):
    done = subprocess.run(
        ["/opt/bin/devshm", "check", "--json", sys.executable],
        stdout=subprocess.PIPE,
        universal_newlines=True,
        check=False,
    )
    report = json.loads(done.stdout)
    # "works", or "works without": see devshm --help for the others.
    return {"works": done.returncode in (0, 4), **report}
