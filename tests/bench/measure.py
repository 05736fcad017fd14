# SPDX-License-Identifier: MIT
"""The sections that measure devshm. A section returns figures."""
import re
import subprocess
import sys

from figures import figure
from mapped_files import dirty_limit, file_system
from variants import Variant


def start(bench):
    """starting programs: no preload, an empty library, devshm, fakechroot, proot"""
    figures = []
    variants = [bench.none, bench.empty, bench.devshm, *bench.others]
    programs = [
        ("/bin/true", ["/bin/true"], 400, 1.03),
        ("bash -c :", ["bash", "-c", ":"], 200, 0),
        ("python3 -c pass", ["/usr/bin/python3", "-c", "pass"], 60, 0),
        ("200 libraries", [bench.programs / "many_libraries"], 60, 0),
    ]
    for name, command, usual, budget in programs:
        words = ["%s=%s" % (v.name, "@" + " ".join(v.words) if v.words else v.preload) for v in variants]
        said = bench.run(Variant("launch"), [bench.programs / "launch", bench.rounds(usual), *words, "--", *command])
        rounds = [[tuple(map(int, cell.split(":"))) for cell in line.split()] for line in said.splitlines()]
        for i, variant in enumerate(variants):
            if variant is bench.empty:
                continue
            own = budget if variant is bench.devshm else 0
            figures.append(
                figure(
                    "start",
                    name,
                    variant.name,
                    bench.empty.name,
                    [r[i][0] for r in rounds],
                    [r[1][0] for r in rounds],
                    budget=own,
                )
            )
            if variant is bench.devshm:
                figures.append(
                    figure(
                        "start",
                        name + ", page faults",
                        variant.name,
                        bench.empty.name,
                        [r[i][1] for r in rounds],
                        [r[1][1] for r in rounds],
                        unit="faults",
                    )
                )
    return figures


def calls(bench):
    """one call on an ordinary path, and on one below /dev/shm against the rewritten path"""
    rounds = bench.rounds(15)
    backing = Variant("rewritten path", variables={"BENCH_SHM": "/tmp/shm"})
    variants = [bench.none, backing, bench.devshm, *bench.others]
    times = bench.google("calls", variants, rounds, "--benchmark_min_time=0.02")
    figures = []
    for name in times[bench.none.name]:
        reference = backing if "/shm/" in name else bench.none
        for variant in [bench.devshm, *bench.others]:
            budget = (
                {"budget": 1.01, "slack": 5}
                if variant is bench.devshm and re.match("open|stat/", name) and "/shm/" not in name
                else {}
            )
            figures.append(
                figure(
                    "calls",
                    name,
                    variant.name,
                    reference.name,
                    times[variant.name][name],
                    times[reference.name][name],
                    **budget,
                )
            )
    return figures


def names(bench):
    """semaphores and shared memory by name: against libc's own on the same file system, and on a tmpfs"""
    same = Variant("the same file system")
    tmpfs = Variant("tmpfs", ground="tmpfs")
    budgets = {
        "sem_open+close+unlink": 1.02,
        "shm_open+map+unlink": 1.02,
        "sem_wait+post": 1.0,
        "mutex in shared memory": 1.0,
        "rewriting/1048576": 1.0,
        "reading/1048576": 1.0,
    }
    times = bench.google("names", [same, bench.devshm, tmpfs], bench.rounds(11), "--benchmark_min_time=0.02")
    figures = []
    for name in times["devshm"]:
        figures.append(
            figure(
                "names",
                name,
                "devshm",
                same.name,
                times["devshm"][name],
                times[same.name][name],
                budget=budgets.get(name, 0),
            )
        )
        figures.append(figure("names", name, "devshm", tmpfs.name, times["devshm"][name], times[tmpfs.name][name]))
    return figures


def first_use(bench):
    """the first name in a process: the constant and the directory, in microseconds above libc's own"""
    same = Variant("the same file system")
    took = {same.name: [], "devshm": []}
    for _, variant in bench.turns([same, bench.devshm], bench.rounds(60)):
        took[variant.name].append(int(bench.run(variant, [bench.programs / "first_use"]).split()[0]))
    extra = [max(1, a - b) for a, b in zip(took["devshm"], took[same.name])]
    return [
        figure("first use", "shm_open, the first in its process", "devshm", same.name, took["devshm"], took[same.name]),
        figure("first use", "what devshm adds to it", "devshm", "300 µs", extra, [300_000] * len(extra), budget=1.0),
    ]


