#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A daemon that nobody asks for anything does nothing: it takes no processor time, and none of its threads is ever woken."""
import os
import pathlib
import time

import fixture
from ground.waiting import wait_for

QUIET = 3  # seconds: a daemon that looks after something from time to time is found if it does so this often


def activity(pid):
    """{thread: (processor time in ticks, how often it was switched away from)}"""
    found = {}
    for thread in pathlib.Path("/proc/%d/task" % pid).iterdir():
        fields = (thread / "stat").read_text().rsplit(")", 1)[1].split()
        switches = [
            int(line.split()[1]) for line in (thread / "status").read_text().splitlines() if "ctxt_switches" in line
        ]
        found[thread.name] = (int(fields[11]) + int(fields[12]), sum(switches))
    return found


class Idle(fixture.Case):
    def is_quiet(self, daemon):
        """Sooner or later it is, for a while. The kernel may have something left to ask at first."""
        deadline = time.monotonic() + fixture.SECONDS
        before = activity(daemon.pid)
        while time.monotonic() < deadline:
            time.sleep(QUIET)
            now = activity(daemon.pid)
            if now == before:
                return True
            before = now
        return False

    def work(self):
        """Some of everything, so that whatever is kept warm has become warm."""
        for number in range(200):
            path = "%s/%d" % (self.point, number)
            try:
                with open(path, "wb") as file:
                    file.write(b"x" * 5000)
                os.stat(path)
                os.unlink(path)
            except OSError:
                pass  # in the modes that refuse it

    def idles(self, *arguments):
        daemon = self.start(*arguments)
        self.work()
        self.assertTrue(self.is_quiet(daemon), "it never comes to rest")
        before = activity(daemon.pid)
        os.path.exists(self.point + "/something-new")
        # What a thread has done counts when it is switched away from, after its answer.
        wait_for(lambda: activity(daemon.pid) != before, "a request is seen here")

    def test_serving(self):
        self.idles("serve")

    def test_recording(self):
        self.idles("serve", "--record", self.dir + "/record")

    def test_hidden(self):
        self.idles("hidden")

    def test_low_latency(self):
        self.idles("serve", "--low-latency")


if __name__ == "__main__":
    fixture.main()
