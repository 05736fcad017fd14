# SPDX-License-Identifier: MIT
"""What these tests find where they run: a /tmp of their own with nothing in it, no /dev/shm, several users.

A test file calls main(). It is run again on a ground without /dev/shm, from a copy of this folder's modules in a new
directory in /var/tmp, beside copies of the library, of `steps` and of the files in BESIDE: nothing of the machine's is within
reach of what it empties. LIBRARY, STEPS and BESIDE come from the build. With --native it is a real tmpfs, without the library.
With DEVSHM_STORE=memory objects are memory.
"""
import glob
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import time
import unittest

from ground import hidden, tmpfs

PLACE = "DEVSHM_TEST_PLACE"
NATIVE = "--native" in sys.argv
MEMORY = os.environ.get("DEVSHM_STORE") == "memory"
GROUND = tmpfs if NATIVE else hidden
SHM = GROUND().files
BIN = os.path.dirname(os.path.abspath(__file__))
LIBRARY, STEPS = BIN + "/libdevshm.so", BIN + "/steps"


def main():
    if os.geteuid() != 0:
        sys.exit("this needs root: to be several users, and to mount in a namespace of its own")
    if PLACE in os.environ:
        unittest.main(verbosity=2, argv=[argument for argument in sys.argv if argument != "--native"])
    with tempfile.TemporaryDirectory(prefix="devshm-test.", dir="/var/tmp") as place:
        os.chmod(place, 0o755)
        os.mkdir(place + "/tmp")
        os.mkdir(place + "/bin")
        test = os.path.abspath(sys.argv[0])
        for source, name in (
            (os.environ["LIBRARY"], "libdevshm.so"),
            (os.environ["STEPS"], "steps"),
            *((path, os.path.basename(path)) for path in os.environ.get("BESIDE", "").split()),
            *((path, os.path.basename(path)) for path in glob.glob(BIN + "/*.py")),
        ):
            shutil.copy(source, place + "/bin/" + name)
        shutil.copytree(BIN + "/ground", place + "/bin/ground")
        found = os.stat(place + "/tmp")
        env = {**os.environ, PLACE: "%d:%d" % (found.st_dev, found.st_ino)}
        command = GROUND(tmp=place + "/tmp").argv(sys.executable, os.path.basename(test), *sys.argv[1:])
        sys.exit(subprocess.run(command, cwd=place + "/bin", env=env, check=False).returncode)


def environment(**settings):
    env = {key: value for key, value in os.environ.items() if not key.startswith("DEVSHM_") and key != "LD_PRELOAD"}
    if not NATIVE:
        env["LD_PRELOAD"] = LIBRARY
        if MEMORY:
            env["DEVSHM_STORE"] = "memory"
    env.update({"DEVSHM_" + key: value for key, value in settings.items()})
    return env


def run(*command, user=0, env=None, **settings):
    return subprocess.run(
        command,
        user=user,
        group=user,
        extra_groups=[],
        env=env or environment(**settings),
        cwd="/",
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )


def take(*steps, user=0, **settings):
    """The lines that `steps` prints, and what it said on standard error."""
    done = run(STEPS, *steps, user=user, **settings)
    assert done.returncode == 0, done
    return done.stdout.splitlines(), done.stderr


def become(user):
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)


def as_user(user, function):
    """Runs `function` in a process of that user's; the errno value it came to, or 0."""
    pid = os.fork()
    if pid == 0:
        status = 99
        try:
            become(user)
            function()
            status = 0
        except OSError as error:
            status = error.errno
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def remove_all(path):
    """A keeper may be making something in there; it ends when its directory is gone."""
    end = time.monotonic() + 120
    while True:
        try:
            return shutil.rmtree(path)
        except FileNotFoundError:
            if not os.path.lexists(path):
                return None
        except OSError:
            if not MEMORY or time.monotonic() > end:
                raise


def status(path):
    """Of a file, or of an object of the memory store, whose name is a link."""
    is_object = os.path.islink(path) and "/.shm.memory." in os.readlink(path)
    return os.stat(path) if is_object else os.lstat(path)


def clear():
    found = os.stat("/tmp")
    assert os.environ[PLACE] == "%d:%d" % (found.st_dev, found.st_ino), "this is not the /tmp of the test"
    for top in ["/tmp"] + [SHM] * NATIVE:
        for entry in os.scandir(top):
            if entry.is_dir(follow_symlinks=False):
                remove_all(entry.path)
            else:
                os.unlink(entry.path)
    os.chmod("/tmp", 0o1777)


def snapshot(top="/tmp"):
    """All that could have been changed, made or deleted: names, owners, modes, times and contents."""
    seen = {}
    for parent, dirs, files in os.walk(top):
        for path in [parent] + [os.path.join(parent, name) for name in files + dirs]:
            found = os.lstat(path)
            kept = [
                found.st_ino,
                found.st_mode,
                found.st_uid,
                found.st_gid,
                found.st_nlink,
                found.st_mtime_ns,
                found.st_ctime_ns,
            ]
            if stat.S_ISREG(found.st_mode):
                with open(path, "rb") as file:
                    kept.append(file.read())
            seen[path] = kept
    return seen
