#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What an object may grow to, and what statvfs says of the room: on a small disk, and as memory.

Runs as root where there is no /dev/shm, in a /tmp of its own (container/hide-shm). LIBRARY comes from the build.
"""
import errno
import os
import signal
import subprocess
import sys
import unittest

LIBRARY = os.environ["LIBRARY"]
MIB = 1 << 20
DISK = "/tmp/small"  # a file system of 16 MiB

# What the programs below begin with. `tried` prints 0 or the name of the error.
HEAD = '''
import ctypes, errno, mmap, os, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
MIB = 1 << 20
def create(name): return os.open("/dev/shm/" + name, os.O_CREAT | os.O_RDWR, 0o600)
def tried(call, *arguments):
    try: call(*arguments); print(0)
    except OSError as error: print(errno.errorcode[error.errno])
def room(of="/dev/shm"):
    found = os.statvfs(of)
    return found.f_blocks * found.f_frsize, found.f_bavail * found.f_frsize
def forbid_fallocate(ioctl=False):
    """With EPERM, as AWS Lambda's filter does; and ioctl, by which file systems reserve space too."""
    numbers = {"x86_64": (285, 16), "aarch64": (47, 29)}[os.uname().machine][: 2 if ioctl else 1]
    refuse = (0x06, 0, 0, 0x50000 | errno.EPERM)
    steps = [(0x20, 0, 0, 0), *(step for number in numbers for step in ((0x15, 0, 1, number), refuse)), (0x06, 0, 0, 0x7FFF0000)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in steps))
    no_new_privs, set_seccomp, filter_mode = 38, 22, 2
    libc.prctl(no_new_privs, 1, 0, 0, 0)
    assert libc.prctl(set_seccomp, filter_mode, struct.pack("@HP", len(steps), ctypes.addressof(code))) == 0
    file = os.open("/tmp/denied", os.O_CREAT | os.O_RDWR)
    os.unlink("/tmp/denied")
    assert libc.fallocate(file, 0, ctypes.c_long(0), ctypes.c_long(1)) == -1 and ctypes.get_errno() == errno.EPERM
