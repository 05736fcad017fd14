#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Recordings: nothing that was answered is missing, and nothing else is in them. What they prove: proof_test.py."""
import json
import os
import re
import select
import signal
import subprocess
import sys

import fixture
from fixture import records
from ground.waiting import wait_for


class Complete(fixture.Case):
    CLIENT = """
import os, sys
number = 0
while True:
    number += 1
    name = "%d.%d" % (os.getpid(), number)
    path = (sys.argv[1] + "/" + name).encode()
    os.close(os.open(name, os.O_CREAT | os.O_RDWR))
    os.write(1, b"create %s\\n" % path)
    os.rename(name, name + "x")
    os.write(1, b"rename %s\\n" % path)
    os.unlink(name + "x")
    os.write(1, b"unlink %sx\\n" % path)
"""

    def under_load(self, how):
        """Eight clients, and the daemon is ended in the middle. What each was told, and what is on record."""
        record = self.dir + "/record"
        told = self.dir + "/told"
        daemon = self.start("serve", "--record", record)
        with open(told, "a") as output:
            clients = [
                # They begin in the mount: one that came there later would go on, for ever, in the directory beneath.
                subprocess.Popen(
                    [sys.executable, "-I", "-c", self.CLIENT, self.point],
                    cwd=self.point,
                    stdout=output,
                    stderr=subprocess.DEVNULL,
                )
                for _ in range(8)
            ]
        wait_for(lambda: os.path.getsize(told) >= 100_000, "they work")
        daemon.end(how)
        for client in clients:
            client.wait(fixture.SECONDS)
        with open(told) as lines:
            answered = {tuple(line.split()) for line in lines}
        on_record = {(line["operation"], line["path"]) for line in records(record) if line["result"] == "OK"}
        self.assertGreater(len(answered), 500)
        self.assertEqual(answered - on_record, set())

    def test_when_it_is_stopped(self):
        self.under_load(signal.SIGTERM)

    def test_when_it_is_killed(self):
        self.under_load(signal.SIGKILL)

    def test_lines_are_whole_and_say_who(self):
        record = self.dir + "/record"
        daemon = self.start("serve", "--allow-other", "--record", record)
        name = self.point + '/na"me\n\udcff'
        with fixture.as_user(1234):
            fd = os.open(name, os.O_CREAT | os.O_RDWR | os.O_EXCL, 0o640)
            os.pwrite(fd, b"12345", 0)
            os.rename(name, self.point + "/b")
            os.close(fd)
        self.ends_well(daemon)
        lines = records(record)
        self.assertEqual(
            {frozenset(line) - {"flags", "to", "bytes"} for line in lines},
            {frozenset(("time", "pid", "tid", "uid", "program", "operation", "path", "result"))},
        )
        for line in lines:
            self.assertRegex(line["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")
        made = [line for line in lines if line["operation"] == "create"]
        self.assertEqual(
            [(line["path"], line["uid"], line["pid"], line["flags"], line["result"]) for line in made],
            [(name, 1234, os.getpid(), "O_RDWR|O_CREAT|O_EXCL 0640", "OK")],
        )
        renamed = [line for line in lines if line["operation"] == "rename"]
        self.assertEqual([(line["path"], line["to"]) for line in renamed], [(name, self.point + "/b")])
        if "passthrough: no" in daemon.said():
            self.assertEqual([line["bytes"] for line in lines if line["operation"] == "write"], [5])

    def test_threads_are_told_apart(self):
        record = self.dir + "/record"
        self.start("hidden", "--record", record)
        script = "import os,sys,threading; threading.Thread(target=lambda: os.path.exists(sys.argv[1])).start()"
        client = subprocess.Popen([sys.executable, "-c", script, self.point + "/x"])
        client.wait()
        (line,) = records(record)
        self.assertEqual(line["pid"], client.pid)
        self.assertNotEqual(line["tid"], client.pid)


class Places(fixture.Case):
    def test_standard_output(self):
        daemon = self.start("hidden", "--record", "-", stdout=subprocess.PIPE)
        self.assertFalse(os.path.exists(self.point + "/x"))
        readable, _, _ = select.select([daemon.process.stdout], [], [], fixture.SECONDS)
        self.assertTrue(readable)
        self.assertEqual(json.loads(daemon.process.stdout.readline())["path"], self.point + "/x")
        self.ends_well(daemon)

    def test_a_reader_that_goes_does_not_end_the_service(self):
        daemon = self.start("serve", "--record", "-", stdout=subprocess.PIPE)
        daemon.process.stdout.close()
        for number in range(5):
            os.mkdir("%s/%d" % (self.point, number))
        self.ends_well(daemon)
        self.assertEqual(daemon.said().count("can't write the recording"), 1)

    def test_a_full_disk_does_not_end_the_service(self):
        disk = self.dir + "/disk"
        os.mkdir(disk)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8k", "disk", disk], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", disk])
        daemon = self.start("serve", "--record", disk + "/record")
        for number in range(100):
            os.mkdir("%s/%d" % (self.point, number))
        self.assertEqual(len(os.listdir(self.point)), 100)
        self.assertRegex(self.devshmd("--status", self.point).stdout, r"operations missing from the recording: \d+")
        os.truncate(disk + "/record", 0)
        os.mkdir(self.point + "/again")
        self.ends_well(daemon)
        said = daemon.said()
        self.assertEqual(said.count("can't write the recording"), 1, said)
        self.assertRegex(said, r"lacks \d+ operations")
        self.assertIn(self.point + "/again", [line["path"] for line in records(disk + "/record")])

    def test_a_pipe_without_a_reader_is_an_error(self):
        pipe = self.dir + "/pipe"
        os.mkfifo(pipe)
        done = self.devshmd("hidden", "--record", pipe, self.point)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertRegex(done.stderr, "^devshmd: --record .*/pipe: nobody reads this pipe; start its reader first\n$")
        self.assertFalse(os.path.ismount(self.point))

    def test_a_pipe_with_a_reader(self):
        pipe = self.dir + "/pipe"
        os.mkfifo(pipe)
        reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        daemon = self.start("hidden", "--record", pipe)
        self.assertFalse(os.path.exists(self.point + "/x"))
        self.assertEqual(json.loads(os.read(reader, 65536))["path"], self.point + "/x")
        os.close(reader)
        self.ends_well(daemon)

    def test_it_goes_on_after_what_is_there(self):
        record = self.dir + "/record"
        for _ in range(2):
            daemon = self.start("hidden", "--record", record)
            os.path.exists(self.point + "/x")
            self.ends_well(daemon)
        self.assertEqual([line["path"] for line in records(record)], [self.point + "/x"] * 2)
        self.assertEqual(os.stat(record).st_mode & 0o777, 0o600)

    def test_report(self):
        record = self.dir + "/record"
        daemon = self.start("hidden", "--record", record)
        for _ in range(3):
            subprocess.run(["/usr/bin/stat", self.point + "/x"], stderr=subprocess.DEVNULL, check=False)
        self.ends_well(daemon)
        done = self.devshmd("report", record)
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout, r"(?m)^stat +lookup +3 +ENOENT +%s$" % re.escape(self.point + "/x"))
        self.assertRegex(done.stdout, r"3 operations \(3 failed\) of 1 programs in 3 processes")
        done = self.devshmd("report", self.dir + "/missing")
        self.assertEqual(done.returncode, 1)
        self.assertIn("No such file", done.stderr)
        with open(record, "a") as file:
            file.write("{broken")
        done = self.devshmd("report", record)
        self.assertEqual(done.returncode, 1)
        self.assertIn("1 lines are not records", done.stderr)


if __name__ == "__main__":
    fixture.main()
