"""What the environment of a function looks like from inside: one line of JSON for each row of docs/lambda-environment.md.

As the handler of a function (app.handler) it answers with the lines and logs them; as a program it prints them. It writes
below /tmp only, and needs nothing but Python. Lines from two places are compared with diff: nothing in them changes from
run to run in one place.
"""
import ctypes
import errno
import glob
import json
import mmap
import os
import platform
import pwd
import resource
import signal
import stat
import sys
import threading

libc = ctypes.CDLL(None, use_errno=True)
CALLS = {
    "x86_64": {"seccomp": 317, "unshare": 272, "mount": 165, "ptrace": 101, "io_uring_setup": 425, "setgroups": 116}
    | {
        "setresuid": 117,
        "capset": 126,
        "fallocate": 285,
        "clone": 56,
        "clone3": 435,
        "userfaultfd": 323,
        "memfd_create": 319,
    },
    "aarch64": {"seccomp": 277, "unshare": 97, "mount": 40, "ptrace": 117, "io_uring_setup": 425, "setgroups": 159}
    | {
        "setresuid": 147,
        "capset": 91,
        "fallocate": 47,
        "clone": 220,
        "clone3": 435,
        "userfaultfd": 282,
        "memfd_create": 279,
    },
}[os.uname().machine]
DEVICES = ("null", "zero", "full", "random", "urandom")


def said(result):
    return errno.errorcode[ctypes.get_errno()] if result == -1 else "worked"


def call(name, *arguments):
    ctypes.set_errno(0)
    words = (ctypes.c_long(value) if isinstance(value, int) else value for value in arguments)
    return said(libc.syscall(CALLS[name], *words))


def in_user_namespace():
    ctypes.set_errno(0)
    flags, none = ctypes.c_long(0x10000011), ctypes.c_long(0)
    result = libc.syscall(CALLS["clone"], flags, none, none, none, none)
    if result == 0:
        os._exit(0)  # a child, where it is allowed
    return said(result)


def prctl(option, *arguments):
    ctypes.set_errno(0)
    return said(libc.prctl(option, *arguments))


def attempt(work, *arguments):
    try:
        work(*arguments)
        return "worked"
    except OSError as error:
        return errno.errorcode[error.errno]


def write(path):
    with open(path, "w"):
        pass


def read(path):
    with open(path) as file:
        return file.read()


def on_file(work):
    with open("/tmp/probe", "wb") as file:
        return work(file.fileno())


def in_child(work):
    """How a child ends that does this."""
    child = os.fork()
    if child == 0:
        work()
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    return signal.Signals(os.WTERMSIG(status)).name if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def executable(code):
    memory = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    memory.write(code)
    at = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    return ctypes.CFUNCTYPE(ctypes.c_int)(at), memory


def old_call():
    """set_thread_area by way of the 32-bit table."""
    signal.signal(signal.SIGSYS, lambda *_: os._exit(9))
    function, _ = executable(b"\x53\xb8\xf3\x00\x00\x00\x31\xdb\xcd\x80\x5b\xc3")
    function()


def jit():
    code = b"\xb8\x2a\x00\x00\x00\xc3" if os.uname().machine == "x86_64" else b"\x40\x05\x80\x52\xc0\x03\x5f\xd6"
    function, _ = executable(code)
    return function()


def run_from_tmp():
    with open("/tmp/script", "w") as file:
        file.write("#!/bin/sh\nexit 5\n")
    os.chmod("/tmp/script", 0o700)
    return os.system("/tmp/script") >> 8


def thread_works():
    seen = []
    thread = threading.Thread(target=seen.append, args=(1,))
    thread.start()
    thread.join()
    return seen == [1]


def hard_link():
    write("/tmp/probe")
    if os.path.exists("/tmp/probe-link"):
        os.unlink("/tmp/probe-link")
    os.link("/tmp/probe", "/tmp/probe-link")


def shared_segment():
    number = libc.shmget(0, 4096, 0o1600)
    result = said(number)
    if number != -1:
        libc.shmctl(number, 0, None)
    return result


def status(*names):
    lines = dict(line.split(":\t", 1) for line in read("/proc/self/status").splitlines() if ":\t" in line)
    return {name: lines.get(name) for name in names}


def mounts(*points):
    found = {}
    for line in read("/proc/mounts").splitlines():
        _, point, kind, options = line.split()[:4]
        words = [word for word in options.split(",") if "=" not in word or word.startswith("data=")]
        if not points or point in points:
            found[point] = {"type": kind, "options": words}
    return {"mounts": found}


def megabytes(path):
    space = os.statvfs(path)
    return space.f_blocks * space.f_frsize >> 20


def first_process():
    return os.readlink("/proc/1/exe") if os.access("/proc/1/exe", os.R_OK) else read("/proc/1/cmdline").split("\0")[0]


def plain_variables():
    """Without those that are secret, or another one each time."""
    hidden = ("SECRET", "TOKEN", "KEY", "STREAM_NAME", "TRACE_ID", "RUNTIME_API", "DAEMON")
    return {name: value for name, value in sorted(os.environ.items()) if not any(word in name for word in hidden)}


def refused_places():
    paths = ("/file", "/etc/file", "/var/task/file", "/opt/file", "/home/file", "/usr/file", "/etc/passwd", "/tmp/file")
    return {path: attempt(write, path) for path in paths}


