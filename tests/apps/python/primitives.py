#!/usr/bin/env python3
"""Uses everything in multiprocessing that rests on /dev/shm, and checks what came across.

    primitives.py                     every case, under every start method
    primitives.py --expect fail       for a machine without /dev/shm: exits 0 if what must fail does, as it must

One line a case, `NAME METHOD ok SECONDS` or `NAME METHOD FAIL Exception message`, then `N passed, M failed`.
"""
import argparse
import concurrent.futures
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time

import primitives_cases

# What each case rests on, and so how it ends without /dev/shm, whatever the start method (seen on CPython 3.7 to 3.13)
#   semaphore  sem_open fails: ENOENT from glibc 2.34 on and on musl, ENOSYS before (or what the first tmpfs answers)
#   heap       os.statvfs("/dev/shm") fails, always with ENOENT; where it works, the memory is a file made there
#   segment    shm_open fails, as sem_open does
#   nothing    works: a manager is a server process behind a socket, and its locks are that process's thread locks
RESTS_ON = {
    "semaphore": [
        "Lock",
        "RLock",
        "Semaphore",
        "BoundedSemaphore",
        "Condition",
        "Event",
        "Queue",
        "SimpleQueue",
        "JoinableQueue",
        "Pool",
        "ProcessPoolExecutor",
        "ThreadPool",
    ],
    "heap": ["Barrier", "Value", "Array", "RawValue", "RawArray"],  # the first three take a semaphore as well
    "segment": ["SharedMemory", "ShareableList"],
    "nothing": ["Manager"],
}
NEEDS = {name: need for need, names in RESTS_ON.items() for name in names}
if sys.version_info < (3, 8):
    NEEDS["ThreadPool"] = "nothing"  # 3.8 gave it a SimpleQueue for its own threads, and with that a semaphore
ERRNOS_WITHOUT_SHM = (2, 13, 30, 38)  # ENOENT, EACCES, EROFS, ENOSYS: which depends on the libc and on the mounts

CASE_SECONDS = 250  # for one that hangs; on a busy machine, under strace, half a minute is not enough


# --- each case in an interpreter of its own, which may hang or crash


def run_case(name, method):
    outcome = {"result": "ok"}
    multiprocessing.set_start_method(method)  # for those who take no context, such as ThreadPool
    try:
        getattr(primitives_cases, "case_" + name)(multiprocessing.get_context())
    except Exception as error:
        outcome = {
            "result": "FAIL",
            "error": type(error).__name__,
            "errno": getattr(error, "errno", None),
            "message": str(error).split("\n")[0],
        }
        sys.excepthook(*sys.exc_info())
    if NEEDS[name] == "segment" and sys.version_info < (3, 8):
        outcome = {"result": "n/a", "error": "new in", "message": "Python 3.8"}
    print(json.dumps(outcome), flush=True)


def judge(name, method, expect):
    started = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, os.path.abspath(__file__), "--case", name, "--method", method],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        universal_newlines=True,
        start_new_session=True,
    )
    try:
        output, errors = process.communicate(timeout=CASE_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)  # not reaped yet, so the number is still its own
        output, errors = process.communicate()
    result = {"name": name, "method": method, "seconds": round(time.monotonic() - started, 2), "stderr": errors}
    if process.returncode == 0:
        result.update(json.loads(output.splitlines()[-1]))
    else:
        result.update(result="FAIL", error="Lost", message="exit status %d" % process.returncode)
    if result["result"] == "ok" and "_tracker" in errors:  # what 3.7 calls semaphore_tracker, later resource_tracker
        result.update(result="FAIL", error="Leak", message=errors[errors.index("_tracker") :].split("\n")[0])
    result["expected"] = result["result"] in ("ok", "n/a")
    if expect == "fail" and NEEDS[name] != "nothing":
        result["expected"] = result["result"] == "n/a" or result.get("errno") in ERRNOS_WITHOUT_SHM
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", metavar="NAME[,NAME]", default=",".join(NEEDS), help="default: every case")
    parser.add_argument("--methods", metavar="METHOD[,METHOD]", default="fork,spawn,forkserver")
    parser.add_argument("--expect", choices=("pass", "fail"), default="pass")
    parser.add_argument("--jobs", type=int, default=2, help="cases at a time (default 2)")
    parser.add_argument("--json", metavar="FILE", default=os.devnull, help="write the results there too")
    parser.add_argument("--list", action="store_true", help="list the cases, and what each rests on")
    parser.add_argument("--case", help=argparse.SUPPRESS)
    parser.add_argument("--method", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.case:
        return run_case(options.case, options.method)
    if options.list:
        return print("\n".join("%s %s" % pair for pair in NEEDS.items()))
    names, methods = options.only.split(","), options.methods.split(",")
    if not set(names) <= set(NEEDS) or not set(methods) <= {"fork", "spawn", "forkserver"}:
        parser.error("unknown case or method; --list lists the cases")
    results = []
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as executor:  # threads, which need no /dev/shm
        running = [executor.submit(judge, name, method, options.expect) for name in names for method in methods]
        for future in concurrent.futures.as_completed(running):
            result = future.result()
            results.append(result)
            more = ["%.2f" % result["seconds"]] if result["result"] == "ok" else [result["error"], result["message"]]
            print(result["name"], result["method"], result["result"], *more, flush=True)
            if not result["expected"]:
                print("unexpected:", result["name"], result["method"], result["stderr"], file=sys.stderr, flush=True)
    with open(options.json, "w") as file:
        json.dump(results, file, indent=1)
    print("%d passed, %d failed" % tuple(sum(r["result"] == end for r in results) for end in ("ok", "FAIL")))
    return 0 if all(result["expected"] for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
