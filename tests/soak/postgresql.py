#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""PostgreSQL, whose parallel queries share memory, and whose backends are killed at random.

Rows are messages: one that was acknowledged is there once; one that was not is there once or not at all.
"""
import hashlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

from workload import WAIT, REST, Workload, Wrong, check, serve

BIN = "/usr/lib/postgresql/15/bin/"
ROWS = 100000
SETTINGS = {
    "listen_addresses": "",
    "dynamic_shared_memory_type": "posix",
    "fsync": "off",
    "shared_buffers": "16MB",
    "max_connections": 20,
    "max_wal_size": "64MB",
    "autovacuum_naptime": "10s",
}
PARALLEL = (
    "set parallel_setup_cost = 0; set parallel_tuple_cost = 0; set min_parallel_table_scan_size = 0;"
    "set max_parallel_workers_per_gather = 2; "
)
# Of a start that is not done yet, of a session that was ended, of a worker that was (it has two ways to say so).
INTERRUPTED = re.compile(
    r"server closed the connection|connection to server|"
    r"terminating (connection|(background|parallel) worker)|"
    r"is (starting up|shutting down|not yet accepting connections)|in recovery mode|"
    r"lost connection to|Connection reset|parallel worker failed|could not send|Broken pipe"
)


def text(number):
    return hashlib.md5(b"soak row %d" % number).hexdigest()


class Postgresql(Workload):
    def start(self):  # without Python's helper, which it does not need
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="postgresql.", dir="/tmp"))
        self.user = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
        if self.user:
            shutil.chown(self.dir, "postgres", "postgres")
        self.call(BIN + "initdb", "-D", self.dir / "data", "-A", "trust", "--no-sync", "--no-locale", "-U", "postgres")
        with open(self.dir / "data/postgresql.auto.conf", "a", encoding="ascii") as file:
            file.writelines("%s = '%s'\n" % setting for setting in SETTINGS.items())
            file.write("unix_socket_directories = '%s'\n" % self.dir)
        self.control("start")
        self.call(
            *self.psql(
                "create table t as select n, n %% 97 as k from generate_series(1, %d) n; analyze t;"
                "create table messages(n bigint, body text)" % ROWS
            )
        )
        self.next = self.verified = 0

    def call(self, *command):
        done = subprocess.run(
            command,
            cwd=self.dir,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            timeout=3 * WAIT,
            check=False,
            **self.user,
        )
        if done.returncode:
            raise Wrong("%s: %s" % (pathlib.Path(command[0]).name, done.stderr[-1000:]))
        return done.stdout  # beside a complete answer there may be word that the session was ended after it

    def control(self, *order):
        # By a file: a server that inherited our pipe would keep it open.
        with open(self.dir / "control.log", "wb") as log:
            done = subprocess.run(
                [BIN + "pg_ctl", "-D", self.dir / "data", "-w", "-l", self.dir / "log", *order],
                cwd=self.dir,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                timeout=3 * WAIT,
                check=False,
                **self.user,
            )
        check(done.returncode == 0, "pg_ctl %s: see %s" % (order[0], self.log()[-1000:]))

    def log(self):
        return (self.dir / "log").read_text(encoding="utf-8", errors="replace") if (self.dir / "log").exists() else ""

    def psql(self, sql):
        return [
            BIN + "psql",
            "-XAtq",
            "-h",
            self.dir,
            "-U",
            "postgres",
            "-d",
            "postgres",
            "-v",
            "ON_ERROR_STOP=1",
            "-c",
            sql,
        ]

    def query(self, sql):
        """The answer, or None if somebody has ended the session meanwhile."""
        try:
            return self.call(*self.psql(sql)).strip()
        except Wrong as error:
            if not INTERRUPTED.search(str(error)):
                raise
            self.interrupted += 1
            time.sleep(0.1)
            return None

    def insist(self, sql):
        """The answer, once there is one."""
        end = time.monotonic() + 3 * WAIT
        while time.monotonic() < end:
            if (answer := self.query(sql)) is not None:
                return answer
        raise Wrong("PostgreSQL does not come back: " + self.log()[-500:])

    def postmaster(self):
        return int((self.dir / "data/postmaster.pid").read_text(encoding="ascii").split()[0])

    def lasting(self):
        return {"postmaster": self.postmaster()}

    # --- a lap: one writes, one asks, one kills ---

    def lap(self, seconds):
        self.over, self.failed, self.interrupted = time.monotonic() + seconds, None, 0
        threads = [threading.Thread(target=self.keep, args=(what,)) for what in (self.write, self.ask)]
        for thread in threads:
            thread.start()
        self.kill_some()
        for thread in threads:
            thread.join()
        if self.failed:
            raise self.failed
        self.verify()
        self.done["sessions interrupted"] += self.interrupted

    def keep(self, what):
        try:
            while time.monotonic() < self.over and not self.failed:
                what()
                time.sleep(REST)
        except Exception as error:  # pylint: disable=broad-except
            self.failed = error

    def write(self):
        numbers = range(self.next, self.next + 10)
        self.next += len(numbers)
        sql = "; ".join(
            "insert into messages select %d, '%s' from generate_series(1, 1)" % (number, text(number))
            for number in numbers
        )
        while self.query(sql) is None:  # one transaction: all of them, or none, but which?
            if self.insist("select count(*) from messages where n = %d" % numbers[0]) != "0":
                break
        self.done["rows"] += len(numbers)

    def ask(self):
        answer = self.query(
            PARALLEL + "select count(*), sum(n), sum(k) from t; "
            "select count(*), sum(a.n) from t a join t b on a.n = b.n where b.k < 50"
        )
        if answer is None:
            return
        all_n = range(1, ROWS + 1)
        some = [n for n in all_n if n % 97 < 50]
        check(
            answer == "%d|%d|%d\n%d|%d" % (ROWS, sum(all_n), sum(n % 97 for n in all_n), len(some), sum(some)),
            "a parallel query has answered " + answer,
        )
        self.done["parallel queries"] += 1

    def kill_some(self):
        while not self.failed:
            wait = min(self.random.uniform(0.2, 4), self.over - time.monotonic())
            if wait <= 0:
                return
            time.sleep(wait)
            backends = self.backends()
            if backends:
                number = self.random.choices([signal.SIGKILL, signal.SIGTERM], [3, 1])[0]
                try:
                    os.kill(self.random.choice(backends), number)
                    if number == signal.SIGKILL:
                        self.kills.append(time.time())
                    self.done["backends killed" if number == signal.SIGKILL else "backends ended"] += 1
                except ProcessLookupError:
                    pass

    def backends(self):
        """Of sessions, and their parallel workers."""
        postmaster, found = self.postmaster(), []
        for process in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
                title = (process / "cmdline").read_bytes()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if parent == postmaster and re.search(rb"\[local\]|parallel worker", title):
                found.append(int(process.name))
        return found

    def verify(self):
        """All rows that were sent since the last time, each once, by content. Then they have arrived."""
        answer = self.insist("select n, body from messages order by n").split()
        wanted = ["%d|%s" % (number, text(number)) for number in range(self.verified, self.next)]
        lost, more = set(wanted) - set(answer), len(answer) - len(set(answer))
        check(not lost, "lost: %d of %d rows, such as %s" % (len(lost), len(wanted), min(lost, default="")))
        check(not more, "doubled: %d rows" % more)
        check(answer == wanted, "rows that nobody has sent")
        self.insist("truncate messages")
        self.verified = self.next
        for line in self.log().splitlines():
            # Not "remove": who is killed just after the removal has not noted it down, and the server tries again.
            check(not re.search(r"could not (open|resize|map|create) shared memory segment \"|PANIC", line), line)
        end = time.monotonic() + WAIT
        while self.backends():  # the last one goes when psql has gone
            check(time.monotonic() < end, "backends without a session")
            time.sleep(0.02)

    def end(self):
        self.control("stop", "-m", "fast")
        shutil.rmtree(self.dir)


if __name__ == "__main__":
    sys.exit(serve(Postgresql))
