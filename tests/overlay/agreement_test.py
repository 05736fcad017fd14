#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Every wrapped function agrees with its system call: both are called with the same arguments, on the same files, and
must return the same, say the same, leave the same files, and have the same paths rewritten.

    agreement_test.py      under the library, without /dev/shm, with DEVSHM_LOG set (meson test agreement)

A function that is wrapped and has a system call of its name must have a row here, or a reason to have none.
"""
import ctypes
import itertools
import os
import pathlib
import re
import shutil
import sys

HERE = pathlib.Path(__file__).resolve().parent
HEADER = "asm/unistd_64.h" if os.uname().machine == "x86_64" else "asm-generic/unistd.h"
AT_FDCWD, ROOT = -100, os.open("/", os.O_PATH)

# The arguments of each: P is a path, D where it starts (the working directory, or the descriptor of /), B memory, numbers are
# themselves.
ROWS = {
    "open": "P 0",
    "openat": "D P 0",
    "creat": "P 420",
    "name_to_handle_at": "D P B B 0",
    "stat": "P B",
    "lstat": "P B",
    "statx": "D P 0 2047 B",
    "statfs": "P B",
    "access": "P 4",
    "faccessat": "D P 4 0",
    "mkdir": "P 448",
    "mkdirat": "D P 448",
    "rmdir": "P",
    "chdir": "P",
    "link": "P P",
    "linkat": "D P D P 0",
    "symlink": "P P",
    "symlinkat": "P D P",
    "unlink": "P",
    "unlinkat": "D P 0|512",
    "rename": "P P",
    "renameat": "D P D P",
    "renameat2": "D P D P 0|1",
    "readlink": "P B 100",
    "readlinkat": "D P B 100",
    "chmod": "P 448",
    "fchmodat": "D P 448 0",
    "chown": "P -1 -1",
    "lchown": "P -1 -1",
    "fchownat": "D P -1 -1 0",
    "utime": "P 0",
    "utimes": "P 0",
    "futimesat": "D P 0",
    "utimensat": "D P 0 0",
    "mknod": "P 4480 0",
    "mknodat": "D P 4480 0",
    "truncate": "P 3",
    "setxattr": "P N B 1 0",
    "lsetxattr": "P N B 1 0",
    "getxattr": "P N B 9",
    "lgetxattr": "P N B 9",
    "listxattr": "P B 100",
    "llistxattr": "P B 100",
    "removexattr": "P N",
    "lremovexattr": "P N",
    "mount": "P P T 0|32|4096 0",
    "umount2": "P 0",
    "open_tree": "D P 0",
    "move_mount": "D P D P 0",
    "fspick": "D P 0",
    "mount_setattr": "D P 0 B 0",
    "fsconfig": "-1 1|3 S P -100",
    "fanotify_mark": "-1 1 1 D P",
    "inotify_add_watch": "-1 P 256",
    "getcwd": "B 100",
}
NO_ROW = {
    "execve": "it replaces the process",
    "execveat": "likewise",
    "chroot": "it can't be taken back",
    "acct": "it needs a file that the kernel writes to",
    "openat2": "glibc has it since 2.43",
    "fstatfs": "no path",
    "fstat": "no path",
    "getdents64": "no path",
    "umask": "no path",
    "fallocate": "no path",
    "ftruncate": "no path",
    **dict.fromkeys(
        "accept accept4 bind connect getpeername getsockname recvfrom recvmmsg recvmsg sendmmsg sendmsg sendto".split(),
        "socket_test.cpp and syscall_test.cpp have them, with both ends",
    ),
}
PATHS = [
    b"/dev/shm/file",
    b"/dev/shm/dir",
    b"/dev/shm/missing",
    b"/dev/shm/link",
    b"/dev/shm",
    b"/tmp/outside/file",
    b"/tmp/outside/new",
]
FEWER_PATHS = [b"/dev/shm/file", b"/dev/shm/dir", b"/dev/shm/missing", b"/dev/shm", b"/tmp/outside/new"]

libc = ctypes.CDLL(None, use_errno=True)
log = pathlib.Path(os.environ["DEVSHM_LOG"])
backing, outside = pathlib.Path(os.environ.get("DEVSHM_DIR", "/tmp/shm")), pathlib.Path("/tmp/outside")


def numbers():
    text = ""
    for directory in ("/usr/include", "/usr/include/%s-linux-gnu" % os.uname().machine):
        if pathlib.Path(directory, HEADER).exists():
            text = pathlib.Path(directory, HEADER).read_text()
    return {name: int(number) for name, number in re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", text)}


def furnish():
    for base in (backing, outside):
        shutil.rmtree(base, ignore_errors=True)
        base.mkdir()
        base.chmod(0o1777)
        (base / "dir").mkdir()
        (base / "file").write_text("text")
        (base / "link").symlink_to("file")


def files():
    found = []
    for base in (backing, outside):
        for path in sorted(base.rglob("*")):
            status = path.lstat()
            found.append((str(path), oct(status.st_mode), status.st_size if not path.is_dir() else 0, status.st_nlink))
    return found


def outcome(call, words):
    """What a call returns and says, what it has written to memory, what files it leaves, and which paths were rewritten."""
    furnish()
    buffers = [ctypes.create_string_buffer(512) for word in words if word == "B"]
    given = iter(buffers)
    arguments = []
    for word in words:
        if word == "B":
            arguments.append(next(given))
        else:
            arguments.append(ctypes.c_char_p(word) if isinstance(word, bytes) else ctypes.c_long(word))
    log.write_text("")
    ctypes.set_errno(0)
    result = call(*arguments)
    error = ctypes.get_errno() if result == -1 else 0
    after = files()
    rewritten = re.findall(r"^devshm\[\d+\] \w+: (.*)$", log.read_text(), re.M)
    mounts = [
        line.split()[:2]
        for line in open("/proc/self/mounts")
        if line.split()[1].startswith((str(backing), str(outside)))
    ]
    for _, target in reversed(mounts):
        libc.umount2(target.encode(), 2)
    if result > 2 and call.opens:
        os.close(result)
        result = "a descriptor"
    os.chdir("/")
    written = [] if call.times else [buffer.raw for buffer in buffers]
    return result, errno_name(error), after, rewritten, mounts, written


def errno_name(error):
    return os.strerror(error) if error else ""


class Call:
    def __init__(self, name, function, *first):
        self.function, self.first = function, first
        self.opens = name in ("open", "openat", "creat", "open_tree", "fspick", "inotify_add_watch")
        # What has times, or addresses, in it differs from one call to the next.
        self.times = name in ("stat", "lstat", "statx", "statfs", "name_to_handle_at")
        self.function.restype = (
            ctypes.c_long
            if name in ("readlink", "readlinkat", "getxattr", "lgetxattr", "listxattr", "llistxattr") or first
            else ctypes.c_int
        )

    def __call__(self, *arguments):
        return self.function(*self.first, *arguments)


def choices(words):
    count = words.count("P")
    for word in words:
        if word == "P":
            yield PATHS if count == 1 else FEWER_PATHS
        elif word == "D":
            yield [AT_FDCWD, ROOT]
        elif word == "B":
            yield ["B"]
        elif word in "NST":
            yield [{"N": b"user.a", "S": b"source", "T": b"tmpfs"}[word]]
        else:
            yield [int(number) for number in word.split("|")]


def compare(name, number):
    words = ROWS[name].split()
    function = Call(name, libc[name])
    system_call = Call(name, libc.syscall, ctypes.c_long(number))
    count, wrong = 0, []
    for given in itertools.product(*choices(words)):
        if ROOT in given:  # a path that starts at a descriptor is relative
            given = tuple(word[1:] if isinstance(word, bytes) and word.startswith(b"/") else word for word in given)
        ours, theirs = outcome(function, given), outcome(system_call, given)
        if name == "getcwd":  # the function returns the address, the system call the length
            ours, theirs = ours[1:], theirs[1:]
        count += 1
        if ours != theirs:
            wrong.append("%s%s:\n  function     %s\n  system call  %s" % (name, given, ours, theirs))
    print("%-6s %s: %d calls" % ("not ok" if wrong else "ok", name, count))
    for line in wrong[:3]:
        print(line)
    return bool(wrong)


def main():
    os.chdir("/")
    known = numbers()
    table = (HERE.parent / "artifact/functions.tsv").read_text().splitlines()
    functions = [line for line in table if not line.startswith("#")]
    exported = {name for name, _, treatment, *_ in (line.split("\t") for line in functions) if treatment == "wrapped"}
    wanted = {name for name in exported if name in known}
    failed = 0
    for name in sorted(wanted - set(ROWS) - set(NO_ROW)):
        print("not ok %s: neither a row nor a reason to have none" % name)
        failed += 1
    for name in sorted(wanted & set(ROWS)):
        if hasattr(libc, name):
            failed += compare(name, known[name])
    print("%d failed" % failed)
    return 1 if failed or not wanted else 0


if __name__ == "__main__":
    sys.exit(main())
