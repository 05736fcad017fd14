#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Whose the backing directory is: to programs that act as several users, in user namespaces, and once root needs it.

STRANGER is the attacker; root and USER are those who run programs under devshm.
"""
import array
import fcntl
import os
import shutil
import signal
import stat
import struct
import subprocess
import unittest

from inside import LIBRARY, MEMORY, SHM, STEPS, as_user, clear, environment, main, run, snapshot, status, take

STRANGER, USER = 1234, 4321
TARGET = "/tmp/home/target"
REMEDY = "install -d -m 1777 -o root /tmp/shm"
NAMES = ["path=a", "sem=/b", "shm=/c"]
GOOD = ["path ok", "sem ok", "shm ok"]
REFUSED = ["path errno 13", "sem errno 13", "shm errno 13"]

# linux/fs.h
FS_IOC_GETFLAGS, FS_IOC_SETFLAGS = 0x80086601, 0x40086602
FS_SYNC_FL, FS_NODUMP_FL, FS_NOATIME_FL, FS_DIRSYNC_FL, FS_IMMUTABLE_FL, FS_APPEND_FL = (
    0x8,
    0x40,
    0x80,
    0x10000,
    0x10,
    0x20,
)
# linux/posix_acl_xattr.h: a version, then tag, permissions and id of each entry
ACL = struct.pack("<I", 2) + b"".join(
    struct.pack("<HHI", *entry)
    for entry in (
        (0x01, 7, 0xFFFFFFFF),
        (0x02, 7, STRANGER),
        (0x04, 7, 0xFFFFFFFF),
        (0x10, 7, 0xFFFFFFFF),
        (0x20, 7, 0xFFFFFFFF),
    )
)


def flags_of(path, set_to=None):
    fd = os.open(path, os.O_RDONLY)
    try:
        value = array.array("l", [0 if set_to is None else set_to])
        fcntl.ioctl(fd, FS_IOC_GETFLAGS if set_to is None else FS_IOC_SETFLAGS, value)
        return value[0]
    finally:
        os.close(fd)


class Ground(unittest.TestCase):
    def setUp(self):
        os.umask(0o022)
        clear()
        os.mkdir("/tmp/home", 0o700)
        self.addCleanup(clear)

    def theirs(self, mode=0o1777, user=STRANGER):
        self.assertEqual(as_user(user, lambda: (os.mkdir(SHM), os.chmod(SHM, mode))), 0)

    def expect_everybodys(self):
        found = os.lstat(SHM)
        self.assertEqual(
            (stat.S_IFMT(found.st_mode), stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid),
            (stat.S_IFDIR, 0o1777, 0, 0),
        )
        self.assertEqual([name for name in os.listxattr(SHM) if name.startswith(("system.", "user."))], [])

    def expect_refusal(self, taken, complaint):
        lines, said = taken
        self.assertEqual(lines, REFUSED)
        self.assertIn(complaint, said)
        self.assertEqual(said.count("\n"), 1, said)


class SeveralUsers(Ground):
    """A process that acts as one user trusts that user's directory; as another one it has to look again."""

    # How root begins to act as a user, and ends it.
    WAYS = {
        "seteuid": (lambda user: "euid=%d" % user, "euid=0"),
        "setresuid": (lambda user: "uids=-1:%d:-1" % user, "uids=-1:0:-1"),
        "one thread": (lambda user: "raw-uids=-1:%d:-1" % user, "raw-uids=-1:0:-1"),
        "setfsuid": (lambda user: "fsuid=%d" % user, "fsuid=0"),
    }
    # The stranger puts another directory in the place of the one that was made as him.
    EXCHANGE = (
        "sh=setpriv --reuid %d --regid %d --clear-groups sh -c 'mv /tmp/shm /tmp/old && mkdir /tmp/shm && "
        "ln -s %s /tmp/shm/b'" % (STRANGER, STRANGER, TARGET)
    )

    def answers(self, *steps, **settings):
        lines, said = take(*steps, **settings)
        return [line for line in lines if line.startswith(("path", "apart", "sem", "shm"))], said

    def test_another_user_afterwards(self):
        for name, (begin, end) in self.WAYS.items():
            with self.subTest(name):
                lines, said = self.answers(begin(STRANGER), "path=a", "path=a", "sem=/b", end, begin(USER), *NAMES)
                self.assertEqual(lines, ["path ok", "path ok", "sem ok"] + REFUSED)
                self.assertIn("belongs to user %d" % STRANGER, said)
                shutil.rmtree(SHM)

    def test_root_afterwards(self):
        for name, (begin, end) in self.WAYS.items():
            with self.subTest(name):
                self.assertEqual(
                    self.answers(begin(STRANGER), "path=a", end, self.EXCHANGE, "path=b", "sem=/b"),
                    (["path ok", "path ok", "sem ok"], ""),
                )
                self.assertFalse(os.path.lexists(TARGET))
                self.expect_everybodys()
                self.assertEqual(os.lstat(SHM + "/b").st_uid, 0)
                shutil.rmtree("/tmp/old")
                shutil.rmtree(SHM)

    def test_root_by_its_file_system_id_alone(self):
        self.assertEqual(
            self.answers("euid=%d" % STRANGER, "path=a", self.EXCHANGE, "fsuid=0", "path=b"),
            (["path ok", "path ok"], ""),
        )
        self.assertFalse(os.path.lexists(TARGET))
        self.expect_everybodys()

    def test_a_thread_that_has_become_a_user(self):
        self.assertEqual(self.answers("apart=%d:a" % STRANGER, self.EXCHANGE, "path=b"), (["apart ok", "path ok"], ""))
        self.assertFalse(os.path.lexists(TARGET))
        self.expect_everybodys()

    def test_roots_directory_is_good_for_all(self):
        self.assertEqual(
            self.answers("path=r", "euid=%d" % USER, *NAMES, "euid=0", "euid=%d" % STRANGER, "path=d"),
            (["path ok"] + GOOD + ["path ok"], ""),
        )
        self.expect_everybodys()

    def test_the_short_link_of_a_long_directory(self):
        """libc itself follows it: root does not leave the user's in libc's constant."""
        long = "/tmp/long/er"
        self.assertEqual(take("path=r", DIR=long)[0], ["path ok"])
        turn = (
            "sh=setpriv --reuid %d --regid %d --clear-groups sh -c 'for l in /tmp/.??; do ln -snf /tmp/trap $l; done'"
            % (STRANGER, STRANGER)
        )
        for name, (begin, end) in self.WAYS.items():
            with self.subTest(name):
                os.mkdir("/tmp/trap")
                os.chmod("/tmp/trap", 0o777)
                self.assertEqual(
                    self.answers(begin(STRANGER), "sem=/s", "shm=/s", end, turn, "sem=/r", "shm=/r", DIR=long),
                    (["sem ok", "shm ok", "sem ok", "shm ok"], ""),
                )
                self.assertEqual(os.listdir("/tmp/trap"), [])
                self.assertEqual(sorted(os.listdir(long)), ["r", "s", "sem.r", "sem.s"])
                subprocess.run("rm -r /tmp/trap /tmp/.?? /tmp/long/er/s* /tmp/long/er/r", shell=True, check=True)
                take("path=r", DIR=long)

    def test_a_daemon_that_gives_up_its_rights(self):
        """It keeps to the directory that it made as a user."""
        ids = ":".join(["%d" % USER] * 3)
        self.assertEqual(self.answers("uids=" + ids, *NAMES, "path=d"), (GOOD + ["path ok"], ""))
        self.assertEqual(os.lstat(SHM).st_uid, USER)
        self.assertEqual(take(*NAMES), (GOOD, ""))
        self.expect_everybodys()


