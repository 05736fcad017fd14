# SPDX-License-Identifier: MIT
"""The measurements. A section returns figures; each figure is one line of the report."""
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
from dataclasses import dataclass

FAKECHROOT = "fakechroot/libfakechroot.so"


@dataclass
class Figure:
    """A variant against its reference. Times are nanoseconds; counts have the unit "instructions", "faults" or "MiB"."""

    section: str
    name: str
    variant: str
    reference: str
    value: float
    reference_value: float
    ratio: float
    low: float  # the quartiles of the rounds' ratios
    high: float
    unit: str = "ns"
    budget: float = 0  # 0: there is none
    slack: float = 0  # what may come on top of the budget, in the figure's unit
    rounds: int = 0

    @property
    def verdict(self):
        if not self.budget:
            return ""
        if self.ratio <= self.budget:
            return "PASS"
        more = self.value - self.reference_value
        if self.slack and more <= self.slack:  # the medians may differ the other way than the rounds do
            return "PASS, by %.1f ns" % more if more > 0 else "PASS within the noise"
        if self.low <= self.budget:
            return "PASS within the noise"
        return "MISSED by %.1f %%" % (100 * (self.ratio / self.budget - 1))


def figure(section, name, variant, reference, values, references, **more):
    """A figure from values that belong together pairwise."""
    ratios = [a / b for a, b in zip(values, references)]
    low, _, high = statistics.quantiles(ratios, n=4) if len(ratios) > 1 else (ratios[0],) * 3
    return Figure(
        section,
        name,
        variant,
        reference,
        statistics.median(values),
        statistics.median(references),
        statistics.median(ratios),
        low,
        high,
        rounds=len(ratios),
        **more,
    )


class Variant:
    """A way to run a program: its LD_PRELOAD, or words before the command, and what lies on /dev/shm."""

    def __init__(self, name, preload="", words=(), variables=(), ground="disk"):
        self.name, self.preload, self.words, self.ground = name, str(preload), list(words), ground
        self.variables = dict(variables)


# In a namespace of its own: /tmp is a directory on disk, and /dev/shm what the variant wants.
GROUND = """
mount --bind "$BENCH_SCRATCH/tmp" /tmp
mkdir -p -m 1777 /tmp/shm
case $BENCH_GROUND in
  tmpfs) mount -t tmpfs -o mode=1777 tmpfs /dev/shm ;;
  *) mount --bind /tmp/shm /dev/shm ;;
esac
exec env ${BENCH_PRELOAD:+LD_PRELOAD="$BENCH_PRELOAD"} "$@"
"""


class Bench:
    def __init__(self, build, scratch, rounds):
        self.build, self.scratch, self.fixed_rounds = build, scratch, rounds
        self.requests = {}  # that file systems took, of section daemon: {file system: {row: text}}
        # Copies: the build directory may lie in /tmp, which the variants don't see.
        self.programs = scratch / "programs"
        self.library = self.programs / "libdevshm.so"
        if not (build / "build.ninja").exists():
            sys.exit("bench: %s is no build directory; tests/run makes one in build/" % build)
        here = pathlib.Path(__file__).resolve().parent
        packages = [line for line in (here / "packages.txt").read_text().splitlines() if not line.startswith("#")]
        subprocess.run([here.parent.parent / "container/install", *packages], check=True)
        if not (build / "tests/bench").exists():  # set up before Google Benchmark was there
            subprocess.run(["meson", "setup", "--reconfigure", "--clearcache", build], check=True, stdout=sys.stderr)
        subprocess.run(
            ["ninja", "-C", build, "--quiet", "bench-programs", "preload/libdevshm.so"], check=True, stdout=sys.stderr
        )
        self.programs.mkdir()
        for file in [*(build / "tests/bench").iterdir(), build / "preload/libdevshm.so"]:
            if file.is_file() and os.access(file, os.X_OK):
                shutil.copy(file, self.programs)
        for file in pathlib.Path(__file__).parent.glob("*_job*.py"):
            shutil.copy(file, self.programs)
        (scratch / "tmp").mkdir(mode=0o1777)
        (scratch / "files").mkdir()
        machine = subprocess.run(["cc", "-dumpmachine"], stdout=subprocess.PIPE, text=True, check=False).stdout.strip()
        fakechroot = pathlib.Path("/usr/lib", machine, FAKECHROOT)
        self.none = Variant("no preload")
        self.empty = Variant("empty library", self.programs / "libempty.so")
        self.devshm = Variant("devshm", self.library)
        self.others = [Variant("fakechroot", fakechroot)] if fakechroot.exists() else []
        if shutil.which("proot"):
            self.others.append(Variant("proot", words=["proot"]))

    def rounds(self, usual):
        return self.fixed_rounds or usual

    def run(self, variant, command, check=True):
        """A command's standard output, in this variant."""
        environment = dict(
            os.environ,
            BENCH_SCRATCH=str(self.scratch),
            BENCH_PRELOAD=variant.preload,
            BENCH_GROUND=variant.ground,
            BENCH_DIRECTORY=str(self.scratch / "files"),
            LC_ALL="C.UTF-8",
            **variant.variables,
        )
        done = subprocess.run(
            [
                "unshare",
                "--mount",
                "--propagation",
                "private",
                "sh",
                "-ec",
                GROUND,
                "sh",
                *variant.words,
                *map(str, command),
            ],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        if check and done.returncode != 0:
            sys.exit(
                "bench: %s, %s: exit status %d\n%s%s"
                % (variant.name, " ".join(map(str, command)), done.returncode, done.stdout, done.stderr)
            )
        return done.stdout if done.stdout else done.stderr

    def turns(self, variants, rounds):
        """(round, variant), so that each round begins with another one."""
        for number in range(rounds):
            for i in range(len(variants)):
                yield number, variants[(i + number) % len(variants)]

    def google(self, program, variants, rounds, *options):
        """{variant name: {benchmark: [time of each round]}} of a Google Benchmark program."""
        times = {variant.name: {} for variant in variants}
        for _, variant in self.turns(variants, rounds):
            said = self.run(variant, [self.programs / program, "--benchmark_format=json", *options])
            for one in json.loads(said[said.index("{") :])["benchmarks"]:
                # The processor's time where the process is alone; other processes' work is in the clock's only.
                kind = "real_time" if "/real_time" in one["name"] or "execve" in one["name"] else "cpu_time"
                name = one["name"].replace("/real_time", "").replace("/threads:", "/")
                times[variant.name].setdefault(name, []).append(one[kind])
        return times


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
