#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The backing directory and the settings, as a program sees them.

Runs itself again where there is no /dev/shm (container/hide-shm), with a /tmp of its own, so that it may empty it,
fill it and make it read-only. `steps` (steps.c) is the program; LIBRARY and STEPS come from the build.
"""
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import unittest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HIDDEN = "DEVSHM_TEST_IS_HIDDEN"
LIBRARY, STEPS = os.environ["LIBRARY"], os.environ["STEPS"]
AS_NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
TMPFS = "1021994"


def take(*steps, preload=True, user=(), **settings):
    """The lines that `steps` prints, as a list, and what it said on standard error."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("DEVSHM_") and key != "LD_PRELOAD"}
    if preload:
        env["LD_PRELOAD"] = LIBRARY
    env.update({"DEVSHM_" + key: value for key, value in settings.items()})
    # setpriv itself runs without the preload, which `env` gives to the program alone.
    preload_env = ["env", "LD_PRELOAD=" + env.pop("LD_PRELOAD")] if preload else []
    done = subprocess.run([*user, *preload_env, STEPS, *steps], env=env, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == 0, done
    return done.stdout.splitlines(), done.stderr


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


class Fresh(unittest.TestCase):
    """Each test begins with an empty /tmp."""

    def setUp(self):
        subprocess.run("rm -rf /tmp/shm /tmp/.[a-zA-Z0-9]* /tmp/deep /tmp/s /tmp/aside; mkdir /tmp/aside", shell=True, check=True)
        self.addCleanup(subprocess.run, "umount -l /tmp/bound 2>/dev/null; rm -rf /tmp/bound", shell=True)

    def expect(self, taken, lines, complaint=None):
        self.assertEqual(taken[0], lines)
        if complaint is None:
            self.assertEqual(taken[1], "")
        else:
            self.assertIn(complaint, taken[1])
            self.assertEqual(taken[1].count("\n"), 1, "one line: " + taken[1])


class WithoutDevshm(Fresh):
    def test_it_fails_where_there_is_no_dev_shm(self):
        self.expect(take("path=a", "sem=/b", "shm=/c", preload=False), ["path errno 2", "sem errno 2", "shm errno 2"])


class Directory(Fresh):
    def test_mode_is_1777_whatever_the_umask(self):
        self.expect(take("umask=077", "path=a"), ["umask ok", "path ok"])
        self.assertEqual(mode("/tmp/shm"), 0o1777)
        os.system("rm -rf /tmp/shm")
        self.expect(take("umask=077", "sem=/b"), ["umask ok", "sem ok"])
        self.assertEqual(mode("/tmp/shm"), 0o1777)

    def test_a_directory_of_the_users_keeps_its_mode(self):
        os.mkdir("/tmp/shm", 0o700)
        self.expect(take("path=a"), ["path ok"])
        self.assertEqual(mode("/tmp/shm"), 0o700)

    def test_it_is_made_again_when_somebody_empties_tmp(self):
        gone = "sh=rm -rf /tmp/shm"
        for route in ("path=a", "sem=/b", "shm=/c", "list=/dev/shm"):
            with self.subTest(route):
                os.system("rm -rf /tmp/shm")
                good = take(route)[0][0]
                self.assertIn(" ok", good)
                self.expect(take(gone, route, gone, route, gone, route), ["sh ok", good] * 3)
                self.assertEqual(mode("/tmp/shm"), 0o1777)

    def test_a_missing_object_is_still_missing(self):
        self.expect(take("path=a", "look=b", "has-sem=/b", "has-shm=/b"),
                    ["path ok", "look errno 2", "has-sem errno 2", "has-shm errno 2"])

    def test_nothing_is_left_beside_it(self):
        take("path=a", "sem=/b", "shm=/c")
        self.assertEqual([name for name in os.listdir("/tmp") if name.startswith("shm")], ["shm"])
        self.assertEqual(sorted(os.listdir("/tmp/shm")), ["a", "c", "sem.b"])


class Handles(Fresh):
    """Programs that load libc by themselves, or themselves (ctypes, JNA, P/Invoke)."""

    def run_python(self, text, user=(), **settings):
        env = {key: value for key, value in os.environ.items() if not key.startswith("DEVSHM_")}
        env.update({"DEVSHM_" + key: value for key, value in settings.items()})
        env.pop("LD_PRELOAD", None)
        done = subprocess.run([*user, "env", "LD_PRELOAD=" + LIBRARY, "/usr/bin/python3", "-c", text], env=env, cwd="/",
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)
        return done.returncode, done.stdout, done.stderr

    def test_to_load_a_library_makes_nothing(self):
        for library in ("None", "'libc.so.6'", "'libpthread.so.0'", "'librt.so.1'"):
            self.assertEqual(self.run_python("import ctypes; ctypes.CDLL(%s).getpid()" % library), (0, "", ""))
            self.assertEqual(sorted(os.listdir("/tmp")), ["aside"])
        os.symlink("/tmp/aside", "/tmp/shm")   # nor is it a matter to speak of
        self.assertEqual(self.run_python("import ctypes; ctypes.CDLL('libc.so.6')"), (0, "", ""))

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
        code, out, said = self.run_python("import ctypes, os; c = ctypes.CDLL('libc.so.6', use_errno=True); "
                                          "print(c.shm_open(b'/h', os.O_CREAT | os.O_RDWR, 0o600), ctypes.get_errno())")
        self.assertEqual((code, out, said.count("\n")), (0, "-1 40\n", 1))
        self.assertIn("/tmp/shm is a symbolic link", said)
        self.assertEqual(os.listdir("/tmp/aside"), [])


class Refused(Fresh):
    """A directory that could be somebody's trap is not used, and nothing behind it is touched."""

    def everything(self, error, complaint, **how):
        self.expect(take("path=a", "sem=/b", "shm=/c", "list=/dev/shm", **how),
                    [f"{step} errno {error}" for step in ("path", "sem", "shm", "list")], complaint)

    def test_symlink(self):
        os.symlink("/tmp/aside", "/tmp/shm")
        self.everything(40, "/tmp/shm is a symbolic link")
        self.assertEqual(os.listdir("/tmp/aside"), [])

    def test_file(self):
        open("/tmp/shm", "w").close()
        self.everything(20, "/tmp/shm is not a directory")

    @unittest.skipIf(os.geteuid() != 0, "needs root to give a directory away")
    def test_somebody_elses(self):
        os.mkdir("/tmp/shm", 0o777)
        os.chmod("/tmp/shm", 0o777)
        os.chown("/tmp/shm", 1234, 1234)
        self.everything(13, "/tmp/shm belongs to user 1234", user=AS_NOBODY)
        self.assertEqual(os.listdir("/tmp/shm"), [])

    @unittest.skipIf(os.geteuid() != 0, "needs root to mount")
    def test_read_only(self):
        os.mkdir("/tmp/bound")
        subprocess.run(["mount", "--bind", "-o", "ro", "/tmp/bound", "/tmp/bound"], check=True)
        self.everything(30, "can't make /tmp/bound/shm: the file system is read-only", DIR="/tmp/bound/shm")

    @unittest.skipIf(os.geteuid() != 0, "needs root to mount")
    def test_full(self):
        os.mkdir("/tmp/bound")
        # Two inodes: one for its root, one for a file. (A tmpfs, in this namespace alone, to have a small one at hand.)
        subprocess.run("mount -t tmpfs -o nr_inodes=2,size=4k tmpfs /tmp/bound && touch /tmp/bound/x", shell=True,
                       check=True)
        self.everything(28, "can't make /tmp/bound/shm: the file system is full", DIR="/tmp/bound/shm")


@unittest.skipIf(os.geteuid() != 0, "needs root to be two users")
class Users(Fresh):
    def test_two_users_share_an_object_and_its_mode_keeps_them_apart(self):
        self.expect(take("umask=0", "shm=/open", "umask=077", "shm=/closed"),
                    ["umask ok", "shm ok", "umask ok", "shm ok"])
        self.expect(take("put=/open:hello", "put=/closed:no", "path=closed", user=AS_NOBODY),
                    ["put ok", "put errno 13", "path errno 13"])
        self.expect(take("get=/open"), ["get ok hello"])

    def test_sticky(self):
        take("path=roots")
        self.expect(take("sh=rm -f /tmp/shm/roots 2>/dev/null", user=AS_NOBODY), ["sh errno 0"])


class Settings(Fresh):
    def test_disabled(self):
        self.expect(take("path=a", "sem=/b", "shm=/c", DISABLE="1"), ["path errno 2", "sem errno 2", "shm errno 2"])
        self.assertFalse(os.path.exists("/tmp/shm"))

    def test_longer_directory_by_path_and_by_name(self):
        deep = "/tmp/deep/er/than/eight"
        self.expect(take("path=a", "shm=/c", "sem=/b", "where=/c", "list=/dev/shm", DIR=deep, WHEN="always"),
                    ["path ok", "shm ok", "sem ok", f"where ok {deep}/c", "list ok 5"])
        self.assertEqual(sorted(os.listdir(deep)), ["a", "c", "sem.b"])
        self.assertFalse(os.path.exists("/tmp/shm"))
        # Emptied, the short link to it included.
        gone = "sh=rm -rf /tmp/deep /tmp/.[a-zA-Z0-9]*"
        self.expect(take("shm=/c", gone, "shm=/d", gone, "sem=/e", DIR=deep),
                    ["shm ok", "sh ok", "shm ok", "sh ok", "sem ok"])

    def test_shorter_directory(self):
        self.expect(take("path=a", "sem=/b", "shm=/c", "where=/c", DIR="/tmp/s/"),
                    ["path ok", "sem ok", "shm ok", "where ok /tmp/s/c"])
        self.assertEqual(sorted(os.listdir("/tmp/s")), ["a", "c", "sem.b"])

    def test_a_value_that_can_not_be_used_is_said_once(self):
        for setting in ({"DIR": "relative"}, {"DIR": "/dev/shm/x"}, {"DIR": "/"}, {"WHEN": "never"}, {"LOG": "here"}):
            with self.subTest(setting):
                name, value = next(iter(setting.items()))
                self.expect(take("path=a", "sem=/b", **setting), ["path ok", "sem ok"], f"DEVSHM_{name}={value}")

    def test_log(self):
        log = "/tmp/deep.log"
        take("path=a", "sem=/b", LOG=log)
        with open(log) as lines:
            text = lines.read()
        os.unlink(log)
        self.assertRegex(text, r"devshm\[\d+\] open: /dev/shm/a -> /tmp/shm/a\n")
        self.assertRegex(text, r"devshm\[\d+\] sem_open: /b -> /tmp/shm\n")

    @unittest.skipIf(os.geteuid() != 0, "needs root to mount a tmpfs")
    def test_missing_stands_aside_where_there_is_a_real_one(self):
        steps = ("path=a", "sem=/b", "shm=/c", "fs=/dev/shm")
        good = ["path ok", "sem ok", "shm ok", "fs ok " + TMPFS]
        self.expect(take(*steps, WHEN="missing"), good)
        self.assertEqual(sorted(os.listdir("/tmp/shm")), ["a", "c", "sem.b"])
        os.system("rm -rf /tmp/shm")
        # A namespace of its own with a tmpfs there: the program and its children use that.
        real = ["unshare", "-m", "sh", "-c", 'mkdir -p /dev/shm && mount -t tmpfs tmpfs /dev/shm && exec "$@"', "sh"]
        self.addCleanup(os.system, "rmdir /dev/shm")
        self.expect(take(*steps, WHEN="missing", user=real), good)
        self.assertFalse(os.path.exists("/tmp/shm"))
        self.expect(take(*steps, WHEN="always", user=real), good)
        self.assertEqual(sorted(os.listdir("/tmp/shm")), ["a", "c", "sem.b"])


@unittest.skipIf(os.geteuid() != 0, "needs root to mount")
class StandsAside(Fresh):
    """Where the directory can't be used and the real /dev/shm can, a program works as it does without devshm."""

    REAL = "mkdir -p /dev/shm && mount -t tmpfs tmpfs /dev/shm && "
    READ_ONLY = "mount --bind /tmp /tmp && mount -o remount,bind,ro /tmp && "
    STEPS = ("path=a", "sem=/b", "shm=/c", "where=/c", "fs=/dev/shm", "list=/dev/shm", "sh=echo x > /dev/shm/d",
             "bind=e", "look=/d", "list=/dev/shm")
    REAL_ONE_IN_USE = ["path ok", "sem ok", "shm ok", "where ok /dev/shm/c", "fs ok " + TMPFS, "list ok 5", "sh ok",
                       "bind ok /dev/shm/e", "look ok 100644", "list ok 7"]

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
            self.expect(self.take(self.REAL + self.READ_ONLY, step, "path=a", "fs=/dev/shm"),
                        [line, "path ok", "fs ok " + TMPFS])

    def test_by_handle(self):
        text = "import ctypes, os; print(ctypes.CDLL('libc.so.6').shm_open(b'/h', os.O_CREAT | os.O_RDWR, 0o600) >= 0, os.listdir('/dev/shm'))"
        done = subprocess.run(["unshare", "-m", "sh", "-c", self.REAL + self.READ_ONLY + 'LD_PRELOAD="$0" exec "$@"',
                               LIBRARY, "/usr/bin/python3", "-c", text], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, timeout=60)
        self.addCleanup(os.system, "rmdir /dev/shm 2>/dev/null")
        self.assertEqual((done.returncode, done.stdout), (0, "True ['h']\n"))

    def test_what_somebody_has_done_is_said(self):
        steps = ("path=a", "sem=/b", "shm=/c", "fs=/dev/shm", "list=/dev/shm")
        good = ["path ok", "sem ok", "shm ok", "fs ok " + TMPFS, "list ok 5"]
        os.symlink("/tmp/aside", "/tmp/shm")
        self.expect(self.take(self.REAL, *steps), good,
                    "/tmp/shm is a symbolic link, which could lead anywhere; /dev/shm itself is used")
        self.assertEqual(os.listdir("/tmp/aside"), [])
        self.expect(self.take(self.REAL + self.READ_ONLY, *steps, DIR="/tmp/elsewhere"), good,
                    "can't make /tmp/elsewhere: the file system is read-only (errno 30); /dev/shm itself is used")

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


class Errno(Fresh):
    def test_at_the_start_of_main(self):
        self.assertEqual(take("start"), take("start", preload=False))

    def test_after_a_first_call_that_succeeds(self):
        self.expect(take("keep=a"), ["keep ok 123"])


if __name__ == "__main__":
    if HIDDEN not in os.environ:
        # Copies, where users without rights may read them: a checkout can lie in somebody's home directory.
        with tempfile.TemporaryDirectory(prefix="devshm-test.", dir="/var/tmp") as place:
            os.chmod(place, 0o755)
            copies = {"LIBRARY": shutil.copy(LIBRARY, place), "STEPS": shutil.copy(STEPS, place)}
            hide = os.path.join(TOP, "container", "hide-shm")
            sys.exit(subprocess.run([hide, "--private-tmp", sys.executable, os.path.abspath(__file__), *sys.argv[1:]],
                                    env={**os.environ, **copies, HIDDEN: "1"}, check=False).returncode)
    unittest.main(verbosity=2)
