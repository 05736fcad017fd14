# SPDX-License-Identifier: MIT
"""Running fuzzers, a few at a time, and reading what libFuzzer says."""
import concurrent.futures
import os
import re
import subprocess
import time

from building import build

# The growth of what ASan holds back is no leak, and says nothing.
ENVIRONMENT = {
    "ASAN_OPTIONS": "quarantine_size_mb=16:detect_stack_use_after_return=0",
    "UBSAN_OPTIONS": "print_stacktrace=1",
}
STATUS = re.compile(r"#(\d+)\s+\S+\s+cov: (\d+) ft: \d+ corp: (\d+)/")
PROGRESS_SECONDS = 10


class Run:
    """One fuzzer at work."""

    def __init__(self, target, program, seconds, found, scratch, options=()):
        self.target, self.program, self.found = target, program, found
        self.work = scratch / f"of-{program.name}"
        (self.work / "new").mkdir(parents=True)
        (self.work / "tmp").mkdir()
        self.log_path = self.work / "log"
        self.before = set(found.glob(f"{program.name}-*"))
        command = [
            str(program),
            f"-max_total_time={seconds}",
            f"-max_len={target.length}",
            "-timeout=60",  # by the clock: a busy machine may let one wait for long
            "-rss_limit_mb=1024",
            "-print_final_stats=1",
            f"-artifact_prefix={found}/{program.name}-",
            *options,
        ]
        if seconds == 0:
            command.append("-runs=0")
        command += [str(self.work / "new"), str(target.corpus)]
        environment = {**os.environ, **ENVIRONMENT, "TMPDIR": str(self.work / "tmp")}
        self.started, self.took = time.monotonic(), 0
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)

    def log(self):
        return self.log_path.read_text(encoding="utf-8", errors="replace")

    def seconds(self):
        return time.monotonic() - self.started

    def numbers(self):
        """Executions, edges, files."""
        seen = STATUS.findall(self.log())
        executions, edges, files = map(int, seen[-1]) if seen else (0, 0, 0)
        if match := re.search(r"stat::number_of_executed_units:\s+(\d+)", self.log()):
            executions = int(match[1])
        return executions, edges, files

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait()

    def findings(self):
        return sorted(set(self.found.glob(f"{self.program.name}-*")) - self.before)

    def complaint(self):
        """What a finding says of itself."""
        lines = self.log().splitlines()
        wanted = re.compile(r"not so:|runtime error:|ERROR: (AddressSanitizer|LeakSanitizer|libFuzzer)")
        first = next((i for i, line in enumerate(lines) if wanted.search(line)), max(0, len(lines) - 20))
        return "\n".join("    " + line[:200] for line in lines[first : first + 14])


class Runs:
    """Builds and runs them, a few at a time, and says now and then how far they are."""

    def __init__(self, jobs):
        self.pool = concurrent.futures.ThreadPoolExecutor(jobs)
        self.running, self.stopped = [], False

    def one(self, target, bug, place, found, seconds, scratch):
        program = build(target, place, bug)
        if self.stopped:
            return None
        run = Run(target, program, seconds, found, scratch)
        self.running.append(run)
        run.process.wait()
        run.took = run.seconds()
        self.running.remove(run)
        return run

    def all(self, pairs, *arguments, show):
        """The runs in the order in which they end."""
        waiting = {self.pool.submit(self.one, target, bug, *arguments) for target, bug in pairs}
        try:
            while waiting:
                ended, waiting = concurrent.futures.wait(
                    waiting, timeout=PROGRESS_SECONDS, return_when=concurrent.futures.FIRST_COMPLETED
                )
                for future in ended:
                    yield future.result()
                if not ended and show:
                    for run in list(self.running):
                        executions, edges, files = run.numbers()
                        print(
                            f"{run.seconds():5.0f} s  {run.target.name}: {executions:,} executions, {edges} edges, {files} files",
                            flush=True,
                        )
        finally:
            self.stopped = True
            for future in waiting:
                future.cancel()
            for run in list(self.running):
                run.stop()
            self.pool.shutdown()