class UserNamespace(Ground):
    """Users that a user namespace does not map all look alike there; a user may even look like them."""

    WAYS = (
        ("unshare", "-U"),
        ("unshare", "-U", "--map-user=65534"),
        ("unshare", "-Ur"),
        ("unshare", "-U", "--map-user=%d" % USER),
    )

    def take_in(self, way, *steps, **settings):
        env = environment(**settings)
        del env["LD_PRELOAD"]
        done = run(*way, "env", "LD_PRELOAD=" + LIBRARY, STEPS, *steps, user=USER, env=env)
        self.assertEqual(done.returncode, 0, done)
        return done.stdout.splitlines(), done.stderr

    def test_a_strangers_directory(self):
        for mode in (0o1777, 0o755, 0o700):
            self.theirs(mode)
            for way in self.WAYS:
                with self.subTest((way, oct(mode))):
                    before = snapshot()
                    self.expect_refusal(self.take_in(way, *NAMES), "a user outside this user namespace")
                    self.assertEqual(snapshot(), before)
            os.rmdir(SHM)

    def test_a_directory_of_ones_own(self):
        for way in self.WAYS:
            with self.subTest(way):
                self.theirs(user=USER)
                self.assertEqual(self.take_in(way, *NAMES), (GOOD, ""))
                shutil.rmtree(SHM)
                self.assertEqual(self.take_in(way, *NAMES, *NAMES), (GOOD + GOOD, ""))
                self.assertEqual(os.stat(SHM).st_uid, USER)
                shutil.rmtree(SHM)

    def test_roots_directory(self):
        """Nothing there distinguishes it from a stranger's. The message says what to do, and that works."""
        self.theirs(user=0)
        for way in self.WAYS:
            with self.subTest(way):
                self.expect_refusal(self.take_in(way, *NAMES), "set DEVSHM_DIR to a directory of your own")
                self.assertEqual(self.take_in(way, *NAMES, DIR="/tmp/own.shm"), (GOOD, ""))
                shutil.rmtree("/tmp/own.shm")

    def test_a_strangers_directory_above(self):
        self.assertEqual(as_user(STRANGER, lambda: (os.mkdir("/tmp/above"), os.chmod("/tmp/above", 0o777))), 0)
        for way in self.WAYS:
            with self.subTest(way):
                self.expect_refusal(
                    self.take_in(way, *NAMES, DIR="/tmp/above/shm"), "/tmp/above belongs to a user outside"
                )


