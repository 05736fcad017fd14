#!/usr/bin/env python3
"""Calls sem_open and shm_open by a handle on the C library, as ctypes, JNA and P/Invoke do.

No wrapper of a preloaded library is on that way: the address comes from dlsym(dlopen("libc.so.6"), "sem_open").

    by_handle.py                      each handle, once semaphores first and once memory first
    by_handle.py --first shm          memory first only
    by_handle.py --expect fail        for a machine without /dev/shm

One line a check, `CHECK HANDLE/FIRST ok SECONDS` or `CHECK HANDLE/FIRST FAIL Exception message`, then
`N passed, M failed`. Standard library only, CPython 3.7 to 3.14.
"""
import argparse
import errno
import mmap
import os
import signal
import subprocess
import sys
import time
from ctypes import byref, c_int

from handles import HANDLES, Libc, Timespec

ERRNOS_WITHOUT_SHM = (2, 13, 30, 38)  # ENOENT, EACCES, EROFS, ENOSYS: which depends on the libc and on the mounts
WAIT = 100  # for another process
HANGS_AFTER = 250  # all of a handle's checks
SIZE = 1 << 20


def check(truth, message):
    if not truth:
        raise AssertionError(message)


def fails_with(wanted, function, *arguments):
    """Another errno is raised as it came, so that a missing /dev/shm shows as what it is."""
    try:
        function(*arguments)
    except OSError as error:
        if error.errno not in wanted:
            raise
    else:
        raise AssertionError("%r did not fail" % (arguments,))


def other_process(role, libc, name):
    """A program of its own, which knows nothing but the name."""
    return subprocess.Popen([sys.executable, os.path.abspath(__file__), "--role", role, libc.handle, name.decode()])


def value_of(libc, semaphore):
    value = c_int(-1)
    libc.sem_getvalue(semaphore, byref(value))
    return value.value


# --- the checks: each is given a name not in use, and leaves it so

CREATE = os.O_CREAT | os.O_EXCL
BAD_NAMES = [  # and what a libc may say to them
    (b"/", [errno.EINVAL]),
    (b"/by_handle/b", [errno.EINVAL, errno.ENOENT]),  # glibc 2.17 looks for the directory
    (b"/" + b"x" * 300, [errno.EINVAL, errno.ENAMETOOLONG]),
]


def sem_create(libc, name):
    semaphore = libc.sem_open(name, CREATE, 0o600, 3)
    check(value_of(libc, semaphore) == 3, "not the initial value")
    fails_with([errno.EEXIST], libc.sem_open, name, CREATE, 0o600, 3)


def sem_counts(libc, name):
    semaphore = libc.sem_open(name, CREATE, 0o600, 0)
    fails_with([errno.EAGAIN], libc.sem_trywait, semaphore)
    libc.sem_post(semaphore)
    libc.sem_wait(semaphore)
    check(value_of(libc, semaphore) == 0, "post and wait do not cancel out")


def sem_same_address(libc, name):
    semaphore = libc.sem_open(name, CREATE, 0o600, 1)
    check(libc.sem_open(name, 0, 0, 0) == semaphore, "opened again at another address")
    libc.sem_close(semaphore)
    check(value_of(libc, semaphore) == 1, "closed once, though opened twice")
    libc.sem_close(semaphore)
    libc.sem_close(libc.sem_open(name, os.O_CREAT, 0o600, 9))  # from its file, now that nothing is left mapped


def sem_other_process(libc, name):
    semaphore = libc.sem_open(name, CREATE, 0o600, 0)
    child = other_process("post", libc, name)
    libc.sem_timedwait(semaphore, byref(Timespec(int(time.time()) + WAIT, 0)))  # asleep before the child is up
    check(child.wait(WAIT) == 0, "the other process failed")
    fails_with([errno.EAGAIN], libc.sem_trywait, semaphore)


def sem_gone(libc, name):
    semaphore = libc.sem_open(name, CREATE, 0o600, 0)
    libc.sem_unlink(name)
    libc.sem_post(semaphore)  # lives on until closed
    fails_with([errno.ENOENT], libc.sem_open, name, 0, 0, 0)
    fails_with([errno.ENOENT], libc.sem_unlink, name)


def sem_bad_name(libc, name):
    for bad, errors in BAD_NAMES:
        fails_with(errors, libc.sem_open, bad, os.O_CREAT, 0o600, 0)


def shm_create(libc, name):
    fd = libc.shm_open(name, CREATE | os.O_RDWR, 0o640)
    status = os.fstat(fd)
    check(status.st_size == 0 and status.st_mode & 0o777 == 0o640 & ~current_umask(), "not as created")
    check(not os.get_inheritable(fd), "open across exec")
    os.close(fd)
    fails_with([errno.EEXIST], libc.shm_open, name, CREATE | os.O_RDWR, 0o640)


