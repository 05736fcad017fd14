"""A handler that leaves processes behind, sleeps, and says what it finds of earlier ones."""
import ctypes
import errno
import os
import resource
import subprocess
import time

with open("/tmp/initialized", "a") as file:
    file.write("x")
INITIALIZED = os.path.getsize("/tmp/initialized")
if os.environ.get("FAIL_ONCE") and INITIALIZED == 1:
    raise RuntimeError("the first time")
if os.environ.get("SLOW_ONCE") and INITIALIZED == 1:
    time.sleep(1000)


def commands():
    found = {}
    for entry in os.listdir("/proc"):
        try:
            with open("/proc/%s/cmdline" % entry) as file:
                found[entry] = file.read().replace("\0", " ").strip()
        except OSError:
            pass
    return found


def limits():
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/tmp/room", "w") as file:
        said = libc.syscall(
            {"x86_64": 285, "aarch64": 47}[os.uname().machine], file.fileno(), 0, ctypes.c_long(0), ctypes.c_long(4096)
        )
    mask = os.umask(0o22)
    with open("/proc/self/status") as file:
        capabilities = next(line.split()[1] for line in file if line.startswith("CapEff"))
    return {
        "user": [os.getuid(), os.getgid(), [group for group in os.getgroups() if group != 990]],
        "files": resource.getrlimit(resource.RLIMIT_NOFILE),
        "processes": resource.getrlimit(resource.RLIMIT_NPROC),
        "fallocate": errno.errorcode[ctypes.get_errno()] if said else "worked",
        "capabilities": capabilities,
        "umask": mask,
        "parent": commands()[str(os.getppid())].split()[0],
        "directory": os.getcwd(),
    }


def handler(event, context):
    do = event.get("do")
    if do == "limits":
        return limits()
    left = None
    if do == "leave":
        # Away from the runtime: a session of its own, and no parent that knows it.
        left = int(
            subprocess.run(
                ["sh", "-c", "setsid sleep 1000 >/dev/null 2>&1 & echo $!"], stdout=subprocess.PIPE, check=True
            ).stdout
        )
        for place in ("/tmp", "/dev/shm"):
            with open(place + "/kept", "w") as file:
                file.write("kept")
    if do == "sleep":
        time.sleep(1000)
    running = commands()
    kept = ""
    if os.path.exists("/tmp/kept"):
        with open("/tmp/kept") as file:
            kept = file.read()
    return {
        "left": left,
        "processes": [int(entry) for entry in running if entry.isdigit()],
        "kept": kept,
        "shm": sorted(os.listdir("/dev/shm")),
        "sleeping": sum(command == "sleep 1000" for command in running.values()),
        "initialized": INITIALIZED,
    }
