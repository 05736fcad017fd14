# SPDX-License-Identifier: MIT
"""The soak: workloads lap after lap, and what is looked at between the laps and in the end."""
import collections
import json
import os
import pathlib
import selectors
import signal
import subprocess
import sys
import time

from measure import KINDS, Series, descendants, noted

HERE = pathlib.Path(__file__).resolve().parent
WORKLOADS = ["pool", "messages", "segments", "postgresql"]
PATIENCE = 600  # seconds that a workload may take over a lap's time: longer than it waits itself
MOST = 120  # seconds that something takes which goes away by itself
# A backend that is killed between making a segment and noting it down leaves it, on a tmpfs as well. With it go all others of
# that server, so a kill may catch a parallel query's leader and both its workers in that moment. Which may be long, where
# the machine has other work.
CAUGHT, MOMENT = 3, 2  # files at most, and seconds
OF_SERVER = "PostgreSQL."


class Failed(Exception):
    """What the soak has found."""


def say(text):
    print(text, flush=True)


class Running:
    """A workload, and what is known of it."""

    def __init__(self, name, seed, env):
        self.name, self.done, self.lasting, self.kills = name, {}, {}, []
        self.series = collections.defaultdict(Series)
        self.process = subprocess.Popen(
            [sys.executable, HERE / (name + ".py"), str(seed)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
            env=env,
        )

    def tell(self, order):
        try:
            self.process.stdin.write(order + "\n")
        except BrokenPipeError:
            pass  # its last answer says why

    def hear(self):
        answer = json.loads(self.process.stdout.readline() or '{"failed": "ended without a word"}')
        if "failed" in answer:
            raise Failed("%s: %s" % (self.name, answer["failed"]))
        self.done, self.kills = answer["done"], answer["kills"]
        self.lasting = {self.name + (": " + what if what else ""): pid for what, pid in answer["lasting"].items()}


class Soak:
    def __init__(self, options, inside):
        self.names, self.seed, self.shm = options.only or WORKLOADS, options.seed, inside["shm"]
        self.seconds, self.lap = options.seconds, min(max(options.seconds / 12, 1), 30)
        self.env = {key: value for key, value in os.environ.items() if not key.startswith("DEVSHM_")}
        if inside["preload"]:
            self.env["LD_PRELOAD"] = inside["preload"]
        self.laps, self.left_by_killed = 0, set()
        self.running, self.there_before = [], {"shm", *os.listdir("/tmp")}

    def all(self, order, seconds):
        """Tells them, and waits until each has answered."""
        with selectors.DefaultSelector() as waiting:
            for one in self.running:
                waiting.register(one.process.stdout, selectors.EVENT_READ, one)
                one.tell(order)
            end = time.monotonic() + seconds + PATIENCE
            while waiting.get_map():
                ready = waiting.select(end - time.monotonic())
                if not ready:
                    hanging = [key.data for key in waiting.get_map().values()]
                    for one in hanging:
                        one.process.send_signal(signal.SIGUSR1)  # says where
                    time.sleep(1)
                    raise Failed("no answer to %r from %s" % (order, ", ".join(one.name for one in hanging)))
                for key, _ in ready:
                    waiting.unregister(key.fileobj)
                    key.data.hear()

    def work(self):
        self.running = [Running(name, self.seed, self.env) for name in self.names]
        started = time.monotonic()
        self.all("lap 0", 0)
        while (past := time.monotonic() - started) < self.seconds or self.laps < 12:
            self.all("lap %f" % self.lap, self.lap)
            self.laps += 1
            self.look()
            self.progress(past + self.lap)
        self.judge()
        self.all("end", 0)
        self.nothing_left()

    # --- between the laps, when nobody has anything under way ---

    def look(self):
        for one in self.running:
            for name, pid in one.lasting.items():
                one.series[name].add(pid)
        # A server's children come and go by themselves: only what stays there is somebody's leftover.
        strange, end = self.strange(), time.monotonic() + MOST
        while strange and time.monotonic() < end:
            time.sleep(0.1)
            reap(strange)
            strange = {pid: name for pid, name in self.strange().items() if pid in strange}
        if strange:
            raise Failed("processes that are left over: %s" % strange)
        self.look_at_files()

    def strange(self):
        """Processes that nobody knows."""
        known = set()
        for one in self.running:
            for name, pid in one.lasting.items():
                known |= {pid, *(descendants(pid) if "postmaster" in name else ())}
        return {pid: name for pid, name in descendants(os.getpid()).items() if pid not in known}

    def look_at_files(self):
        left = self.left()
        if left:
            time.sleep(1)  # a server's helper may have been about to note its segment down
            left &= self.left()
        kills = [kill for one in self.running for kill in one.kills]
        end = time.monotonic() + MOST / 4
        while (nobodys := self.of_no_killed(left, kills)) and time.monotonic() < end:
            if not nobodys[0].name.startswith(OF_SERVER):
                break
            time.sleep(1)
            left &= self.left()
        if nobodys:
            raise Failed("a file is left over: %s" % nobodys[0])
        for path in left:
            self.left_by_killed.add(path.name)
            path.unlink(missing_ok=True)
        if len(self.left_by_killed) > CAUGHT * len(kills):
            raise Failed("files are left over, after %d kills: %s" % (len(kills), sorted(self.left_by_killed)))

    @staticmethod
    def of_no_killed(paths, kills):
        """Those that no killed backend can have left."""
        found = []
        for path in sorted(paths):
            try:
                changed = path.stat().st_mtime
            except FileNotFoundError:
                continue
            if not path.name.startswith(OF_SERVER) or not any(abs(kill - changed) < MOMENT for kill in kills):
                found.append(path)
        return found

    def left(self):
        """Files that nobody knows. PostgreSQL's own are there as long as it runs, some of them mapped by no process."""
        postmasters = [pid for one in self.running for name, pid in one.lasting.items() if "postmaster" in name]
        try:
            known = set().union(*(noted(pid, self.shm) for pid in postmasters))
        except ValueError as problem:
            raise Failed(str(problem)) from None
        return {pathlib.Path(path) for path in self.files() if os.path.basename(path) not in known}

    def files(self):
        return sorted(os.path.join(self.shm, name) for name in os.listdir(self.shm))

    def total(self, what):
        return sum(one.done.get(what, 0) for one in self.running)

    def progress(self, past):
        done = ", ".join(
            "%d %s" % (self.total(what), what) for what in ("pools", "messages", "segments", "rows", "backends killed")
        )
        line = "%d of %d s: %s" % (past, self.seconds, done)
        if sys.stdout.isatty():
            print("\r\033[K" + line, end="", flush=True)
        elif self.laps % 4 == 0:
            say(line)

    # --- the end ---

    def judge(self):
        grown = [
            (name, kind, *series.growth()[kind])
            for one in self.running
            for name, series in one.series.items()
            for kind in series.grown()
        ]
        if grown:
            raise Failed(
                "; ".join(
                    "%s has grown from %d %s to %d" % (name, first, kind, last) for name, kind, first, last, _ in grown
                )
            )

    def nothing_left(self):
        for one in self.running:
            if status := one.process.wait(PATIENCE):
                raise Failed("%s ended with %d" % (one.name, status))
        end = time.monotonic() + MOST  # helpers of Python's end when they see that they are alone
        while left := descendants(os.getpid()):
            if time.monotonic() > end:
                raise Failed("processes are left: %s" % left)
            reap(left)
            time.sleep(0.05)
        if self.files():
            raise Failed("files are left: %s" % self.files())
        if others := sorted(name for name in os.listdir("/tmp") if name not in self.there_before):
            raise Failed("in /tmp there are left: %s" % others)

    def table(self):
        if sys.stdout.isatty():
            print()
        rows = [("workload", "done")]
        for one in self.running:
            rows.append((one.name, ", ".join("%d %s" % (count, what) for what, count in sorted(one.done.items()))))
        show(rows)
        say("")
        rows = [("lasting process", "laps", *("%s: first, last" % kind for kind in KINDS))]
        for one in self.running:
            for name, series in sorted(one.series.items()):
                told = series.growth()
                rows.append((name, len(series.seen), *(("%d, %d" % told[kind][:2]) if told else "-" for kind in KINDS)))
        show(rows)
        say("")
        say("files of killed backends, which nobody could have removed: %d" % len(self.left_by_killed))


def reap(pids):
    """Those of them that have lost their parent, and ended."""
    for pid in pids:
        try:
            os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:
            pass


def show(rows):
    widths = [max(len(str(row[column])) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        say("  ".join(str(cell).ljust(width) for cell, width in zip(row, widths)).rstrip())
