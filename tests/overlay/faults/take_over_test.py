#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Root makes a plain directory of another user's everybody's, and nothing that he has prepared has an effect."""
import array
import fcntl
import itertools
import os
import shutil
import stat
import struct
import subprocess
import time

from inside import LIBRARY, MEMORY, SHM, STEPS, environment, main, run, snapshot, status, take
from owned import GOOD, NAMES, TARGET, Owned
from users import STRANGER, USER

REMEDY = "install -d -m 1777 -o root /tmp/shm"
# linux/fs.h
FS_IOC_GETFLAGS, FS_IOC_SETFLAGS = 0x80086601, 0x40086602
FS_SYNC_FL, FS_IMMUTABLE_FL, FS_APPEND_FL, FS_NODUMP_FL, FS_NOATIME_FL = 0x8, 0x10, 0x20, 0x40, 0x80
FS_DIRSYNC_FL = 0x10000
# linux/posix_acl_xattr.h: a version, then tag, permissions and id of each entry
ACL = struct.pack("<I", 2) + b"".join(
    struct.pack("<HHI", tag, 7, STRANGER if tag == 0x02 else 0xFFFFFFFF) for tag in (0x01, 0x02, 0x04, 0x10, 0x20)
)


def flags_of(path, set_to=None):
    fd = os.open(path, os.O_RDONLY)
    try:
        value = array.array("l", [0 if set_to is None else set_to])
        fcntl.ioctl(fd, FS_IOC_GETFLAGS if set_to is None else FS_IOC_SETFLAGS, value)
        return value[0]
    finally:
        os.close(fd)


class TakeOver(Owned):
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
        self.hostile(lambda: [os.symlink(TARGET, SHM + "/" + name) for name in ("a", "sem.b", "c")])
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
        os.mkdir("/tmp/home.0/sticky")
        os.mkdir("/tmp/home.0/sticky/shm")
        for path, mode in (("", 0o1777), ("/shm", 0o1777)):
            os.chmod("/tmp/home.0/sticky" + path, mode)
            os.chown("/tmp/home.0/sticky" + path, STRANGER, STRANGER)
        before = snapshot("/tmp/home.0")
        self.expect_refusal(take(*NAMES, DIR="/tmp/home.0/sticky/shm"), "belongs to user %d" % STRANGER)
        self.assertEqual(snapshot("/tmp/home.0"), before)

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

    def exchanges(self):
        """Of the directory, and each has a default ACL and the set-group-ID bit."""
        for old in itertools.cycle("/tmp/old.%d" % number for number in range(4)):
            yield from (
                lambda: os.mkdir(SHM),
                lambda: os.setxattr(SHM, "system.posix_acl_default", ACL),
                lambda: os.chmod(SHM, 0o3777),
                lambda: os.rename(SHM, old),
                lambda: os.rename(old, SHM),
                lambda: os.rmdir(SHM),
                lambda: shutil.rmtree(old, ignore_errors=True),
            )

    def test_a_rename_that_has_begun_is_waited_for(self):
        """The kernel does one after the other. This one, of the directory to its own name, changes nothing."""
        self.theirs()
        trace = ("strace", "-qq", "-o", "/tmp/trace", "-e", "trace=fchown,renameat2")
        self.assertEqual(run(*trace, STEPS, "path=a").stdout, "path ok\n")
        with open("/tmp/trace") as file:
            calls = file.read()
        self.assertRegex(
            calls,
            r"fchown\(\d+, 0, 0\) += 0\n"
            r'.*renameat2\(AT_FDCWD, "/tmp/shm", AT_FDCWD, "/tmp/shm", RENAME_NOREPLACE\) = -1 EEXIST',
        )

    def test_race_with_the_old_owner(self):
        self.attack(self.exchanges())
        took, rounds = 0, 0
        wanted = 40 if MEMORY else 150  # the same with both stores
        end = time.monotonic() + 120  # on a busy machine the old owner may be faster many times
        while rounds < wanted or not took and time.monotonic() < end:
            rounds += 1
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