def instructions(bench):
    """instructions in user space for a call on an ordinary path, as valgrind counts them"""
    paths = {"8": "/usr/bin", "40": "/usr/share/common-licenses".ljust(40, "/"), "200": "/usr/bin".ljust(200, "/")}
    figures = []
    for call in ("open", "stat", "access", "statfs"):
        for length, path in paths.items():
            counted = {}
            for variant in [bench.none, bench.devshm, *(v for v in bench.others if v.preload)]:
                totals = []
                for count in ("1000", "2000"):
                    said = bench.run(
                        variant,
                        [
                            "valgrind",
                            "--tool=callgrind",
                            "--callgrind-out-file=/dev/null",
                            bench.programs / "instructions",
                            call,
                            path,
                            count,
                        ],
                    )
                    totals.append(int(re.search(r"I +refs: +([\d,]+)", said).group(1).replace(",", "")))
                counted[variant.name] = (totals[1] - totals[0]) / 1000
            for name, number in counted.items():
                if name != bench.none.name:
                    figures.append(
                        figure(
                            "instructions",
                            "%s/%s" % (call, length),
                            name,
                            bench.none.name,
                            [number],
                            [counted[bench.none.name]],
                            unit="instructions",
                        )
                    )
    return figures


def python(bench):
    """Python: a Pool of 4, a Queue's throughput, SharedMemory of 1 GiB: tmpfs natively, devshm on disk"""
    tmpfs = Variant("tmpfs", ground="tmpfs")
    took = {"tmpfs": {}, "devshm": {}}
    for _, variant in bench.turns([tmpfs, bench.devshm], bench.rounds(7)):
        said = bench.run(variant, ["/usr/bin/python3", bench.programs / "python_jobs.py"])
        for line in said.splitlines():
            name, _, seconds = line.rpartition(" ")
            took[variant.name].setdefault(name, []).append(float(seconds) * 1e9)
    return [
        figure("python", name, "devshm", "tmpfs", took["devshm"][name], took["tmpfs"][name]) for name in took["devshm"]
    ]


def memory_store(bench, **variables):
    return Variant("memory store", bench.library, variables={"DEVSHM_STORE": "memory", **variables})


def end_keepers(bench):
    """Without the lock file keepers end, and what they have can be removed."""
    for file in bench.scratch.glob("tmp/.*.memory.*/lock"):
        file.unlink()


def memory(bench):
    """DEVSHM_STORE=memory against a tmpfs and against files on disk: memory as it grows, names, and the first object"""
    tmpfs, disk, in_memory = Variant("tmpfs", ground="tmpfs"), Variant("files on disk"), memory_store(bench)
    variants, program = [tmpfs, disk, in_memory], bench.programs / "objects"
    took = {variant.name: {} for variant in variants}

    def measure(rounds, name, *words):
        for _, variant in bench.turns(variants, rounds):
            for what, nanoseconds in re.findall(r"(\S+) (\d+)", bench.run(variant, [program, *words])):
                took[variant.name].setdefault(name % what.replace("-", " "), []).append(int(nanoseconds))

    for size in (64, 1024, 4096, 6144) if bench.fixed_rounds != 3 else (64,):
        measure(bench.rounds(5), "%%s of %d MiB" % size, "memory", size)
    measure(bench.rounds(5), "%s", "names", 1000)
    figures = []
    for name, references in took[tmpfs.name].items():
        budget = 0 if "row" in name else 1.05 if "MiB" in name else 4
        for variant in (in_memory, disk):
            figures.append(
                figure(
                    "memory",
                    name,
                    variant.name,
                    tmpfs.name,
                    took[variant.name][name],
                    references,
                    budget=budget if variant is in_memory else 0,
                )
            )
    firsts = []
    for number in range(bench.rounds(20)):  # a directory of its own each: no keeper is there
        firsts.append(int(bench.run(memory_store(bench, DEVSHM_DIR="/tmp/first-%d" % number), [program, "first"])))
    end_keepers(bench)
    figures.append(
        figure(
            "memory",
            "the first object, with the keeper's start",
            in_memory.name,
            "5 ms",
            firsts,
            [5_000_000] * len(firsts),
            budget=1.0,
        )
    )
    return figures


def pytorch(bench):
    """PyTorch's DataLoader with two workers: tmpfs natively, devshm on disk, and its memory store"""
    if subprocess.run(["/usr/bin/python3", "-c", "import torch"], stderr=subprocess.DEVNULL, check=False).returncode:
        print(
            "bench: pytorch: left out, python3-torch is not installed (it is large: apt-get install python3-torch)",
            file=sys.stderr,
        )
        return []
    tmpfs = Variant("tmpfs", ground="tmpfs")
    store = memory_store(bench)
    took = {variant.name: [] for variant in (tmpfs, bench.devshm, store)}
    for _, variant in bench.turns([tmpfs, bench.devshm, store], bench.rounds(7)):
        said = bench.run(variant, ["/usr/bin/python3", bench.programs / "pytorch_job.py"])
        took[variant.name].append(float(said.split()[-1]) * 1e9)
    end_keepers(bench)
    what = "DataLoader, 2 workers, 200 batches of 1 MiB"
    return [
        figure("pytorch", what, variant.name, tmpfs.name, took[variant.name], took[tmpfs.name], budget=budget)
        for variant, budget in ((bench.devshm, 0), (store, 1.10))
    ]


SECTIONS = {
    "start": start,
    "calls": calls,
    "names": names,
    "first-use": first_use,
    "instructions": instructions,
    "python": python,
    "pytorch": pytorch,
    "memory": memory,
    "file-system": file_system,
    "dirty-limit": dirty_limit,
}
