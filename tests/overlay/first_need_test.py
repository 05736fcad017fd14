#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""When a program first needs /dev/shm: not by loading a library, but by a function from its handle; and what happens
where the real /dev/shm is the better one.

Stands where directory_test.py does.
"""
import os
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
from directory_test import LIBRARY, TMPFS, Fresh, main, take  # noqa: E402  pylint: disable=wrong-import-position


class Handles(Fresh):
    """Programs that load libc by themselves, or themselves (ctypes, JNA, P/Invoke)."""

    def run_python(self, text, user=(), cwd="/", **settings):
        env = {key: value for key, value in os.environ.items() if not key.startswith("DEVSHM_")}
        env.update({"DEVSHM_" + key: value for key, value in settings.items()})
        env.pop("LD_PRELOAD", None)
        done = subprocess.run(
            [*user, "env", "LD_PRELOAD=" + LIBRARY, "/usr/bin/python3", "-I", "-c", text],
            env=env,
            cwd=cwd,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )
        return done.returncode, done.stdout, done.stderr

    def test_to_load_a_library_makes_nothing(self):
        for library in ("None", "'libc.so.6'", "'libpthread.so.0'", "'librt.so.1'"):
            self.assertEqual(self.run_python("import ctypes; ctypes.CDLL(%s).getpid()" % library), (0, "", ""))
            self.assertEqual(sorted(os.listdir("/tmp")), ["aside"])
        os.symlink("/tmp/aside", "/tmp/shm")  # nor is it a matter to speak of
        self.assertEqual(self.run_python("import ctypes; ctypes.CDLL('libc.so.6')"), (0, "", ""))

    def test_an_inherited_working_directory(self):
        """Its name is shown as soon as it is asked for, also where it fits only as it is shown."""
        directory = "/tmp/longer-than-dev-shm"
        os.mkdir(directory)
        self.addCleanup(os.rmdir, directory)
        text = """
import ctypes
libc = ctypes.CDLL(None)
name, found = ctypes.create_string_buffer(64), (ctypes.c_long * 64)()
def room_for(size): return libc.getcwd(name, size)
print(room_for(8) != 0, room_for(9) != 0, name.value.decode(), libc.statfs(b".", found), hex(found[0]))
"""
        said = "False True /dev/shm 0 0x%s\n" % TMPFS
        self.assertEqual(self.run_python(text, cwd=directory, DIR=directory), (0, said, ""))

    def test_shared_memory_by_handle(self):
        text = """
