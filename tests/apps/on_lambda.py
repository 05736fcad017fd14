# SPDX-License-Identifier: MIT
"""The third ground of tests/apps/run: container/lambda, with Lambda's user, limits and refused system calls."""
import pathlib
import re
import shutil
import subprocess
import tempfile

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
TASK = "/var/task"  # where a function's code lies: here the program, and the library


class Unlike(Exception):
    """It does not do there what it declares."""


class Lambda:
    def __init__(self, build, limit):
        self.build, self.limit = build, limit

    def run(self, program, devshm):
        """The program on this machine's own root, as a function's code."""
        with tempfile.TemporaryDirectory(prefix="devshm-apps.") as task:
            pathlib.Path(task).chmod(0o755)  # it is Lambda's user who runs it
            for file in program.path, self.build / "preload/libdevshm.so":
                shutil.copy(file, task)
            preload = ["--env", f"LD_PRELOAD={TASK}/libdevshm.so"] if devshm else []
            small = bool(program.about["small"])  # it shares more than /tmp has room for
            if devshm and small:
                preload += ["--env", "DEVSHM_STORE=memory"]
            limit = str(self.limit or program.limit)
            done = subprocess.run(
                [
                    "timeout",
                    "-k",
                    "20",
                    limit,
                    TOP / "container/lambda",
                    "--root",
                    "/",
                    "--tmp",
                    "512" if small else "4096",
                    "--memory",
                    program.say("lambda"),
                    "--task",
                    task,
                    *preload,
                    "--",
                    f"{TASK}/{program.name}",
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                check=False,
            )
        if done.returncode in (124, 125, 137):
            raise Unlike(f"in container/lambda: status {done.returncode}: {done.stderr.strip()[-500:]}")
        return done

    def cell(self, program, native, differences, last):
        """What the table says; raises Unlike. `differences` and `last` are those of the other grounds."""
        if not program.about["lambda"]:
            return "not tried"
        done = self.run(program, devshm=True)
        if program.about["refused"]:
            said, reason = program.say("refused").split(": ", 1)
            if done.returncode == 0 or not re.search(said, done.stderr + done.stdout):
                raise Unlike(
                    f"in container/lambda it should be refused: status {done.returncode}: {done.stderr[-500:]}"
                )
            return f"refused: {reason}"
        odd = differences(program, native.stdout, done.stdout)[0]
        if done.returncode or odd:
            said = f"in container/lambda with devshm: status {done.returncode}: {done.stderr[-2000:]}"
            raise Unlike("\n  ".join([said, *odd[:20]]))
        without = self.run(program, devshm=False)
        works = without.returncode == 0 and not differences(program, native.stdout, without.stdout)[0]
        if works != bool(program.about["unneeded"]):
            raise Unlike(f"in container/lambda, without devshm: {'works as well' if works else last(without)}")
        return "works, with and without" if works else f"works; without `{last(without, native.stdout)}`"
