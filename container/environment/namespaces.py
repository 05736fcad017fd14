# SPDX-License-Identifier: MIT
"""Makes private namespaces of mounts and processes: what is mounted or started inside ends with them in any case."""
import ctypes
import os
import pathlib
import shutil
import signal
import sys

from . import Failed, groups

CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWPID = 0x20000, 0x10000000, 0x20000000
MS_REC, MS_PRIVATE = 0x4000, 0x40000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_REMOUNT, MS_NOATIME, MS_BIND, MS_RELATIME = 1, 2, 4, 0x20, 0x400, 0x1000, 0x200000
PR_SET_PDEATHSIG = 1
FORWARDED = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2)
PREFIX = "devshm-lambda."

libc = ctypes.CDLL(None, use_errno=True)


def check(result, what):
    if result != 0:
        raise Failed("%s: %s" % (what, os.strerror(ctypes.get_errno())))


def unshare(flags):
    check(libc.unshare(flags), "private namespaces are refused")


def start_time(process):
    """Distinguishes a process from a later one with the same pid."""
    return pathlib.Path("/proc/%s/stat" % process).read_text().rpartition(")")[2].split()[19]


def is_gone(name):
    """Whether this is the name of a run that has ended."""
    process, _, started = name[len(PREFIX) :].partition("-")[0].partition(".")  # "-" and the number of a copy
    if not (process.isdigit() and started.isdigit()):
        return False
    try:
        return start_time(process) != started
    except OSError:
        return True


def sweep(place):
    """Removes what a killed run has left behind. Its mounts have gone with its namespaces."""
    groups.sweep(PREFIX, is_gone)
    for left in place.glob(PREFIX + "*"):
        if is_gone(left.name):
            shutil.rmtree(left, ignore_errors=True)


def scratch_directory(place):
    place.mkdir(parents=True, exist_ok=True)
    sweep(place)
    scratch = place / ("%s%d.%s" % (PREFIX, os.getpid(), start_time(os.getpid())))
    scratch.mkdir(0o700)
    return scratch


def run_inside(place, work):
    """Calls work(scratch) in the first process of new namespaces; returns the status that it returned.

    Signals are passed on to it. If this process is killed, the kernel kills that one, and with it all that runs there.
    """
    scratch = scratch_directory(place)
    outer = os.getpid()
    try:
        # No signal is lost in between: they stay pending until a process takes them.
        signal.pthread_sigmask(signal.SIG_BLOCK, FORWARDED)
        sys.stdout.flush()
        sys.stderr.flush()
        unshare(CLONE_NEWPID)
        child = os.fork()
        if child == 0:
            os._exit(first_process(scratch, work))
        for number in FORWARDED:
            signal.signal(number, lambda number, _: os.kill(child, number))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, FORWARDED)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    finally:
        if os.getpid() == outer:
            shutil.rmtree(scratch, ignore_errors=True)


def first_process(scratch, work):
    status = 125
    try:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != 0:  # 0: a parent outside of this namespace, which is alive
            return 125
        unshare(CLONE_NEWNS)
        check(libc.mount(None, b"/", None, MS_REC | MS_PRIVATE, None), "private mounts are refused")
        # In a user namespace the kernel allows another /proc only with the same handling of access times.
        check(libc.mount(b"proc", b"/proc", b"proc", MS_NOATIME, None), "can't mount /proc")
        status = work(scratch)
    except Failed as failure:
        print("lambda: %s" % failure, file=sys.stderr)
    except BaseException:  # pylint: disable=broad-except  # no caller would report it
        sys.excepthook(*sys.exc_info())
    sys.stdout.flush()
    sys.stderr.flush()
    return status


def in_mounts_of(process, work):
    """Calls work() in a process of its own, which sees what `process` has mounted."""
    inside = os.open("/proc/%d/ns/mnt" % process, os.O_RDONLY | os.O_CLOEXEC)
    child = os.fork()
    if child == 0:
        try:
            check(libc.setns(inside, CLONE_NEWNS), "setns")
            work()
            os._exit(0)
        except BaseException:  # pylint: disable=broad-except
            sys.excepthook(*sys.exc_info())
        finally:
            os._exit(1)
    os.close(inside)
    if os.waitpid(child, 0)[1] != 0:
        raise Failed("can't change the container's mounts to Lambda's")


def set_root_options():
    check(
        libc.mount(None, b"/", None, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_RELATIME, None),
        "can't set the root's mount options",
    )
