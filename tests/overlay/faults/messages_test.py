#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Where devshm's log and its complaints go, and what a name can do in them: forge no line, stop nobody, spoil no data."""
import os
import re
import socket
import subprocess
import sys

from inside import STEPS, clear, environment, main, run, take
from users import USER, Ground


class Log(Ground):
    def test_a_pipe_in_its_place_stops_nobody(self):
        self.hostile(lambda: (os.mkfifo("/tmp/log"), os.chmod("/tmp/log", 0o666)))
        self.assertEqual(take("path=a", user=USER, LOG="/tmp/log"), (["path ok"], ""))

    def test_a_name_cannot_forge_a_line(self):
        names = {
            "a\nb": r"a\u000ab",
            "\x1b[2Jx": r"\u001b[2Jx",
            "\u009b2J": r"\u009b2J",  # C1: what some terminals take for ESC [
            "a\u202etxt.exe": r"a\u202etxt.exe",
            "a\u2028b": r"a\u2028b",
            "\udcff\udc80": r"\udcff\udc80",  # not UTF-8
            "back\\slash": r"back\\slash",
            "żółw 🐢": "żółw 🐢",
        }
        take(*("path=" + name for name in names), LOG="/tmp/log")
        with open("/tmp/log", encoding="utf-8") as log:
            lines = [line for line in log.read().split("\n") if "] store: " not in line]
        self.assertEqual(
            [re.sub(r"^devshm\[\d+\] ", "", line) for line in lines],
            [f"open: /dev/shm/{shown} -> /tmp/shm/{shown}" for shown in names.values()] + [""],
        )

    def test_a_long_name_is_one_line(self):
        path = "/." * 1900 + "/" + "\n" * 150
        done = run(sys.executable, "-c", "import sys; open('/dev/shm' + sys.argv[1], 'w')", path, LOG="/tmp/log")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        with open("/tmp/log", encoding="utf-8") as log:
            lines = [line for line in log.read().splitlines() if "open" in line]
        shown = path.replace("\n", r"\u000a")
        self.assertEqual([line.split(": ", 1)[1] for line in lines], [f"/dev/shm{shown} -> /tmp/shm{shown}"])

    def said_to(self, flags):
        """What devshm's complaint, and a program's own line, leave in a file that is descriptor 2."""
        clear()
        os.symlink("/tmp/trap", "/tmp/shm")
        for setting in ({}, {"LOG": "stderr"}):
            with open("/tmp/database", "w") as file:
                file.write("DATA")
            fd = os.open("/tmp/database", flags)
            subprocess.run(
                [STEPS, "path=a"], env=environment(**setting), stdout=subprocess.DEVNULL, stderr=fd, check=True
            )
            os.close(fd)
            with open("/tmp/database") as file:
                yield file.read()

    def test_a_data_file_gets_no_message(self):
        self.assertEqual(list(self.said_to(os.O_RDWR | os.O_APPEND)), ["DATA", "DATA"])
        for text in self.said_to(os.O_WRONLY | os.O_APPEND):  # what a shell opens for 2>>FILE
            self.assertIn("DATAdevshm: /tmp/shm is a symbolic link", text)

    def test_a_socket_gets_no_message(self):
        os.symlink("/tmp/trap", "/tmp/shm")
        ours, theirs = socket.socketpair()
        subprocess.run([STEPS, "path=a"], env=environment(), stdout=subprocess.DEVNULL, stderr=theirs, check=True)
        theirs.close()
        self.assertEqual(ours.recv(100), b"")
        ours.close()


if __name__ == "__main__":
    main()
