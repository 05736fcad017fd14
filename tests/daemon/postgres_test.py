#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""PostgreSQL on the mount, without the library: a parallel query, whose workers share a segment in /dev/shm."""
import os
import pathlib
import pwd
import shutil
import subprocess
import sys

import fixture
from fixture import records

PROGRAMS = pathlib.Path("/usr/lib/postgresql/15/bin")
QUERY = """
set parallel_setup_cost = 0; set parallel_tuple_cost = 0; set min_parallel_table_scan_size = 0;
set max_parallel_workers_per_gather = 2;
create table numbers as select generate_series(1, 200000) as number;
analyze numbers;
explain (analyze, timing off) select count(*), sum(number) from numbers;
select 'total ' || sum(number) from numbers;
"""


class PostgreSQL(fixture.Case):
    def run_as_user(self, program, *arguments, **more):
        done = subprocess.run(
            [*self.as_user, PROGRAMS / program, *arguments],
            stdin=subprocess.DEVNULL,
            cwd=self.data,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=600,
            **more
        )
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout

    def test_a_parallel_query(self):
        record = self.dir + "/record"
        daemon = self.start("serve", "--allow-other", "--record", record, point="/dev/shm")
        user = pwd.getpwnam("postgres")  # it refuses to run as root
        self.as_user = ["setpriv", "--reuid=%d" % user.pw_uid, "--regid=%d" % user.pw_gid, "--clear-groups"]
        self.data = self.dir + "/data"
        os.mkdir(self.data, 0o700)
        os.chown(self.data, user.pw_uid, user.pw_gid)
        self.run_as_user("initdb", "--no-sync", "--auth=trust", "--locale=C", self.data)
        settings = (
            "-c listen_addresses= -c unix_socket_directories=%s -c dynamic_shared_memory_type=posix -c fsync=off"
            % self.data
        )
        control = ("pg_ctl", "--pgdata", self.data, "--wait", "--timeout=300")
        self.run_as_user(*control, "--log", self.data + "/log", "--options", settings, "start")
        try:
            told = self.run_as_user(
                "psql",
                "--host",
                self.data,
                "--dbname=postgres",
                "--no-psqlrc",
                "--tuples-only",
                "--set=ON_ERROR_STOP=1",
                "--command",
                QUERY,
            )
        finally:
            self.run_as_user(*control, "--mode=fast", "stop")
        self.assertIn("Workers Launched: 2", told)
        self.assertIn("total 20000100000", told)
        made = [
            line
            for line in records(record)
            if line["operation"] == "create"
            and line["result"] == "OK"
            and line["program"] == "postgres"
            and line["path"].startswith("/dev/shm/PostgreSQL.")
        ]
        self.assertGreater(len(made), 1, "the segments of the server and of its workers")
        self.assertEqual({line["uid"] for line in made}, {user.pw_uid})
        self.assertEqual(os.listdir("/dev/shm"), [])
        self.ends_well(daemon)


if __name__ == "__main__":
    if not (PROGRAMS / "postgres").exists() or not shutil.which("setpriv"):
        sys.exit("postgresql-15 is missing: nothing can be tested")
    fixture.main()
