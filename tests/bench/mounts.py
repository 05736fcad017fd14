# SPDX-License-Identifier: MIT
"""Section daemon: devshmd beside a tmpfs, libfuse's pass-throughs and a daemon that does nothing (responder.cpp).

All of them are mounted at once, each in a mount namespace of its own, and wait; a row is measured on one after the other, turn
by turn, each time after a warm-up. The requests behind a row are counted by strace.
"""
import json
import os
import pathlib
import re
import select
import shutil
import subprocess
import sys

import request_trace
from mount_figures import MILLION, figures
from variants import in_private_mounts

TESTS = pathlib.Path(__file__).resolve().parent.parent

GROUND = """
ulimit -n "$(ulimit -Hn)"  # a pass-through needs many descriptors
mount -t tmpfs -o mode=1777 tmpfs "$1"
$2 >&2
echo ready
read -r _ || :
umount /dev/shm
"""
# Keeps idle processors awake while a command runs, as `devshmd --low-latency` does while it is busy.
AWAKE = ["sh", "-ec", r"""exec 9>/dev/cpu_dma_latency; printf '\0\0\0\0' >&9; exec "$@" """, "sh"]


class Mount:
    """A file system at /dev/shm in a namespace of its own, until end()."""

    def __init__(self, bench, name, server, before=()):
        self.bench, self.name = bench, name
        self.holder = subprocess.Popen(
            in_private_mounts(GROUND, bench.scratch / "files", server),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        if self.holder.stdout.readline() != "ready\n":
            sys.exit("bench: daemon: %s: `%s` doesn't mount: %s" % (name, server, self.holder.stderr.read()))
        self.enter = [*before, "nsenter", "--mount=/proc/%d/ns/mnt" % self.holder.pid]

    def run(self, *command):
        done = subprocess.run(
            [*self.enter, *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        if done.returncode:
            sys.exit(
                "bench: daemon: %s: %s: exit status %d\n%s"
                % (self.name, " ".join(map(str, command)), done.returncode, done.stderr)
            )
        return done.stdout

    def daemons(self):
        """The processes in the namespace beside the one that holds it."""

        def namespace(pid):
            try:
                return os.readlink("/proc/%s/ns/mnt" % pid)
            except OSError:
                return None

        own = namespace(self.holder.pid)
        return [
            int(pid)
            for pid in os.listdir("/proc")
            if pid.isdigit() and int(pid) != self.holder.pid and namespace(pid) == own
        ]

    def measure(self, row):
        """Nanoseconds for one operation."""
        # A thousand processes are long enough, and twice of them are more files than a pass-through may have open.
        warm_up = [] if "processes" in row else ["--benchmark_min_warmup_time=0.09"]
        said = self.run(
            self.bench.programs / "mounted", row, "--benchmark_format=json", "--benchmark_min_time=0.05", *warm_up
        )
        one = json.loads(said)["benchmarks"][0]
        return one["real_time"] / one["operations"]

    def requests(self, row):
        """{kind: how many} of the requests for one operation."""
        (pid,) = self.daemons()
        return request_trace.per_step(
            pid, [*self.enter, self.bench.programs / "mount_steps", row, "10"], self.bench.scratch / "trace"
        )

    def end(self):
        left = [os.pidfd_open(pid) for pid in self.daemons()]
        self.holder.communicate("")
        for process in left:  # it ends by itself, since it has been unmounted
            select.select([process], [], [], 60)
            os.close(process)


def pkg_config(*words, path=""):
    said = subprocess.run(
        ["pkg-config", "--cflags", "--libs", *words, "fuse3"],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env=dict(os.environ, PKG_CONFIG_PATH=str(path)),
    )
    return said.stdout.split()


def passthrough_ll(bench):
    """libfuse's example of a file system that hands everything on: Debian's package has its source."""
    source = pathlib.Path("/usr/share/doc/libfuse3-dev/examples/passthrough_ll.c")
    if not source.exists():
        sys.exit("bench: daemon: %s is missing; it comes with libfuse3-dev" % source)
    subprocess.run(["cc", "-O2", "-w", source, "-o", bench.programs / "passthrough_ll", *pkg_config()], check=True)
    return bench.programs / "passthrough_ll"


def passthrough_hp(bench):
    """The one with FUSE passthrough, from the sources of the libfuse that devshmd is tested with."""
    libfuse = bench.build / "tests/daemon/passthrough/libfuse"
    subprocess.run([TESTS / "daemon/newer-libfuse", libfuse], check=True)
    flags = pkg_config("--static", path=libfuse / "installed/lib/pkgconfig")
    subprocess.run(
        [
            "c++",
            "-O2",
            "-w",
            libfuse / "installed/examples/passthrough_hp.cc",
            "-o",
            bench.programs / "passthrough_hp",
            *flags,
        ],
        check=True,
    )
    return bench.programs / "passthrough_hp"


def devshmd(bench, target):
    """The program, or None, with a message, where it is not built."""
    built = subprocess.run(
        ["ninja", "-C", bench.build, "--quiet", target],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if built.returncode:
        print(
            "bench: daemon: %s is left out (it needs a build directory with -Ddaemon=enabled): %s"
            % (target, built.stdout.strip()),
            file=sys.stderr,
        )
        return None
    return pathlib.Path(shutil.copy(bench.build / target, bench.programs))


def devshmd_mounts(bench):
    """{name: Mount} of devshmd's ways. What this machine or this version can't do is left out, with a message."""
    mounts = {}
    program = devshmd(bench, "daemon/devshmd")
    for name, always in (("devshmd", "--no-passthrough"), ("devshmd, passthrough", "")) if program else ():
        ways = {
            "": "",
            ", recording": "--record %s/recording" % (bench.scratch / "files"),
            ", low latency": "--low-latency",
        }
        if (
            "--low-latency"
            not in subprocess.run([program, "--help"], stdout=subprocess.PIPE, text=True, check=True).stdout
        ):
            print("bench: daemon: %s has no --low-latency" % name, file=sys.stderr)
            del ways[", low latency"]
        for way, option in ways.items():
            mount = Mount(bench, name + way, "%s serve --daemonize %s %s /dev/shm" % (program, always, option))
            status = mount.run(program, "--status", "/dev/shm")
            if (re.search(r"passthrough: +yes", status) is not None) != ("passthrough" in name):
                print(
                    "bench: daemon: %s is left out, it would not be what its name says:\n%s" % (mount.name, status),
                    file=sys.stderr,
                )
                mount.end()
                continue
            mounts[mount.name] = mount
    return mounts


def all_mounts(bench):
    mounts = {"tmpfs": Mount(bench, "tmpfs", "mount -t tmpfs -o mode=1777 tmpfs /dev/shm")}
    source = bench.scratch / "files"
    for name, server in (
        ("passthrough_ll", "%s -o source=%s /dev/shm" % (passthrough_ll(bench), source)),
        ("passthrough_hp", "%s %s /dev/shm" % (passthrough_hp(bench), source)),
    ):
        mounts[name] = Mount(bench, name, server)
    mounts.update(devshmd_mounts(bench))
    responder = bench.programs / "responder"
    for name, options in (("responder", ""), ("responder with opens", "--opens")):
        server = "%s %s /dev/shm" % (responder, options)
        mounts[name] = Mount(bench, name, server)
        if os.access("/dev/cpu_dma_latency", os.W_OK):
            mounts[name + ", awake"] = Mount(bench, name, server, AWAKE)
    return mounts


def measured(name, row):
    """Is the row measured on this mount?"""
    if row == MILLION:
        return name in ("tmpfs", "devshmd")
    return not (
        name.startswith("responder") and row == "sem_wait+sem_post"
    )  # its contents are zeros: that would wait for ever


def daemon(bench):
    """devshmd, by the page cache and with FUSE passthrough, recording, with low latency; libfuse's own; a daemon that does nothing"""
    mounts = all_mounts(bench)
    try:
        rows = mounts["tmpfs"].run(bench.programs / "mounted").splitlines()
        times = {row: {name: [] for name in mounts if measured(name, row)} for row in rows}
        for name, mount in mounts.items():
            if name != "tmpfs" and "awake" not in name:
                # Of many processes it is that of one; a trace slows the daemon down so much that it runs out of descriptors.
                bench.requests[name] = {
                    row: request_trace.shown(mount.requests(row))
                    for row in rows
                    if measured(name, row) and "processes" not in row
                }
        rounds = bench.rounds(7)
        for number in range(rounds):
            print("bench: daemon: round %d of %d" % (number + 1, rounds), file=sys.stderr, flush=True)
            for row in rows:
                names = list(times[row])
                for i in range(len(names)):
                    name = names[(i + number) % len(names)]
                    times[row][name].append(mounts[name].measure(row))
    finally:
        for mount in mounts.values():
            mount.end()
    return figures(times)
