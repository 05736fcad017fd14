#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""How many requests the kernel makes of the daemon for what programs do: those that requests.txt lists.

A request costs more than anything that the daemon does with it, and their number does not vary as times do. After a change that
needs other requests, DEVSHMD_WRITE_REQUESTS=1 in the environment writes what is counted into requests.txt, to be read in the diff:

    DEVSHMD_WRITE_REQUESTS=1 meson test -C build "daemon requests, cached" "daemon requests, passthrough"
"""
import os
import pathlib
import subprocess

import fixture
import request_trace

TABLE = pathlib.Path(__file__).with_name("requests.txt")
STEPS_PROGRAM, RESPONDER = os.environ["MOUNT_STEPS"], os.environ["RESPONDER"]
ADVICE = "these are not the requests of requests.txt; requests_test.py says how to write it anew"
# Their requests depend on the moment: how far the kernel has read ahead and written back, and when it releases what many open.
LEFT_OUT = ("256 fresh pages", "10^6 opens by 1,000 processes", "open by 1,000 processes")

# The kernel writes their pages back when it wants to: in one piece, or in more on a busy machine.
WRITTEN_BACK = ("256 warm pages",)


def read_table():
    """{(way, row): {kind: number}}"""
    lines = [line.split(" | ") for line in TABLE.read_text().splitlines() if line and not line.startswith("#")]
    return {(way.strip(), row.strip()): request_trace.read_shown(text.strip()) for way, row, text in lines}


def write_table(counts):
    head = [line for line in TABLE.read_text().splitlines() if line.startswith("#")]
    lines = [
        "%-22s | %-23s | %s" % (way, row, request_trace.shown(requests)) for (way, row), requests in counts.items()
    ]
    TABLE.write_text("\n".join(head + lines) + "\n")


class Requests(fixture.Case):
    maxDiff = None

    def setUp(self):
        super().setUp()
        self.point = "/dev/shm"  # where libc's sem_open and shm_open look

    def counted(self, way, pid, left_out=LEFT_OUT):
        said = subprocess.run([STEPS_PROGRAM], stderr=subprocess.PIPE, text=True, check=False).stderr
        rows = [row.strip() for row in said.splitlines()[1:]]
        counts = {
            (way, row): request_trace.per_step(pid, [STEPS_PROGRAM, row, "10"], self.dir + "/trace")
            for row in rows
            if row not in left_out
        }
        for row in WRITTEN_BACK:
            requests = counts[way, row]
            if requests.get("WRITE", 0) > 1:
                requests["WRITE"] = 1
        return counts

    def of_the_kernel(self):
        """What a daemon that never changes is asked for, which differs between kernels."""
        pid = int(subprocess.run([RESPONDER, "--opens", self.point], stdout=subprocess.PIPE, check=True).stdout)
        try:
            # Its contents are zeros, so nobody could wait for a semaphore of it.
            return self.counted("responder", pid, (*LEFT_OUT, "sem_wait+sem_post"))
        finally:
            fixture.LIBC.umount2(os.fsencode(self.point), 0)

    def are_as_listed(self, way, *arguments):
        kernel = self.of_the_kernel()
        counted = self.counted(way, self.start("serve", *arguments).pid)
        table = read_table()
        if os.environ.get("DEVSHMD_WRITE_REQUESTS"):
            write_table(
                {key: value for key, value in {**table, **counted, **kernel}.items() if key[0] != way or key in counted}
            )
            return
        listed = {key: value for key, value in table.items() if key[0] == way}
        self.assertEqual(set(counted), set(listed), "rows; " + ADVICE)
        if all(table[key] == requests for key, requests in kernel.items()):
            show = request_trace.shown
            self.assertEqual(
                {key: show(requests) for key, requests in counted.items()},
                {key: show(requests) for key, requests in listed.items()},
                ADVICE,
            )
            return
        # Another kernel than the table's: its own difference is allowed for.
        for key, requests in counted.items():
            own = ("responder", key[1])
            more = max(0, sum(kernel[own].values()) - sum(table[own].values())) if own in kernel else 0
            self.assertLessEqual(sum(requests.values()), sum(listed[key].values()) + more, (key, requests, ADVICE))

    def test_of_files(self):
        self.are_as_listed(fixture.WANTS)

    def test_while_recording(self):
        self.are_as_listed(fixture.WANTS + ", recording", "--record", self.dir + "/record")


class Trace(fixture.Case):
    def test_sees_a_request_more(self):
        """That a trace has every request: two of a kind that no step makes are there."""
        daemon = self.start("serve")
        script = """cd "$1"
            fences() { for i in 1 2 3 4 5 6 7 8 9 10; do test -e $1-$i; done; }
            for name in idle begin; do fences $name; test -e mark-$name-1; done
            ln -s a a; ln -s b b
            fences end; test -e mark-end-1
            echo 1"""
        requests = request_trace.per_step(daemon.pid, ["sh", "-c", script, "sh", self.point], self.dir + "/trace")
        self.assertEqual(requests.get("SYMLINK"), 2, requests)

    def test_without_marks_is_refused(self):
        daemon = self.start("serve")
        with self.assertRaises(request_trace.Unusable):
            request_trace.per_step(daemon.pid, ["echo", "1"], self.dir + "/trace")

    def test_is_shown_and_read_back(self):
        for requests in ({}, {"OPEN": 1}, {"LOOKUP": 1, "GETATTR": 2, "READ": 0.5}):
            self.assertEqual(request_trace.read_shown(request_trace.shown(requests)), requests)


if __name__ == "__main__":
    fixture.main()
