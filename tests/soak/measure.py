# SPDX-License-Identifier: MIT
"""What a process holds, lap by lap, and whether that grows; what lies in the backing directory."""
import os
import pathlib
import re
import struct

# What may come on top between the first laps and the last: allocators keep some. A page for each round would be far more.
KINDS = {"KiB": 1024, "mappings": 12, "descriptors": 0}


def holds(pid):
    """Memory of its own and shared, mappings, descriptors."""
    process = pathlib.Path("/proc/%d" % pid)
    status = (process / "status").read_text(encoding="ascii", errors="replace")
    return {
        "KiB": int(re.search(r"^VmRSS:\s+(\d+)", status, re.M)[1]),
        "mappings": (process / "maps").read_bytes().count(b"\n"),
        "descriptors": len(os.listdir(process / "fd")),
    }


class Series:
    """Of one process. It may be gone, and another be there under its name: then it begins again."""

    def __init__(self):
        self.pid, self.seen = None, []

    def add(self, pid):
        if pid != self.pid:
            self.pid, self.seen = pid, []
        self.seen.append(holds(pid))

    def growth(self):
        """kind -> (at first, at last, by how much more); None before there is enough to tell. The first lap warms up."""
        if len(self.seen) < 6:
            return None
        part = (len(self.seen) - 1) // 3
        early, late = self.seen[1 : 1 + part], self.seen[-part:]
        told = {}
        for kind in KINDS:
            first, last = max(one[kind] for one in early), min(one[kind] for one in late)
            told[kind] = (first, last, last - first)
        return told

    def grown(self):
        return [kind for kind, (_, _, more) in (self.growth() or {}).items() if more > KINDS[kind]]


def descendants(top):
    """pid -> its command, of all below"""
    parents, names = {}, {}
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            name, _, rest = (process / "stat").read_text(errors="replace").rpartition(")")
            parents[int(process.name)] = int(rest.split()[1])
            names[int(process.name)] = name.partition("(")[2]
        except (FileNotFoundError, ProcessLookupError):
            continue
    found = {top}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return {pid: names[pid] for pid in found - {top}}


def mapped(pid):
    """Paths of all files that it has mapped."""
    lines = pathlib.Path("/proc/%d/maps" % pid).read_text(encoding="utf-8", errors="replace").splitlines()
    return {line.split(maxsplit=5)[5] for line in lines if "/" in line}


# The segment in which a PostgreSQL server notes down all others, as version 15 lays it out (its dsm.c): a magic number, how
# many items there are, and there may be; an item begins with the segment's handle, which is its name, and its references.
CONTROL, MAGIC = struct.Struct("@IIIxxxx"), 0x9A503D32
ITEM = struct.Struct("@IIQQP?7x")


def noted(postmaster, directory):
    """Names of the segments that this server knows in the directory, the one it begins with among them."""
    names = set()
    for path in mapped(postmaster):  # of all segments it maps that one alone
        if os.path.dirname(path) == directory and os.path.basename(path).startswith("PostgreSQL."):
            content = pathlib.Path(path).read_bytes()
            magic, count, _ = CONTROL.unpack_from(content)
            if magic != MAGIC:
                raise ValueError("%s is not what PostgreSQL 15 begins with" % path)
            items = [ITEM.unpack_from(content, CONTROL.size + number * ITEM.size) for number in range(count)]
            names |= {
                os.path.basename(path),
                *("PostgreSQL.%d" % handle for handle, references, *_ in items if references),
            }
    return names