'''


def run(code, **settings):
    env = {key: value for key, value in os.environ.items() if not key.startswith(("DEVSHM", "LD_"))}
    env.update({"DEVSHM_" + key: value for key, value in settings.items()}, LD_PRELOAD=LIBRARY)
    done = subprocess.run(["/usr/bin/python3", "-c", HEAD + code], env=env, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout.split(), done.stderr


class Room(unittest.TestCase):
    def succeeds(self, code, **settings):
        status, out, err = run(code, **settings)
        self.assertEqual((status, err), (0, ""))
        return out


class Disk(Room):
    def setUp(self):
        os.mkdir(DISK)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m,mode=1777", "small", DISK], check=True)
        self.addCleanup(lambda: (subprocess.run(["umount", DISK], check=True), os.rmdir(DISK)))
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"

    def line(self, name, size, space):
        return (
            f"devshm: /dev/shm/{name} is made {size} bytes long, but {DISK} has space for {space}: writing more ends the "
            "program with a bus error (with DEVSHM_RESERVE=1 this call would fail with ENOSPC)\n"
        )

    def test_a_line_once_for_each_object_that_is_too_large(self):
        code = """
a, b, c = map(create, "abc")
os.ftruncate(a, 8 * MIB)
for _ in range(3): os.ftruncate(b, 17 * MIB)
os.truncate("/dev/shm/b", 18 * MIB)
os.truncate("/dev/shm/c", 20 * MIB)
os.ftruncate(a, 4 * MIB)
print(os.fstat(b).st_size)"""
        status, out, err = run(code, DIR=DISK)
        self.assertEqual((status, out), (0, [str(18 * MIB)]))
        self.assertEqual(err, self.line("b", 17 * MIB, 16 * MIB) + self.line("c", 20 * MIB, 16 * MIB))

    def test_what_shm_open_and_system_calls_make_too(self):
        code = """
a = libc.shm_open(b"/a", os.O_CREAT | os.O_RDWR, 0o600)
libc.syscall(%d, a, ctypes.c_long(17 * MIB))
print(os.fstat(a).st_size)"""
        number = {"x86_64": 77, "aarch64": 46}[os.uname().machine]
        status, out, err = run(code % number, DIR=DISK)
        self.assertEqual((status, out, err), (0, [str(17 * MIB)], self.line("a", 17 * MIB, 16 * MIB)))

    def test_the_line_is_above_the_bus_error(self):
        code = """
a = create("a")
os.ftruncate(a, 32 * MIB)
memory = mmap.mmap(a, 32 * MIB)
for at in range(0, 32 * MIB, 4096): memory[at] = 1"""
        status, _, err = run(code, DIR=DISK)
        self.assertEqual((status, err), (-signal.SIGBUS, self.line("a", 32 * MIB, 16 * MIB)))

    def test_it_goes_to_the_log(self):
        status, _, err = run('os.ftruncate(create("a"), 17 * MIB)', DIR=DISK, LOG="/tmp/log")
        self.assertEqual((status, err), (0, ""))
        with open("/tmp/log", encoding="utf-8") as log:
            self.assertIn(self.line("a", 17 * MIB, 16 * MIB), log.readlines())
        os.unlink("/tmp/log")

    def test_not_into_data(self):
        code = 'os.dup2(os.open("/tmp/data", os.O_CREAT | os.O_RDWR), 2); os.ftruncate(create("a"), 17 * MIB)'
        self.assertEqual(run(code, DIR=DISK), (0, [], ""))
        self.assertEqual(os.stat("/tmp/data").st_size, 0)
        os.unlink("/tmp/data")

    def check_reserve(self, before):
        code = """
a = create("a")
tried(os.ftruncate, a, 17 * MIB)
tried(os.truncate, "/dev/shm/a", 17 * MIB)
print(os.fstat(a).st_size, os.fstat(a).st_blocks, room()[1])
tried(os.ftruncate, a, 10 * MIB)
print(os.fstat(a).st_size, os.fstat(a).st_blocks * 512, room()[1])
b = create("b")
tried(os.ftruncate, b, 7 * MIB)
tried(os.ftruncate, a, 0)
tried(os.truncate, "/dev/shm/b", 7 * MIB)
print(os.fstat(b).st_blocks * 512)"""
        out = self.succeeds(before + code, DIR=DISK, RESERVE="1")
        words = ["ENOSPC", "ENOSPC", 0, 0, 16 * MIB, 0, 10 * MIB, 10 * MIB, 6 * MIB, "ENOSPC", 0, 0, 7 * MIB]
        self.assertEqual(out, list(map(str, words)))

    def test_reserve(self):
        self.check_reserve("")

    def test_reserve_where_fallocate_is_refused(self):
        self.check_reserve("forbid_fallocate()")

    def test_reserve_where_ioctl_is_refused_too(self):
        self.check_reserve("forbid_fallocate(ioctl=True)")

    def test_without_it_nothing_is_reserved(self):
        self.assertEqual(
            self.succeeds('a = create("a"); os.ftruncate(a, 10 * MIB); print(os.fstat(a).st_blocks)', DIR=DISK), ["0"]
        )

    def test_a_file_elsewhere_is_no_object(self):
        code = """
create("a")
file = os.open("%s-not", os.O_CREAT | os.O_RDWR, 0o600)
tried(os.ftruncate, file, 1 << 50)
os.unlink("/dev/shm/a")"""
        for settings in ({}, {"RESERVE": "1"}):
            found = run(code % "/tmp/file", **settings)
            self.assertIn(found[1], (["0"], ["EFBIG"]))
            self.assertEqual(found[2], "")
        os.unlink("/tmp/file-not")


class Memory(Room):
    def tearDown(self):
        self.succeeds('[os.unlink("/dev/shm/" + name) for name in os.listdir("/dev/shm")]', STORE="memory")

    @staticmethod
    def half():
        os.mkdir("/tmp/native")
        subprocess.run(["mount", "-t", "tmpfs", "native", "/tmp/native"], check=True)
        found = os.statvfs("/tmp/native")
        subprocess.run(["umount", "/tmp/native"], check=True)
        os.rmdir("/tmp/native")
        return found.f_blocks * found.f_frsize

    def test_statvfs_says_what_a_tmpfs_would(self):
        code = """
a = create("a")
print(room()[0], room("/dev/shm/a")[0], os.fstatvfs(a).f_blocks * os.fstatvfs(a).f_frsize, os.fstatvfs(a).f_bsize)
for found in os.statvfs("/dev/shm"), os.fstatvfs(a): print(found.f_favail == found.f_ffree > 0)"""
        out = self.succeeds(code, STORE="memory")
        self.assertEqual(out[4:], ["True", "True"])
        self.assertEqual(len(set(out[:3])), 1)
        half = self.half()
        self.assertLessEqual(int(out[0]), half)
        if int(out[0]) < half // 100 * 99:  # then a control group has less
            with open("/proc/self/cgroup", encoding="utf-8") as groups:
                self.assertNotEqual(groups.read(), "")
        self.assertEqual(int(out[3]), os.sysconf("SC_PAGESIZE"))

    def test_size(self):
        code = """
print(*room())
a, b = create("a"), create("b")
tried(os.ftruncate, a, 33 * MIB)
tried(os.ftruncate, a, 20 * MIB)
tried(os.ftruncate, b, 20 * MIB)
tried(os.posix_fallocate, b, 0, 20 * MIB)
tried(os.truncate, "/dev/shm/b", 20 * MIB)
tried(os.ftruncate, b, 12 * MIB)
os.write(a, bytes(8 * MIB))
print(*room())
tried(os.ftruncate, a, 8 * MIB)
tried(os.ftruncate, b, 24 * MIB)"""
        out = self.succeeds(code, STORE="memory", SIZE="32M")
        words = [32 * MIB, 32 * MIB, "ENOSPC", 0, "ENOSPC", "ENOSPC", "ENOSPC", 0, 32 * MIB, 24 * MIB, 0, 0]
        self.assertEqual(out, list(map(str, words)))

    def test_size_and_small_objects(self):
        code = """
a, b = create("a"), create("b")
tried(os.ftruncate, a, 3 * MIB)
tried(os.ftruncate, b, 3 * MIB)
tried(os.ftruncate, b, MIB)"""
        self.assertEqual(self.succeeds(code, STORE="memory", SIZE="4M"), ["0", "ENOSPC", "0"])

    def test_room_comes_back(self):
        self.succeeds('os.ftruncate(create("a"), 32 * MIB)', STORE="memory", SIZE="32M")
        self.succeeds('os.unlink("/dev/shm/a")', STORE="memory", SIZE="32M")
        code = """
for _ in range(100):
    b = create("b")
    os.ftruncate(b, 32 * MIB)
    os.unlink("/dev/shm/b")
    os.close(b)"""
        self.succeeds(code, STORE="memory", SIZE="32M")


class LittleMemory(Room):
    """A machine that says it has 128 MiB of memory, 40 of them available: nothing here may depend on using it up."""

    def setUp(self):
        with open("/tmp/meminfo", "w", encoding="utf-8") as file:
            file.write(f"MemTotal: {128 << 10} kB\nMemFree: 5 kB\nMemAvailable: {40 << 10} kB\n")
        subprocess.run(["mount", "--bind", "/tmp/meminfo", "/proc/meminfo"], check=True)
        self.addCleanup(lambda: (subprocess.run(["umount", "/proc/meminfo"], check=True), os.unlink("/tmp/meminfo")))

    def tearDown(self):
        self.succeeds('[os.unlink("/dev/shm/" + name) for name in os.listdir("/dev/shm")]', STORE="memory")

    def test_statvfs(self):
        self.assertEqual(self.succeeds("print(*room())", STORE="memory"), [str(64 * MIB), str(40 * MIB)])
        self.assertEqual(
            self.succeeds("print(*room())", STORE="memory", SIZE="25%")[0], str(128 * MIB // 100 * 25 // 4096 * 4096)
        )

    def test_reserve(self):
        for before in "", "forbid_fallocate()", "forbid_fallocate(ioctl=True)":
            with self.subTest(before=before):
                self.check_reserve(before)

    def check_reserve(self, before):
        code = """
a = create("a")
tried(os.ftruncate, a, 50 * MIB)
tried(os.truncate, "/dev/shm/a", 50 * MIB)
print(os.fstat(a).st_size)
tried(os.ftruncate, a, 20 * MIB)
print(os.fstat(a).st_size, os.fstat(a).st_blocks * 512)
os.unlink("/dev/shm/a")"""
        words = ["ENOSPC", "ENOSPC", 0, 0, 20 * MIB, 20 * MIB]
        self.assertEqual(self.succeeds(before + code, STORE="memory", RESERVE="1"), list(map(str, words)))

    def test_more_than_the_memory(self):
        code = """
a, b = create("a"), create("b")
tried(os.ftruncate, a, 50 * MIB)
tried(os.ftruncate, a, 60 * MIB)
tried(os.posix_fallocate, a, 0, 60 * MIB)
tried(os.posix_fallocate, b, 0, 50 * MIB)
tried(os.posix_fallocate, b, 0, 20 * MIB)"""
        status, out, err = run(code, STORE="memory")
        self.assertEqual((status, out), (0, ["0", "0", "ENOSPC", "ENOSPC", "0"]))
        self.assertEqual(
            err,
            f"devshm: /dev/shm/a is made {50 * MIB} bytes long, but there is memory for {40 * MIB}: using more makes the kernel "
            "end a process (with DEVSHM_RESERVE=1 this call would fail with ENOSPC)\n",
        )


if __name__ == "__main__":
    if os.path.exists("/dev/shm"):
        sys.exit("/dev/shm is there: run this below container/hide-shm")
    unittest.main(verbosity=2)
