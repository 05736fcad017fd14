#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Who uses it: devshmd --status --json, and devshmd top."""
import json
import os
import pty
import signal
import subprocess
import time

import fixture
from ground.waiting import wait_for

CLIENT = """
import os, sys, threading
def work(name):
    fd = os.open(sys.argv[1] + "/" + name, os.O_CREAT | os.O_RDWR)
    os.write(fd, b"x" * 4096)
    os.close(fd)
for name in "abc":
    thread = threading.Thread(target=work, args=(name,))
    thread.start()
    thread.join()
os.unlink(sys.argv[1] + "/a")
print("done", flush=True)
sys.stdin.read()
"""


class Base(fixture.Case):
    def client(self):
        """A process of user 1234 that has made three files and removed one, and waits."""
        process = subprocess.Popen(
            ["/usr/bin/python3", "-c", CLIENT, self.point],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            user=1234,
            group=1234,
            extra_groups=[],
        )
        self.addCleanup(lambda: (process.kill(), process.communicate()))
        self.assertEqual(process.stdout.readline(), "done\n")
        return process

    def json(self, status=0):
        done = self.devshmd("--status", "--json", self.point)
        self.assertEqual((done.returncode, done.stderr), (status, ""))
        self.assertEqual(done.stdout.count("\n"), 1)
        return json.loads(done.stdout)

    def top(self, *arguments):
        done = self.devshmd("top", "--once", *arguments, self.point)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def row_of(self, pid, processes):
        return [process for process in processes if process["pid"] == pid]


class Usage(Base):
    def test_json_says_who_did_what(self):
        daemon = self.start("serve", "--size", "1M", "--allow-other")
        client = self.client()
        # The file that was removed is an object until the kernel has forgotten it.
        wait_for(lambda: self.json()["objects"]["used"] == 3, "the directory and two files are left")
        status = self.json()
        self.assertEqual(
            (status["mode"], status["process"], status["mount_point"], status["contents"]["limit"]),
            ("serve", daemon.pid, self.point, 1 << 20),
        )
        self.assertEqual(status["passthrough"], fixture.WANTS == "passthrough")
        (row,) = self.row_of(client.pid, status["processes"])  # one, though its threads made the files
        self.assertEqual(
            (row["uid"], row["created"], row["removed"], row["last"], row["path"]),
            (1234, 3, 1, "unlink", self.point + "/a"),
        )
        self.assertRegex(row["program"], "^python")
        self.assertEqual(row["written"], 0 if status["passthrough"] else 3 * 4096)
        (user,) = [user for user in status["users"] if user["uid"] == 1234]
        self.assertEqual((user["created"], user["removed"]), (3, 1))
        self.assertEqual(status["operations"]["unlink"], 1)
        self.assertGreaterEqual(status["total"]["operations"], sum(status["operations"].values()))

    def test_what_a_process_did_stays_after_its_end(self):
        self.start("serve", "--allow-other")
        client = self.client()
        (before,) = self.row_of(client.pid, self.json()["processes"])
        client.communicate("")
        (after,) = self.row_of(client.pid, self.json()["processes"])
        self.assertEqual((after["program"], after["created"]), (before["program"], 3))

    def test_asking_is_not_counted(self):
        self.start("serve")
        os.mkdir(self.point + "/d")
        self.json()
        first = self.json()
        self.devshmd("--status", self.point)
        self.top()
        self.assertEqual(self.json()["total"], first["total"])

    def test_in_every_mode(self):
        for mode in ("hidden", "denied", "full", "readonly"):
            with self.subTest(mode):
                daemon = self.start(mode)
                self.assertFalse(os.path.exists(self.point + "/x"))
                status = self.json()
                self.assertEqual(status["mode"], mode)
                self.assertNotIn("contents", status)
                self.assertGreater(status["total"]["operations"], 0)
                self.assertIn(mode, self.top())
                self.ends_well(daemon)

    def test_recordings_are_in_it(self):
        self.start("serve", "--record", self.dir + "/record")
        self.assertEqual(self.json()["recording"], {"file": self.dir + "/record", "missing": 0})

    def test_odd_names_do_no_harm(self):
        self.start("serve")
        name = "tab\tline\nescape\x1b[31m\udcff"
        os.mkdir(self.point + "/" + name)
        (row,) = self.row_of(os.getpid(), self.json()["processes"])
        self.assertEqual(row["path"], self.point + "/" + name)
        shown = self.top()
        self.assertNotIn("\x1b", shown)
        self.assertIn("tab\\u0009line", shown)

    def test_many_long_paths_fit(self):
        self.start("serve", "--allow-other")
        path = self.point
        for _ in range(12):
            path += "/" + "d" * 250
            os.mkdir(path)
        for _ in range(60):
            subprocess.run(["/usr/bin/mkdir", path + "/x"], check=True)
            os.rmdir(path + "/x")
        status = self.json()
        self.assertGreater(status["left_out"], 0)
        self.assertGreater(len(status["processes"]), 3)
        self.assertIn(path, self.top())

    def test_dead(self):
        daemon = self.start("serve")
        daemon.end(signal.SIGKILL)
        self.assertEqual(self.json(1), {"mode": "dead"})

    def test_nobody_there(self):
        for command in (("--status", "--json"), ("top", "--once")):
            done = self.devshmd(*command, self.dir)
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertIn("no devshmd answers at " + self.dir, done.stderr)


class Top(Base):
    def test_once(self):
        self.start("serve", "--allow-other")
        client = self.client()
        (row,) = [line for line in self.top().splitlines() if line.split()[0] == str(client.pid)]
        fields = row.split()
        self.assertEqual((fields[1], fields[3], fields[5:7], fields[-1]), ("1234", "-", ["3", "1"], self.point + "/a"))

    def test_live_in_a_pipe(self):
        daemon = self.start("serve")
        top = subprocess.Popen(
            [fixture.DEVSHMD, "top", "--interval", "1", self.point],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.addCleanup(lambda: (top.kill(), top.communicate()))
        rate, deadline = 0.0, time.monotonic() + fixture.SECONDS
        while rate == 0 and time.monotonic() < deadline:
            os.mkdir(self.point + "/d")
            os.rmdir(self.point + "/d")
            line = top.stdout.readline()
            self.assertNotIn("\x1b", line)
            fields = line.split()
            if fields and fields[0] == str(os.getpid()) and fields[3] != "-":
                rate = float(fields[3])
        self.assertGreater(rate, 0)
        self.ends_well(daemon)
        self.assertEqual(top.wait(fixture.SECONDS), 1)
        self.assertIn("no devshmd answers", top.stderr.read())

    def on_terminal(self, kind):
        """The first bytes of `top` on a terminal of this kind."""
        ours, theirs = pty.openpty()
        top = subprocess.Popen([fixture.DEVSHMD, "top", self.point], stdout=theirs, stderr=theirs, env={"TERM": kind})
        os.close(theirs)
        seen = b""
        while b"LAST USED" not in seen:
            seen += os.read(ours, 1000)
        top.terminate()
        top.wait()
        os.close(ours)
        return seen

    def test_clears_a_terminal_that_can_be_cleared(self):
        self.start("serve")
        self.assertTrue(self.on_terminal("xterm").startswith(b"\x1b[H\x1b[2J"))
        self.assertNotIn(b"\x1b", self.on_terminal("dumb"))


if __name__ == "__main__":
    fixture.main()