ROWS = {
    "no /dev/shm": lambda: {
        "dev": sorted(os.listdir("/dev")),
        "make_dev_shm": attempt(os.mkdir, "/dev/shm"),
        "dev_directory": [oct(stat.S_IMODE(os.stat("/dev").st_mode)), os.stat("/dev").st_uid],
    },
    "no tmpfs": lambda: {
        "memory_mounts": [
            point for point, mount in mounts()["mounts"].items() if mount["type"] in ("tmpfs", "ramfs", "devtmpfs")
        ]
    },
    "root": lambda: mounts("/"),
    "root is read-only": lambda: {"writes": refused_places()},
    "/dev": lambda: {**mounts("/dev"), "dev_size": megabytes("/dev")},
    "/dev holds": lambda: {
        "dev_modes": {name: oct(os.lstat("/dev/" + name).st_mode) for name in DEVICES},
        "dev_null": attempt(write, "/dev/null"),
    },
    "/tmp": lambda: {**mounts("/tmp"), "tmp_runs": run_from_tmp()},
    "/tmp size": lambda: {"tmp_size": megabytes("/tmp")},
    "/tmp mode": lambda: {"tmp_mode": [oct(stat.S_IMODE(os.stat("/tmp").st_mode)), os.stat("/tmp").st_uid]},
    "/proc": lambda: mounts("/proc"),
    "no /sys": lambda: {"sys": glob.glob("/sys/*"), "mount_points": sorted(mounts()["mounts"])},
    "user": lambda: {
        "user": [os.getuid(), os.geteuid(), os.getgid(), os.getegid(), [g for g in os.getgroups() if g != 990]]
    },
    "user name": lambda: {"account": list(pwd.getpwuid(os.getuid()))[:1] + list(pwd.getpwuid(os.getuid()))[5:]},
    "home": lambda: {"home": os.environ.get("HOME"), "home_exists": os.path.exists(os.path.expanduser("~"))},
    "capabilities": lambda: {"status": status("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")},
    "open files": lambda: {"files": resource.getrlimit(resource.RLIMIT_NOFILE)},
    "processes": lambda: {"processes": resource.getrlimit(resource.RLIMIT_NPROC)},
    "memory": lambda: {"memory": os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")},
    "fallocate": lambda: {
        "fallocate": on_file(lambda file: call("fallocate", file, 0, 0, 4096)),
        "posix_fallocate": on_file(lambda file: attempt(os.posix_fallocate, file, 0, 4096)),
    },
    "prctl PR_SET_NAME": lambda: {
        "PR_SET_NAME": prctl(15, b"name"),
        "PR_GET_NAME": prctl(16, ctypes.create_string_buffer(16)),
    },
    "prctl PR_SET_PDEATHSIG": lambda: {"PR_SET_PDEATHSIG": prctl(1, 15)},
    "prctl PR_SET_NO_NEW_PRIVS": lambda: {"PR_SET_NO_NEW_PRIVS": prctl(38, 1, 0, 0, 0)},
    "nested seccomp": lambda: {"PR_SET_SECCOMP": prctl(22, 2, None), "seccomp": call("seccomp", 1, 0, None)},
    "user namespaces": lambda: {
        "unshare": call("unshare", 0x10000000),
        "clone": in_user_namespace(),
        "mount": call("mount", b"none", b"/tmp", b"tmpfs", 0, None),
    },
    "other users": lambda: {
        "setgroups": call("setgroups", 0, None),
        "setresuid": call("setresuid", -1, -1, -1),
        "capset": call("capset", None, None),
    },
    "ptrace": lambda: {"ptrace": call("ptrace", 0, 0, 0, 0)},
    "io_uring": lambda: {"io_uring_setup": call("io_uring_setup", 1, None)},
    "int 0x80": lambda: {"int80": in_child(old_call) if os.uname().machine == "x86_64" else None},
    "threads and JIT": lambda: {"thread": thread_works(), "jit": jit()},
    "variables": lambda: {"variables": plain_variables(), "names": sorted(os.environ)},
    "working directory": lambda: {"directory": os.getcwd()},
    "code": lambda: {"task": sorted(os.listdir("/var/task"))},
    "layers": lambda: {
        "opt": {
            name: read("/opt/" + name)[:80] for name in sorted(os.listdir("/opt")) if os.path.isfile("/opt/" + name)
        }
    },
    "not the first process": lambda: {"not_first": os.getpid() != 1, "first_process": first_process()},
    # What nobody has shown of Lambda: these lines are why the probe is run there.
    "kernel": lambda: {"kernel": platform.release(), "machine": platform.machine()},
    "libc": lambda: {"libc": platform.libc_ver()},
    "processors": lambda: {"processors": os.cpu_count()},
    "small mounts": lambda: mounts(),
    "`clone3`": lambda: {"clone3": call("clone3", None, 0)},  # EINVAL: it is there
    "`memfd_create`, `userfaultfd`, System V IPC": lambda: {
        "memfd_create": call("memfd_create", b"probe", 0),
        "userfaultfd": call("userfaultfd", 1),
        "shmget": shared_segment(),
    },
    "hard links": lambda: {"link": attempt(hard_link)},
}


def lines():
    for name, look in ROWS.items():
        try:
            seen = look()
        except Exception as problem:  # pylint: disable=broad-except  # the other rows are worth as much
            seen = {"problem": repr(problem)}
        yield json.dumps({"property": name, "seen": seen}, sort_keys=True)


def handler(event, context):
    found = list(lines())
    print("\n".join(found), flush=True)
    return [json.loads(line) for line in found]


if __name__ == "__main__":
    if os.getuid() == 0:
        sys.exit("not as root: it writes wherever it can, to see where that is refused")
    print("\n".join(lines()))