import ctypes, os, shutil
for library in (None, "libc.so.6", "libpthread.so.0", "librt.so.1", "libm.so.6"):
    handle = ctypes.CDLL(library, use_errno=True)
    for _ in range(2):
        fd = handle.shm_open(b"/h", os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
        print(fd >= 0, os.path.exists("/tmp/shm/h"), os.path.exists("/dev/shm/h"))
        os.close(fd)
        shutil.rmtree("/tmp/shm")    # as a handler does that empties /tmp
    handle.sem_open.restype = ctypes.c_void_p
    print(handle.sem_open(b"/s", os.O_CREAT, 0o600, 1) is not None, os.listdir("/dev/shm"), handle.sem_unlink(b"/s"))
    shutil.rmtree("/tmp/shm")
"""
        self.assertEqual(self.run_python(text), (0, ("True True True\n" * 2 + "True ['sem.s'] 0\n") * 5, ""))

    def test_a_refused_directory_by_handle(self):
        os.symlink("/tmp/aside", "/tmp/shm")
        code, out, said = self.run_python(
            "import ctypes, os; c = ctypes.CDLL('libc.so.6', use_errno=True); "
            "print(c.shm_open(b'/h', os.O_CREAT | os.O_RDWR, 0o600), ctypes.get_errno())"
        )
        self.assertEqual((code, out, said.count("\n")), (0, "-1 40\n", 1))
        self.assertIn("/tmp/shm is a symbolic link", said)
        self.assertEqual(os.listdir("/tmp/aside"), [])


@unittest.skipIf(os.geteuid() != 0, "needs root to mount")
class StandsAside(Fresh):
    """Where the directory can't be used and the real /dev/shm can, a program works as it does without devshm."""

    REAL = "mkdir -p /dev/shm && mount -t tmpfs tmpfs /dev/shm && "
    READ_ONLY = "mount --bind /tmp /tmp && mount -o remount,bind,ro /tmp && "
    STEPS = (
        "path=a",
        "sem=/b",
        "shm=/c",
        "where=/c",
        "fs=/dev/shm",
        "list=/dev/shm",
        "sh=echo x > /dev/shm/d",
        "bind=e",
        "look=/d",
        "list=/dev/shm",
    )
    REAL_ONE_IN_USE = [
        "path ok",
        "sem ok",
        "shm ok",
        "where ok /dev/shm/c",
        "fs ok " + TMPFS,
        "list ok 5",
        "sh ok",
        "bind ok /dev/shm/e",
        "look ok 100644",
        "list ok 7",
    ]

    def take(self, prepare, *steps, **settings):
        self.addCleanup(os.system, "rmdir /dev/shm 2>/dev/null")
        in_namespace = ["unshare", "-m", "sh", "-c", prepare + 'exec "$@"', "sh"]
        return take(*(steps or self.STEPS), user=in_namespace, **settings)

    def test_a_read_only_tmp(self):
        self.expect(self.take(self.REAL + self.READ_ONLY), self.REAL_ONE_IN_USE)
        self.assertEqual(os.listdir("/tmp"), ["aside"])

    def test_a_read_only_tmp_with_the_directory_in_it(self):
        os.mkdir("/tmp/shm")
        os.chmod("/tmp/shm", 0o1777)
        self.expect(self.take(self.REAL + self.READ_ONLY), self.REAL_ONE_IN_USE)

    def test_whatever_comes_first(self):
        for step, line in (("shm=/c", "shm ok"), ("bind=e", "bind ok /dev/shm/e"), ("list=/dev/shm", "list ok 2")):
            self.expect(
                self.take(self.REAL + self.READ_ONLY, step, "path=a", "fs=/dev/shm"),
                [line, "path ok", "fs ok " + TMPFS],
            )

    def test_by_handle(self):
        """Also where a library with RTLD_DEEPBIND has needed another constant already."""
        library = "[line.split()[-1] for line in open('/proc/self/maps') if '/libc.so.6' in line][0]"
        for deep in ("", "ctypes.CDLL(%s, os.RTLD_DEEPBIND | os.RTLD_NOW); " % library):
            text = (
                "import ctypes, os; %sprint(ctypes.CDLL('libc.so.6').shm_open(b'/h', os.O_CREAT | os.O_RDWR, 0o600) >= 0, "
                "os.listdir('/dev/shm'))" % deep
            )
            done = subprocess.run(
                [
                    "unshare",
                    "-m",
                    "sh",
                    "-c",
                    self.REAL + self.READ_ONLY + 'LD_PRELOAD="$0" exec "$@"',
                    LIBRARY,
                    "/usr/bin/python3",
                    "-c",
                    text,
                ],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=60,
            )
            self.addCleanup(os.system, "rmdir /dev/shm 2>/dev/null")
            self.assertEqual((done.returncode, done.stdout), (0, "True ['h']\n"))

    def test_what_somebody_has_done_is_said(self):
        steps = ("path=a", "sem=/b", "shm=/c", "fs=/dev/shm", "list=/dev/shm")
        good = ["path ok", "sem ok", "shm ok", "fs ok " + TMPFS, "list ok 5"]
        os.symlink("/tmp/aside", "/tmp/shm")
        self.expect(
            self.take(self.REAL, *steps),
            good,
            "/tmp/shm is a symbolic link, which could lead anywhere; /dev/shm itself is used",
        )
        self.assertEqual(os.listdir("/tmp/aside"), [])
        self.expect(
            self.take(self.REAL + self.READ_ONLY, *steps, DIR="/tmp/elsewhere"),
            good,
            "can't make /tmp/elsewhere: the file system is read-only (errno 30); /dev/shm itself is used",
        )

    def test_a_real_one_that_is_no_better(self):
        for real in ("", self.REAL + "mount -o remount,ro /dev/shm && ", "mkdir -p /dev/shm && "):
            lines, said = self.take(real + self.READ_ONLY, "path=a", "sem=/b", "shm=/c")
            self.expect((lines, said), ["path errno 30", "sem errno 30", "shm errno 30"], "can't make /tmp/shm")

    def test_not_where_it_can_be_used(self):
        lines, said = self.take(self.REAL)
        self.expect((lines[:4], said), ["path ok", "sem ok", "shm ok", "where ok /tmp/shm/c"])


@unittest.skipIf(os.geteuid() != 0, "needs root to mount")
class TwoTmps(Fresh):
    """Processes that share a real /dev/shm and have a /tmp each (docs/elsewhere.md)."""

    def setUp(self):
        super().setUp()
        os.mkdir("/dev/shm")
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/dev/shm"], check=True)
        self.addCleanup(subprocess.run, "umount /dev/shm; rmdir /dev/shm", shell=True, check=True)

    def seen_by_the_other(self, **settings):
        seen = []
        for side, steps in (("a", ["shm=/m", "put=/m:hello"]), ("b", ["get=/m"])):
            os.makedirs("/tmp/aside/" + side, exist_ok=True)
            in_namespace = ["unshare", "-m", "sh", "-c", 'mount --bind "$0" /tmp && exec "$@"', "/tmp/aside/" + side]
            seen = take(*steps, user=in_namespace, **settings)
        return seen

    def test_they_have_an_overlay_each(self):
        self.expect(self.seen_by_the_other(), ["get errno 2"])

    def test_the_setting_that_helps(self):
        self.expect(self.seen_by_the_other(preload=False), ["get ok hello"])
        self.expect(self.seen_by_the_other(WHEN="missing"), ["get ok hello"])
        with tempfile.TemporaryDirectory(prefix="devshm-test.", dir="/var/tmp") as place:
            self.expect(self.seen_by_the_other(DIR=place + "/shared"), ["get ok hello"])


if __name__ == "__main__":
    main()
