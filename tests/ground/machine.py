# SPDX-License-Identifier: MIT
"""A virtual machine with a kernel of its own (kernel.py), by qemu: with KVM, or without where that can't be used, which is
some ten times slower. It is a process like any other, and nothing of it is left when it has ended.

The test talks with it over a serial line, one line of JSON each way. A snapshot has its memory, its processors and its
devices; machines that start from it go on where it was taken.
"""
import json
import os
import pathlib
import re
import socket
import subprocess
import tempfile

SECONDS = 1200  # that anything may take; only a test that fails waits for so long
QEMU = ("setpriv", "--pdeathsig", "KILL", "qemu-system-x86_64")  # it ends with us, whatever ends us
# All of one machine type, so that a snapshot fits.
# The machine's clock counts the instructions of its processors, which take turns: one is a nanosecond. So what is measured
# by the clock does not depend on what else this machine does, nor on how fast it is.
COUNTED = ("-icount", "shift=0,sleep=off")
COMMON = ("-machine", "q35", "-cpu", "max", "-nodefaults", "-display", "none", "-no-reboot")


def accelerator():
    """KVM where it can run any kernel. Without the processor's own virtualization (kvm_pvm) it runs only those made for it."""
    flags = set(re.search(r"^flags\s*:(.*)$", pathlib.Path("/proc/cpuinfo").read_text(), re.M)[1].split())
    return "kvm" if flags & {"vmx", "svm"} and os.access("/dev/kvm", os.W_OK) else "tcg"


def disk(image, copied=False, **more):
    """Options for a disk; with `copied` what the machine writes to it is gone when it ends."""
    settings = {"file": image, "format": "raw", "if": "virtio", "snapshot": "on" if copied else "off", **more}
    return ["-drive", ",".join("%s=%s" % setting for setting in settings.items())]


class Ended(Exception):
    """The machine is gone; the text is what its kernel said last."""


class Line:
    """Lines of JSON in both directions, to a device of the machine."""

    def __init__(self):
        self.ours, self.theirs = socket.socketpair()
        self.ours.settimeout(SECONDS)
        self.text = self.ours.makefile("r", encoding="utf-8")

    def options(self, name):
        return ["-chardev", "socket,id=%s,fd=%d" % (name, self.theirs.fileno())]

    def send(self, message):
        self.ours.sendall(json.dumps(message).encode() + b"\n")

    def receive(self):
        line = self.text.readline()
        if not line:
            raise Ended
        return json.loads(line)

    def close(self):
        for end in (self.text, self.ours, self.theirs):
            end.close()


class Machine:
    """`state`: the snapshot that it goes on from; without one it boots. Everything else must be as in the original.
    `devices`: of qemu's options. `parameters`: for the kernel's command line. `shown`: what it
    writes goes to our standard output; else it can be asked for."""

    def __init__(
        self, kernel, initial_files, devices, memory=512, processors=1, state=None, parameters=(), shown=False
    ):
        self.console = tempfile.NamedTemporaryFile(prefix="machine.", dir="/var/tmp")
        self.line, self.monitor = Line(), Line()
        words = [*QEMU, *COMMON, "-m", "%dM" % memory, "-smp", str(processors), *map(str, devices)]
        if "-icount" not in words:
            words += ["-accel", accelerator()]
        words += ["-kernel", str(kernel / "vmlinuz"), "-initrd", str(initial_files)]
        # On a busy machine a simulated timer may be too late for the kernel's check.
        words += ["-append", " ".join(("console=ttyS0 quiet panic=-1 no_timer_check", *parameters))]
        words += ["-chardev", "stdio,id=console" if shown else "file,id=console,append=on,path=" + self.console.name]
        words += ["-serial", "chardev:console", *self.line.options("line"), "-serial", "chardev:line"]
        words += [*self.monitor.options("monitor"), "-mon", "chardev=monitor,mode=control"]
        words += ["-incoming", "defer"] if state else []
        # What the machine writes to a copied disk is in a file without a name.
        variables = {**os.environ, "TMPDIR": "/var/tmp"}
        passed = [line.theirs.fileno() for line in (self.line, self.monitor)]
        self.process = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=None if shown else self.console,
            stderr=self.console,
            pass_fds=passed,
            env=variables,
        )
        for line in (self.line, self.monitor):
            line.theirs.close()
        try:
            assert "QMP" in self.receive(self.monitor)
            self.control("qmp_capabilities")
            self.control("migrate-set-capabilities", capabilities=[{"capability": "events", "state": True}])
            if state:
                self.control("migrate-incoming", uri="exec:cat " + str(state))
                self.moved()
                self.control("cont")
        except BaseException:
            self.end()
            raise

    def said(self):
        """What the kernel, and qemu itself, wrote."""
        return pathlib.Path(self.console.name).read_text(errors="replace")

    def receive(self, line):
        try:
            return line.receive()
        except (Ended, OSError):
            raise Ended(self.said()[-4000:]) from None

    def control(self, command, **arguments):
        """Asks qemu; what happens meanwhile is left out."""
        self.monitor.send({"execute": command, "arguments": arguments})
        while True:
            answer = self.receive(self.monitor)
            if "error" in answer:
                raise Ended("%s: %s" % (command, answer["error"]["desc"]))
            if "return" in answer:
                return answer["return"]

    def moved(self):
        """Waits until the state is written or read."""
        while True:
            data = self.receive(self.monitor)
            status = data.get("data", {}).get("status") if data.get("event") == "MIGRATION" else None
            if status == "failed":
                raise Ended("the state: " + self.said()[-4000:])
            if status == "completed":
                return

    def ask(self, **question):
        """The answer of the program in the machine."""
        self.line.send(question)
        return self.listen()

    def listen(self):
        return self.receive(self.line)

    def snapshot(self, state):
        """Writes the state to this file, and ends: the disks stay as they were at that moment."""
        self.control("stop")
        self.control("migrate-set-parameters", **{"max-bandwidth": 1 << 34})
        self.monitor.send({"execute": "migrate", "arguments": {"uri": "exec:cat >" + str(state)}})
        self.moved()
        self.control("quit")
        self.process.wait(SECONDS)
        self.end()

    def end(self):
        self.process.kill()
        self.process.wait()
        for line in (self.line, self.monitor):
            line.close()
        self.console.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()