def shm_other_process(libc, name):
    fd = libc.shm_open(name, CREATE | os.O_RDWR, 0o600)
    os.ftruncate(fd, SIZE)
    with mmap.mmap(fd, SIZE) as memory:
        os.close(fd)
        memory[:6] = b"parent"
        check(other_process("write", libc, name).wait(WAIT) == 0, "the other process failed")
        check(memory[:] == b"child..." * (SIZE // 8), "the other process's bytes did not arrive")


def shm_gone(libc, name):
    os.close(libc.shm_open(name, CREATE | os.O_RDWR, 0o600))
    libc.shm_unlink(name)
    fails_with([errno.ENOENT], libc.shm_open, name, os.O_RDWR, 0)
    fails_with([errno.ENOENT], libc.shm_unlink, name)


def shm_bad_name(libc, name):
    for bad, errors in BAD_NAMES:
        fails_with(errors, libc.shm_open, bad, os.O_CREAT | os.O_RDWR, 0o600)


CHECKS = {
    "sem": (sem_create, sem_counts, sem_same_address, sem_other_process, sem_gone, sem_bad_name),
    "shm": (shm_create, shm_other_process, shm_gone, shm_bad_name),
}


def current_umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


# --- the other process


def post(libc, name):
    libc.sem_post(libc.sem_open(name, 0, 0, 0))


def write(libc, name):
    fd = libc.shm_open(name, os.O_RDWR, 0)
    with mmap.mmap(fd, SIZE) as memory:
        check(memory[:6] == b"parent", "the parent's bytes did not arrive")
        memory[:] = b"child..." * (SIZE // 8)


# --- one handle in one order, in an interpreter in which nothing has touched a semaphore yet


def run_handle(handle, first, expect):
    label = "%s/%s-first" % (handle, first)
    try:
        libc = Libc(handle)
    except OSError:
        print("load", label, "n/a")  # this system has no such library
        return 0, 0, 0
    passed = failed = unexpected = 0
    for family in (first, "shm" if first == "sem" else "sem"):
        if not libc.has(family + "_open"):
            print(family, label, "n/a")  # glibc before 2.34 has them elsewhere
            continue
        for test in CHECKS[family]:
            name = b"/by_handle-%d-%s" % (os.getpid(), test.__name__.encode())
            started = time.monotonic()
            failure = None
            try:
                test(libc, name)
            except (OSError, AssertionError, subprocess.TimeoutExpired) as error:
                failure = error
            try:
                (libc.sem_unlink if family == "sem" else libc.shm_unlink)(name)
            except OSError:
                pass  # removed by the check, or never made
            if failure is None:
                passed += 1
                print(test.__name__, label, "ok", "%.3f" % (time.monotonic() - started), flush=True)
            else:
                failed += 1
                print(test.__name__, label, "FAIL", type(failure).__name__, str(failure).split("\n")[0], flush=True)
            # A wrong name is refused before the directory is looked for, or after: old glibc does the latter.
            may_pass = expect == "pass" or test.__name__.endswith("bad_name")
            may_fail = expect == "fail" and getattr(failure, "errno", None) in ERRNOS_WITHOUT_SHM
            unexpected += not (may_pass if failure is None else may_fail)
    return passed, failed, unexpected


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--first", choices=("sem", "shm"), help="which is called first (default: each in turn)")
    parser.add_argument("--handle", choices=list(HANDLES), action="append", help="default: all that there are")
    parser.add_argument("--expect", choices=("pass", "fail"), default="pass")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--role", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.role:
        role, handle, name = options.role
        return {"post": post, "write": write}[role](Libc(handle), name.encode())
    if options.here:
        passed, failed, unexpected = run_handle(options.handle[0], options.first, options.expect)
        print(passed, failed, unexpected)
        return 0

    passed = failed = unexpected = 0
    for handle in options.handle or HANDLES:
        for first in [options.first] if options.first else ["sem", "shm"]:
            command = [
                sys.executable,
                os.path.abspath(__file__),
                "--here",
                "--handle",
                handle,
                "--first",
                first,
                "--expect",
                options.expect,
            ]
            process = subprocess.Popen(command, stdout=subprocess.PIPE, universal_newlines=True, start_new_session=True)
            try:
                output = process.communicate(timeout=HANGS_AFTER)[0]
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)  # not reaped yet, so the number is still its own
                output = process.communicate()[0]
            if process.returncode != 0:  # crashed or hung: what it had printed is shown, but not counted
                output += "run %s/%s-first FAIL Lost exit status %d\n0 1 1" % (handle, first, process.returncode)
            *lines, last = output.splitlines()
            print(*lines, sep="\n", flush=True)
            passed, failed, unexpected = (a + int(b) for a, b in zip((passed, failed, unexpected), last.split()))
    print("%d passed, %d failed" % (passed, failed))
    return 1 if unexpected or passed + failed == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