class TakeOver(Ground):
    """Root makes a plain directory of another user's everybody's, and nothing that he has prepared has an effect."""

    def test_everybody_shares_it_afterwards(self):
        for mode in (0o1777, 0o3777, 0o777, 0o755, 0o700, 0):
            with self.subTest(oct(mode)):
                self.theirs(mode)
                if mode & 0o700:
                    self.assertEqual(take("umask=077", *NAMES, user=STRANGER)[0][1:], GOOD)
                self.assertEqual(take("path=r", "sem=/r", "shm=/r"), (GOOD, ""))
                self.expect_everybodys()
                self.assertEqual(take("path=u", "sem=/u", "shm=/u", user=USER), (GOOD, ""))
                self.assertEqual(take("path=s", "shm=/s", user=STRANGER), (["path ok", "shm ok"], ""))
                self.assertEqual(os.lstat(SHM + "/r").st_gid, 0)
                if mode & 0o700:  # what was his is his, and closed to others
                    found = status(SHM + "/a")
                    self.assertEqual((found.st_uid, stat.S_IMODE(found.st_mode)), (STRANGER, 0o600))
                    self.assertEqual(take("put=/c:x", "path=a", user=USER)[0], ["put errno 13", "path errno 13"])
                    self.assertEqual(take("has-sem=/b", "has-shm=/c", user=STRANGER)[0], ["has-sem ok", "has-shm ok"])
                shutil.rmtree(SHM)

    def test_a_running_program_of_the_old_owner_goes_on(self):
        os.mkfifo("/tmp/go")
        os.chmod("/tmp/go", 0o666)
        with subprocess.Popen(
            [STEPS, "path=a", "shm=/c", "sh=read x < /tmp/go", "sem=/b", "get=/c", "path=d"],
            user=STRANGER,
            group=STRANGER,
            extra_groups=[],
            env=environment(),
            text=True,
            cwd="/",
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            with open("/tmp/go", "w") as go:  # opens once the program waits there
                self.assertEqual(os.stat(SHM).st_uid, STRANGER)
                self.assertEqual(take(*NAMES[:1]), (GOOD[:1], ""))
                self.expect_everybodys()
                go.write("go\n")
            out, said = process.communicate(timeout=60)
        self.assertEqual((out.splitlines(), said), (["path ok", "shm ok", "sh ok", "sem ok", "get ok", "path ok"], ""))

    def test_access_control_lists(self):
        self.theirs()
        for name in ("access", "default"):
            os.setxattr(SHM, "system.posix_acl_" + name, ACL)
        self.assertEqual(
            take("umask=077", "path=a", "shm=/c", "put=/c:secret", "sem=/b")[0][1:],
            ["path ok", "shm ok", "put ok", "sem ok"],
        )
        self.expect_everybodys()
        for name in ("a", "c", "sem.b"):
            self.assertEqual(os.listxattr(SHM + "/" + name), [])
            self.assertEqual(stat.S_IMODE(status(SHM + "/" + name).st_mode), 0o600)
        self.assertEqual(take("get=/c", "path=a", user=STRANGER)[0], ["get errno 13", "path errno 13"])

    def test_attributes(self):
        bad = FS_SYNC_FL | FS_NODUMP_FL | FS_NOATIME_FL | FS_DIRSYNC_FL
        self.theirs()
        os.setxattr(SHM, "user.more", b"x")
        flags_of(SHM, flags_of(SHM) | bad)
        self.assertEqual(flags_of(SHM) & bad, bad)
        self.assertEqual(take(*NAMES), (GOOD, ""))
        self.expect_everybodys()
        for path in (SHM, SHM + "/a", SHM + "/c"):
            self.assertEqual(flags_of(path) & bad, 0)
        for lock in (FS_IMMUTABLE_FL, FS_APPEND_FL):
            shutil.rmtree(SHM)
            self.theirs()
            flags_of(SHM, flags_of(SHM) | lock)
            self.addCleanup(
                lambda: os.path.exists(SHM) and flags_of(SHM, flags_of(SHM) & ~(FS_IMMUTABLE_FL | FS_APPEND_FL))
            )
            self.assertEqual(take(*NAMES), (GOOD, ""))
            self.expect_everybodys()

    def test_symbolic_links_in_it(self):
        self.theirs()
        self.assertEqual(
            as_user(STRANGER, lambda: [os.symlink(TARGET, SHM + "/" + name) for name in ("a", "sem.b", "c")]), 0
        )
        os.symlink("a", SHM + "/roots")
        self.assertEqual(take(*NAMES), (GOOD, ""))
        self.assertFalse(os.path.lexists(TARGET))
        self.assertEqual(sorted(os.listdir(SHM)), ["a", "c", "roots", "sem.b"])

    def test_only_where_the_old_owner_can_not_exchange_it(self):
        self.theirs()
        os.chmod("/tmp", 0o777)
        self.expect_refusal(take(*NAMES), REMEDY)
        os.chmod("/tmp", 0o1777)
        self.assertEqual(take(*NAMES), (GOOD, ""))
        os.mkdir("/tmp/home/sticky")
        os.mkdir("/tmp/home/sticky/shm")
        for path, mode in (("", 0o1777), ("/shm", 0o1777)):
            os.chmod("/tmp/home/sticky" + path, mode)
            os.chown("/tmp/home/sticky" + path, STRANGER, STRANGER)
        before = snapshot("/tmp/home")
        self.expect_refusal(take(*NAMES, DIR="/tmp/home/sticky/shm"), "belongs to user %d" % STRANGER)
        self.assertEqual(snapshot("/tmp/home"), before)

    def test_not_what_is_mounted_there(self):
        self.theirs()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "uid=%d,mode=1777,size=64k" % STRANGER, "tmpfs", SHM], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", SHM], check=True)
        self.expect_refusal(take(*NAMES), REMEDY)
        self.assertEqual(os.stat(SHM).st_uid, STRANGER)

    def test_root_without_the_right_to_it(self):
        self.theirs()
        os.setxattr(SHM, "system.posix_acl_default", ACL)
        for capability in ("chown", "fowner"):
            with self.subTest(capability):
                env = environment()
                del env["LD_PRELOAD"]
                done = run(
                    "setpriv",
                    "--bounding-set",
                    "-" + capability,
                    "--inh-caps",
                    "-" + capability,
                    "env",
                    "LD_PRELOAD=" + LIBRARY,
                    STEPS,
                    *NAMES,
                    env=env
                )
                self.expect_refusal((done.stdout.splitlines(), done.stderr), REMEDY)
                self.assertEqual(os.stat(SHM).st_uid, STRANGER)

    def test_race_with_the_old_owner(self):
        """He exchanges the directory as fast as it goes, and gives each a default ACL and the set-group-ID bit."""
        attacker = os.fork()
        if attacker == 0:
            os.setgroups([])
            os.setresgid(STRANGER, STRANGER, STRANGER)
            os.setresuid(STRANGER, STRANGER, STRANGER)
            signal.alarm(300)  # also if the test is killed
            for number in range(1 << 30):
                old = "/tmp/old.%d" % (number % 4)
                for step in (
                    lambda: os.mkdir(SHM),
                    lambda: os.setxattr(SHM, "system.posix_acl_default", ACL),
                    lambda: os.chmod(SHM, 0o3777),
                    lambda: os.rename(SHM, old),
                    lambda: os.rename(old, SHM),
                    lambda: os.rmdir(SHM),
                    lambda: shutil.rmtree(old, ignore_errors=True),
                ):
                    try:
                        step()
                    except OSError:
                        pass
        self.addCleanup(lambda: (os.kill(attacker, signal.SIGKILL), os.waitpid(attacker, 0)))
        took = 0
        rounds = 40 if MEMORY else 150  # the same with both stores
        for _ in range(rounds):
            lines, said = take("umask=077", "path=a", "shm=/c")
            self.assertLessEqual(said.count("\n"), 1, said)
            for line in lines:
                self.assertRegex(line, r" (ok|errno (13|2))$")
            if lines[-1] == "shm ok":
                self.expect_everybodys()
                found = status(SHM + "/c")
                self.assertEqual((found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)), (0, 0, 0o600))
                self.assertEqual(os.listxattr(SHM + "/c"), [])
                self.assertEqual(os.lstat(SHM).st_mode & stat.S_ISGID, 0)
                took += 1
            shutil.rmtree(SHM, ignore_errors=True)
        self.assertGreater(took, 0)
        print("root had the directory in %d of %d programs" % (took, rounds))


if __name__ == "__main__":
    main()
