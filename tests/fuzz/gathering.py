# SPDX-License-Identifier: MIT
"""Makes a corpus anew: what reaches most with the fewest files."""
import hashlib
import os
import pathlib
import re
import shutil
import subprocess

from building import Failed, build
from running import ENVIRONMENT, Run

MOST_FILES = 24


def reached_by(program, inputs, scratch):
    """{name of an input: the edges that it reaches}."""
    control, merged = scratch / "control", scratch / "merged"
    merged.mkdir()
    subprocess.run(
        [str(program), "-merge=1", f"-merge_control_file={control}", str(merged), str(inputs)],
        check=True,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **ENVIRONMENT, "TMPDIR": str(scratch)},
    )
    # In it: the files in order, then for each of them the edges.
    lines = control.read_text(encoding="utf-8", errors="replace").splitlines()
    files = [pathlib.Path(line).name for line in lines if str(inputs) in line]
    return {files[int(words[1])]: set(words[2:]) for words in map(str.split, lines) if words and words[0] == "COV"}


def gather(target, seconds, out, scratch):
    """Fuzzes, then keeps of the findings the fewest that reach all edges, beside the files that have a name."""
    scratch = scratch / target.name
    scratch.mkdir()
    program = build(target, out)
    found = out / "found"
    found.mkdir(exist_ok=True)
    run = Run(target, program, seconds, found, scratch)
    run.process.wait()
    if run.findings():
        raise Failed(f"{target.name} has findings first: {run.findings()}")
    files = sorted(target.corpus.iterdir())
    named = [path for path in files if not re.fullmatch(r"[0-9a-f]{8}", path.name)]
    others = [path for path in files if path not in named]
    inputs = scratch / "inputs"
    inputs.mkdir()
    copies = {"named": [], "others": []}
    new = sorted((run.work / "new").iterdir(), key=lambda path: path.stat().st_size)
    for kind, paths in (("named", named), ("others", others + new)):
        for path in paths:
            copies[kind].append(inputs / f"{len(copies['named']) + len(copies['others']):06}")
            shutil.copy(path, copies[kind][-1])
    reached = reached_by(program, inputs, scratch)
    covered = set().union(*(reached.get(path.name, set()) for path in copies["named"]))
    rest = {path: reached[path.name] for path in copies["others"] if path.name in reached}
    for path in others:
        path.unlink()
    kept = 0
    while rest and kept < MOST_FILES:
        path = max(rest, key=lambda path: (len(rest[path] - covered), -path.stat().st_size))
        if not rest[path] - covered:
            break
        covered |= rest.pop(path)
        data = path.read_bytes()
        (target.corpus / hashlib.sha256(data).hexdigest()[:8]).write_bytes(data)
        kept += 1
    print(f"{target.name}: {len(named)} files with names, {kept} others, {len(covered)} edges", flush=True)
