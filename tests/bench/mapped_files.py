# SPDX-License-Identifier: MIT
"""The sections that measure mapped files without devshm: what a file on disk costs where a tmpfs would have memory."""
import os
import pathlib
import re
import statistics

from figures import figure
from variants import Variant


def file_system(bench):
    """mapped memory as it grows: the file behind it on disk, with room or pages made before, and a memfd, all natively"""
    sizes = (1, 64, 1024, 4096) if bench.fixed_rounds != 3 else (1, 64)
    backings = ("memfd", "file", "file+fallocate", "file+populate")
    ground = Variant("disk")
    figures = []
    for size in sizes:
        took = {backing: {} for backing in backings}
        for number in range(bench.rounds(5)):
            for i in range(len(backings)):
                backing = backings[(i + number) % len(backings)]
                said = bench.run(ground, [bench.programs / "file_system", backing, bench.scratch / "files", size])
                for what, speed in re.findall(r"(\S+) (\d+)", said):
                    took[backing].setdefault(what, []).append(size / float(speed) * 1e9)
        for what in took["memfd"]:
            for backing in backings[1:]:
                figures.append(
                    figure(
                        "file system",
                        "%s of %d MiB" % (what, size),
                        backing,
                        "memfd",
                        took[backing][what],
                        took["memfd"][what],
                    )
                )
    opens = [
        float(bench.run(ground, [bench.programs / "file_system", "keeper", bench.scratch / "files", 2000]).split()[1])
        for _ in range(bench.rounds(5))
    ]
    same = bench.google(
        "names", [ground], bench.rounds(5), "--benchmark_min_time=0.02", "--benchmark_filter=^shm_open among names/1$"
    )[ground.name]["shm_open among names/1"]
    figures.append(figure("file system", "opening a name", "a keeper's memfd", "a file", opens, same))
    return figures


def dirty_limit(bench):
    """how the cliff moves: mapped memory while a half and three quarters of the memory are taken, so that less of it may be dirty"""
    sizes = (1024, 3072) if bench.fixed_rounds != 3 else (64,)
    program, ground, figures = bench.programs / "file_system", Variant("disk"), []
    meminfo = pathlib.Path("/proc/meminfo").read_text()
    available = int(re.search(r"MemAvailable: +(\d+) kB", meminfo)[1]) >> 10
    page = os.sysconf("SC_PAGE_SIZE")
    free = None
    for share, words in ((0, "memory free"), (0.5, "half of it taken"), (0.75, "three quarters taken")):
        fitting = [size for size in sizes if size < 0.8 * available * (1 - share)]
        # One command for all: taking the memory takes longer than what is measured.
        lines = [
            "%s %s %s %d" % (program, backing, bench.scratch / "files", size)
            for number in range(bench.rounds(3))
            for size in fitting
            for backing in (("memfd", "file"), ("file", "memfd"))[number % 2]
        ]
        script = "\n".join("echo %s; %s; grep nr_dirty_threshold /proc/vmstat" % (line, line) for line in lines)
        said = bench.run(ground, [program, "taker", "-", max(1, int(available * share)), "sh", "-ec", script])
        took, limits = {}, []
        for line in said.splitlines():
            if line.startswith(str(program)):
                backing, size = line.split()[1], int(line.split()[3])
            elif line.startswith("nr_dirty_threshold"):
                limits.append(int(line.split()[1]) * page >> 20)
            else:
                for what, speed in re.findall(r"(\S+) (\d+)", line):
                    took.setdefault((what, size), {}).setdefault(backing, []).append(size / float(speed) * 1e9)
        for (what, size), of in sorted(took.items(), key=lambda item: item[0][1]):
            figures.append(
                figure(
                    "dirty limit", "%s of %d MiB, %s" % (what, size, words), "file", "memfd", of["file"], of["memfd"]
                )
            )
        free = free or statistics.median(limits)
        figures.append(
            figure(
                "dirty limit",
                "what may be dirty, %s" % words,
                "now",
                "memory free",
                limits,
                [free] * len(limits),
                unit="MiB",
            )
        )
    return figures
