# SPDX-License-Identifier: MIT
"""Watches processes of an environment from outside: how they end, and what they write."""
import os
import select
import signal
import threading


def how_it_ended(code):
    """Describes an exit status in Lambda's words. 128+n means that signal n ended the command."""
    if 0 <= code <= 128:
        return "exit status %d" % code
    return "signal: %s" % signal.strsignal(code - 128 if code > 0 else -code).lower()


class Process:
    """A child of this process. A thread waits for it, and a signal reaches no other process."""

    def __init__(self, number, when_ended=None):
        self.number, self.code = number, None
        self.guard = threading.Lock()
        self.when_ended = when_ended
        self.thread = threading.Thread(target=self.reap, daemon=True)
        self.thread.start()

    @property
    def alive(self):
        return self.code is None

    def reap(self):
        # Until its pid is released here, no other process has it.
        os.waitid(os.P_PID, self.number, os.WEXITED | os.WNOWAIT)
        with self.guard:
            code = os.waitstatus_to_exitcode(os.waitpid(self.number, 0)[1])
            self.code = code
        if self.when_ended:
            self.when_ended(self)

    def wait(self):
        """Its exit status, as a shell reports it."""
        while self.thread.is_alive():
            self.thread.join(1)  # signal handlers run in between
        return self.code if self.code >= 0 else 128 - self.code

    def signal(self, number):
        with self.guard:
            if self.code is None:
                os.kill(self.number, number)


class Output:
    """A pipe, for one process or several, and the lines that come out of it."""

    def __init__(self, take):
        self.take = take
        self.reading, self.writing = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(self.reading, False)
        self.guard = threading.Lock()
        self.rest = b""
        self.open = True
        threading.Thread(target=self.follow, daemon=True).start()

    def follow(self):
        while self.open:
            select.select([self.reading], [], [])
            self.drain(False)
        os.close(self.reading)

    def drain(self, unfinished=True):
        """Takes all that has been written so far, including an unfinished last line."""
        with self.guard:
            while self.open:
                try:
                    data = os.read(self.reading, 1 << 16)
                except BlockingIOError:
                    break
                if not data:
                    self.open, unfinished = False, True
                    break
                *lines, self.rest = (self.rest + data).split(b"\n")
                for line in lines:
                    self.take(line.decode(errors="replace"))
            if unfinished and self.rest:
                self.take(self.rest.decode(errors="replace"))
                self.rest = b""

    def close_writer(self):
        """Closes our end once the processes have theirs, so that the pipe ends after their last output."""
        os.close(self.writing)


def kill_tree(process):
    """`process` and its descendants."""
    found = [process.number]
    for number in found:
        try:
            for task in os.listdir("/proc/%d/task" % number):
                with open("/proc/%d/task/%s/children" % (number, task)) as children:
                    found += map(int, children.read().split())
        except OSError:
            pass  # ended meanwhile
    for number in found[1:]:
        try:
            os.kill(number, signal.SIGKILL)
        except ProcessLookupError:
            pass
    process.signal(signal.SIGKILL)
