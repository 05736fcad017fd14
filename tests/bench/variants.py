# SPDX-License-Identifier: MIT
"""Runs programs in variants: with and without libraries, each in a mount namespace with its own /tmp and /dev/shm."""
import json
import os
import pathlib
import shutil
import subprocess
import sys

FAKECHROOT = "fakechroot/libfakechroot.so"


def in_private_mounts(ground, *words):
    """The command that makes this ground, lines of shell, in a mount namespace of its own; they have the words as "$@"."""
    return ["unshare", "--mount", "--propagation", "private", "sh", "-ec", ground, "sh", *map(str, words)]


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
            in_private_mounts(GROUND, *variant.words, *command),
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
