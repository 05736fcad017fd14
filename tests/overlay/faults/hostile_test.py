#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A /tmp that other people write to: a stranger was there first, is faster, guesses names, fills it.

STRANGER is the attacker; root and USER are those who run programs under devshm. The tests of class Shared hold on a
real tmpfs without the library as well (--native): what they expect is what that does.
"""
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import unittest

from inside import LIBRARY, MEMORY, NATIVE, SHM, STEPS, as_user, clear, environment, main, run, snapshot, take

STRANGER, USER = 1234, 4321
HOME = "/tmp/home.%d" % USER
ROUNDS = 20 if MEMORY else 100  # of the race, which is for the directory: the same with both stores

EVERYTHING = [
    "path=a",
    "look=a",
    "drop=a",
    "sem=/b",
    "has-sem=/b",
    "drop-sem=/b",
    "shm=/c",
    "has-shm=/c",
    "drop-shm=/c",
    "list=/dev/shm",
]
NAMES = [step.split("=")[0] for step in EVERYTHING]


def as_stranger(function):
    return as_user(STRANGER, function)


class Ground(unittest.TestCase):
    """Each test begins with a sticky /tmp, empty but for a directory of each user's, and a trap."""

    def setUp(self):
        os.umask(0o022)
        clear()
        for owner in (0, USER, STRANGER):
            home = "/tmp/home.%d" % owner
            os.mkdir(home, 0o700)
            with open(home + "/secret", "w") as file:
                file.write("of %d" % owner)
            os.chmod(home + "/secret", 0o600)
            for path in (home, home + "/secret"):
                os.chown(path, owner, owner)
        os.mkdir("/tmp/trap")
        os.chmod("/tmp/trap", 0o777)
        os.chown("/tmp/trap", STRANGER, STRANGER)

    def hostile(self, function):
        self.assertEqual(as_stranger(function), 0)

    def one_line(self, said, complaint):
        self.assertIn(complaint, said)
        self.assertEqual(said.count("\n"), 1, "one line: " + said)

    def refused(self, error, complaint, users=(0, USER), **settings):
        for user in users:
            before = snapshot()
            lines, said = take(*EVERYTHING, user=user, **settings)
            self.assertEqual(lines, ["%s errno %d" % (name, error) for name in NAMES])
            self.one_line(said, complaint)
            self.assertEqual(snapshot(), before)


class MadeFirst(Ground):
    def test_symbolic_link(self):
        for target in ("/tmp/trap", "/tmp/home.0", HOME, "/tmp/nowhere", "/tmp/home.0/secret", "shm"):
            with self.subTest(target):
                self.hostile(lambda: os.symlink(target, SHM))
                self.refused(40, "/tmp/shm is a symbolic link")
                os.unlink(SHM)

    def test_no_directory(self):
        makers = {
            "file": lambda: open(SHM, "w").close(),
            "pipe": lambda: os.mkfifo(SHM),
            "socket": lambda: os.mknod(SHM, stat.S_IFSOCK | 0o777),
        }
        for name, make in makers.items():
            with self.subTest(name):
                self.hostile(make)
                self.refused(20, "/tmp/shm is not a directory")
                os.unlink(SHM)

    def test_directory_of_theirs(self):
        for mode in (0o1777, 0o777, 0o755, 0o700, 0):
            with self.subTest(oct(mode)):
                self.hostile(lambda: (os.mkdir(SHM), os.chmod(SHM, mode)))
                self.refused(13, "/tmp/shm belongs to user %d, not to root or to you" % STRANGER, users=(USER,))
                self.refused(13, "as root, make it everybody's: install -d -m 1777 -o root /tmp/shm", users=(USER,))
                os.rmdir(SHM)

    def test_directory_above(self):
        """Who owns a directory above ours can exchange ours; and anyone can have made what lies in /tmp."""
        self.hostile(lambda: [(os.mkdir(path), os.chmod(path, 0o777)) for path in ("/tmp/above", "/tmp/above/more")])
        complaint = "/tmp/above belongs to user %d, not to root or to you" % STRANGER
        for below in ("shm", "more/shm", "new/and/newer/shm"):
            with self.subTest(below):
                self.refused(13, complaint, DIR="/tmp/above/" + below)
        shutil.rmtree("/tmp/above")
        for target in ("/tmp/trap", "/tmp/home.0"):
            self.hostile(lambda: os.symlink(target, "/tmp/above"))
            self.refused(13, complaint, DIR="/tmp/above/shm")
            os.unlink("/tmp/above")
        # One's own is as good as any.
        for _ in range(2):
            self.assertEqual(take("path=a", user=USER, DIR="/tmp/mine/deep/shm"), (["path ok"], ""))
        os.symlink("/tmp/home.0", "/tmp/led")
        self.assertEqual(take("path=a", DIR="/tmp/led/shm"), (["path ok"], ""))

    def test_short_link_to_a_long_directory(self):
        """sem_open needs a name of eight bytes. None that a stranger has made is used, and he can't take them all."""
        letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
        long = "/tmp/long/er"
        self.hostile(lambda: [os.symlink(long, "/tmp/.%s%s" % (a, b)) for a in letters for b in letters])
        for user in (0, USER, 0):
            self.assertEqual(
                take("path=a%d" % user, "sem=/b%d" % user, "shm=/c%d" % user, user=user, DIR=long),
                (["path ok", "sem ok", "shm ok"], ""),
            )
        self.assertEqual(os.listdir("/tmp/trap"), [])
        links = [
            entry for entry in os.scandir("/tmp") if entry.is_symlink() and os.lstat(entry.path).st_uid != STRANGER
        ]
        self.assertEqual(sorted((os.lstat(entry.path).st_uid, len(entry.path)) for entry in links), [(0, 8), (USER, 8)])


class Guessed(Ground):
    """The directory is made under another name first, one with the number of the thread in it."""

    def start(self, user, taken):
        with subprocess.Popen(
            ["/bin/sh", "-c", 'read go; LD_PRELOAD=$0 exec "$@"', LIBRARY, STEPS, "path=a", "sem=/b"],
            user=user,
            group=user,
            extra_groups=[],
            env={"PATH": os.environ["PATH"]},
            text=True,
            cwd="/",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            self.hostile(lambda: taken("/tmp/.devshm.new.%d." % process.pid))
            out, said = process.communicate("go\n", timeout=60)
        return out.splitlines(), said

    def test_names_that_lead_elsewhere(self):
        def take_three(head):
            os.symlink(HOME, head + "0")
            os.mkdir(head + "1")
            os.link("/tmp/home.%d/secret" % STRANGER, head + "2")

        for user in (0, USER):
            self.assertEqual(self.start(user, take_three), (["path ok", "sem ok"], ""))
            found = os.stat(SHM)
            self.assertEqual((found.st_uid, stat.S_IMODE(found.st_mode)), (user, 0o1777))
            self.assertEqual(stat.S_IMODE(os.stat(HOME).st_mode), 0o700)
            shutil.rmtree(SHM)

    def test_all_of_them(self):
        lines, said = self.start(USER, lambda head: [os.mkdir(head + str(i)) for i in range(100)])
        self.assertEqual(lines, ["path errno 17", "sem errno 17"])
        self.one_line(said, "can't make /tmp/shm")


class Race(Ground):
    """The stranger changes what /tmp/shm is as fast as it goes, while programs start."""

    def attack(self):
        signal.alarm(300)  # also if the test is killed
        ways = (
            (lambda: os.symlink("/tmp/trap", SHM), os.unlink),
            (lambda: os.mkdir(SHM), os.rmdir),
            (lambda: os.rename("/tmp/trap", SHM), lambda path: os.rename(path, "/tmp/trap")),
            (lambda: os.symlink(HOME, SHM), os.unlink),
        )
        while True:
            for make, undo in ways:
                for what in (make, lambda: os.chmod(SHM, 0o777), lambda undo=undo: undo(SHM)):
                    try:
                        what()
                    except OSError:
                        pass

    def test_race(self):
        attacker = os.fork()
        if attacker == 0:
            os.setgroups([])
            os.setresgid(STRANGER, STRANGER, STRANGER)
            os.setresuid(STRANGER, STRANGER, STRANGER)
            self.attack()
        self.addCleanup(lambda: (os.kill(attacker, signal.SIGKILL), os.waitpid(attacker, 0)))
        home = snapshot(HOME)
        won = 0
        for _ in range(ROUNDS):
            lines, said = take("path=a", "sem=/b", "shm=/c", user=USER)
            self.assertLessEqual(said.count("\n"), 1, said)
            # Each call looks anew until one has found it good: a later one may find it free again.
            for line in lines:
                self.assertRegex(line, r" (ok|errno (13|20|40))$")
            if lines[-1] == "shm ok":  # from then on the stranger can't take it away
                found = os.lstat(SHM)
                self.assertTrue(stat.S_ISDIR(found.st_mode))
                self.assertEqual((found.st_uid, stat.S_IMODE(found.st_mode)), (USER, 0o1777))
                self.assertIn("c", os.listdir(SHM))
                shutil.rmtree(SHM)
                won += 1
        os.kill(attacker, signal.SIGSTOP)
        for trap in ("/tmp/trap", SHM):
            is_directory = os.path.isdir(trap) and not os.path.islink(trap)  # a link to HOME may be left
            self.assertEqual(os.listdir(trap) if is_directory else [], [], "something of ours is in " + trap)
        self.assertEqual(snapshot(HOME), home)
        print("%d of %d programs came first" % (won, ROUNDS))


class Shared(Ground):
    """A directory that is shared, as it should be: what others can do there is what they can do in a /dev/shm."""

    def setUp(self):
        super().setUp()
        self.assertEqual(take("path=first"), (["path ok"], ""))

    def test_owner_and_mode(self):
        found = os.stat(SHM)
        self.assertEqual((found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)), (0, 0, 0o1777))
        take("umask=027", "path=a", "shm=/c", "umask=0", "sem=/b", user=USER)
        for name, mode in (("a", 0o640), ("c", 0o640), ("sem.b", 0o666)):
            found = os.stat(SHM + "/" + name)
            self.assertEqual((name, found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)), (name, USER, USER, mode))

    def test_what_a_stranger_can_do_to_objects(self):
        take("umask=077", "path=a", "shm=/closed", "sem=/closed", "umask=0", "shm=/open", "put=/open:text", user=USER)
        self.assertEqual(
            take(
                "path=a",
                "has-shm=/closed",
                "put=/closed:x",
                "has-sem=/closed",
                "get=/open",
                "drop=a",
                "drop-shm=/open",
                "drop-shm=/closed",
                "drop-sem=/closed",
                user=STRANGER,
            ),
            (
                [
                    "path errno 13",
                    "has-shm errno 13",
                    "put errno 13",
                    "has-sem errno 13",
                    "get ok text",
                    "drop errno 1",
                    "drop-shm errno 13",
                    "drop-shm errno 13",
                    "drop-sem errno 13",
                ],
                "",
            ),
        )
        for command in (
            "mv /dev/shm/open /dev/shm/gone",
            "chmod 777 /dev/shm/closed",
            "chown 1234 /dev/shm/closed",
            "rm -f /dev/shm/open",
            "mv /dev/shm /dev/gone",
            "chmod 777 /dev/shm",
            "rmdir /dev/shm",
        ):
            with self.subTest(command):
                before = snapshot(SHM)
                self.assertEqual(run("/bin/sh", "-c", command, user=STRANGER).returncode, 1)
                self.assertEqual(snapshot(SHM), before)

    def says(self, user, command):
        done = run("/bin/sh", "-c", command, user=user)
        return done.returncode, done.stdout, done.stderr

    def test_others_see_what_there_is(self):
        """By names that are followed: stat, access, chmod, utimes, truncate, copies; in a directory as well."""
        take("umask=022", "shm=/m", "put=/m:text", "shm=/x", user=USER)
        self.says(USER, "mkdir /dev/shm/d; cp /dev/shm/m /dev/shm/d/m; cp /bin/true /dev/shm/x; chmod 755 /dev/shm/x")
        for name in ("/dev/shm/m", "/dev/shm/d/m"):
            for user, writes in ((STRANGER, 1), (0, 0)):
                told = "cd /dev/shm/%s && stat -L -c '%%a %%u %%h %%s %%F' m" % name[9:-1]
                self.assertEqual(self.says(user, told), (0, "644 4321 1 4096 regular file\n", ""))
                for command, status in (
                    ("test -r %s", 0),
                    ("test -w %s", writes),
                    ("test -x %s", 1),
                    ("head -c 4 %s | grep -q text", 0),
                    ("cp %s /tmp/trap/copy && cmp %s /tmp/trap/copy && rm /tmp/trap/copy", 0),
                    ("touch -d @5 %s", writes),
                    ("chmod 644 %s", writes),
                    ("truncate -s 4096 %s", writes),
                    ("/dev/shm/x", 0),
                ):
                    with self.subTest(command, user=user, name=name):
                        self.assertEqual(self.says(user, command.replace("%s", name))[0], status)
        self.assertEqual(self.says(0, "chmod 600 /dev/shm/m; stat -c %a /dev/shm/m"), (0, "600\n", ""))
        self.assertEqual(take("get=/m", user=STRANGER)[0], ["get errno 13"])
        self.assertEqual(take("get=/m", user=USER)[0], ["get ok text"])

    def test_another_pid_namespace_sees_it_too(self):
        take("shm=/m", "put=/m:text")
        for command in (
            "stat -L -c %s /dev/shm/m | grep -q 4096",
            "test -w /dev/shm/m",
            "head -c 4 /dev/shm/m | grep -q text",
            "chmod 600 /dev/shm/m && stat -c %a /dev/shm/m | grep -q 600",
            "truncate -s 5 /dev/shm/m && stat -c %s /dev/shm/m | grep -q 5",
        ):
            with self.subTest(command):
                words = ["unshare", "--mount", "--pid", "--fork", "--mount-proc", "sh", "-c", command]
                self.assertEqual(run(*words).returncode, 0)

    def test_links_under_known_names(self):
        """shm_open and sem_open follow no symbolic link (13: O_CREAT in a sticky directory), and to unlink one does nothing to what it leads to."""
        for secret in (HOME + "/secret", HOME + "/new"):
            for name in ("c", "sem.b"):
                self.hostile(lambda: os.symlink(secret, SHM + "/" + name))
            before = snapshot(HOME)
            lines, said = take("shm=/c", "has-shm=/c", "sem=/b", "has-sem=/b", user=USER)
            self.assertEqual(
                (lines, said), (["shm errno 13", "has-shm errno 40", "sem errno 40", "has-sem errno 40"], "")
            )
            self.assertEqual(take("drop-shm=/c", "drop-sem=/b"), (["drop-shm ok", "drop-sem ok"], ""))
            self.assertEqual(snapshot(HOME), before)

    def test_it_is_full(self):
        small = SHM if NATIVE else "/tmp/small"
        os.makedirs(small, exist_ok=True)
        # One's own to fill. (A tmpfs for this namespace alone: it has a size.)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k,mode=1777", "tmpfs", small], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", small], check=True)
        where = {} if NATIVE else {"DIR": small + "/shm"}
        self.assertEqual(take("path=first", **where), (["path ok"], ""))
        # (Files also with DEVSHM_STORE=memory, as it is the file system that has to be full.)
        fill = ["fill=%d" % i for i in range(6)]
        self.assertEqual(take(*fill, user=STRANGER, **where, STORE="disk")[0][-1], "fill errno 28")
        lines, said = take("path=a", "fill=a", "shm=/c", "sem=/b", "has-sem=/b", "list=/dev/shm", user=USER, **where)
        filled = "fill ok" if MEMORY else "fill errno 28"
        self.assertEqual(lines, ["path ok", filled, "shm ok", "sem errno 28", "has-sem errno 2", "list ok 11"])
        if NATIVE or MEMORY:
            self.assertEqual(said, "")
        else:  # the shared memory is longer than the space for it
            self.one_line(said, "devshm: /dev/shm/c is made ")


class HardLinks(Ground):
    def test_the_kernel_lets_nobody_link_anothers_file(self):
        """On a tmpfs /dev/shm there is nothing to link to. In /tmp it takes fs.protected_hardlinks (docs/security.md)."""
        with open("/proc/sys/fs/protected_hardlinks") as file:
            self.assertEqual(file.read(), "1\n", "this test needs the usual setting")
        take("path=first")
        os.chmod(HOME, 0o755)
        self.assertEqual(as_stranger(lambda: os.link(HOME + "/secret", SHM + "/sem.b")), 1)
        self.assertEqual(run("/bin/ln", HOME + "/secret", "/dev/shm/c", user=STRANGER).returncode, 1)
        before = snapshot(HOME)
        self.assertEqual(take("sem=/b", "shm=/c", "drop-sem=/b", "drop-shm=/c", user=USER)[1], "")
        self.assertEqual(snapshot(HOME), before)

    def test_to_unlink_a_link_leaves_the_file(self):
        take("path=first")
        os.link(HOME + "/secret", SHM + "/sem.b")
        self.assertEqual(take("drop-sem=/b", user=USER)[0], ["drop-sem ok"])
        with open(HOME + "/secret") as file:
            self.assertEqual(file.read(), "of %d" % USER)


class Privileged(Ground):
    """In a program that runs with more rights than its caller, devshm does nothing at all."""

    def program(self, mode, capability=False):
        path = "/tmp/home.0/privileged"
        shutil.copy(STEPS, path)
        os.chmod("/tmp/home.0", 0o755)
        os.chmod(path, mode)
        if capability:  # CAP_NET_RAW, permitted and effective: struct vfs_cap_data of linux/capability.h
            words = (0x02000001, 1 << 13, 0, 0, 0)
            os.setxattr(path, "security.capability", b"".join(word.to_bytes(4, "little") for word in words))
        return path

    def each_does_nothing(self, env):
        for name, program in (("setuid", (0o4755,)), ("setgid", (0o2755,)), ("capability", (0o755, True))):
            with self.subTest(name):
                done = run(self.program(*program), "path=a", "sem=/b", "shm=/c", "list=/dev/shm", user=USER, env=env)
                self.assertEqual(done.stdout, "path errno 2\nsem errno 2\nshm errno 2\nlist errno 2\n", done)
                self.assertFalse(os.path.lexists(SHM))
                self.assertFalse(os.path.lexists("/tmp/log"))
                self.assertEqual(os.listdir("/tmp/trap"), [])
                self.assertNotIn("devshm:", done.stderr)

    def test_the_same_program_without_rights_is_reached(self):
        done = run(self.program(0o755), "path=a", "sem=/b", user=USER)
        self.assertEqual(done.stdout, "path ok\nsem ok\n", done)

    def test_the_loader_ignores_the_library(self):
        self.each_does_nothing(environment(LOG="/tmp/log"))

    def test_loaded_all_the_same(self):
        """/etc/ld.so.preload holds for every program. What the caller asks for must not count there."""
        etc = "/tmp/home.0/etc"
        shutil.copytree("/etc", etc, symlinks=True)
        with open(etc + "/ld.so.preload", "w") as file:
            file.write(LIBRARY + "\n")
        os.chmod("/tmp/home.0", 0o755)
        subprocess.run(["mount", "--bind", etc, "/etc"], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", "/etc"], check=True)
        env = environment(LOG="/tmp/log", DIR="/tmp/trap/shm")
        del env["LD_PRELOAD"]
        plain = environment()
        del plain["LD_PRELOAD"]
        self.assertEqual(run(STEPS, "path=a", user=USER, env=plain).stdout, "path ok\n")  # so it is loaded
        shutil.rmtree(SHM)
        self.each_does_nothing(env)


class Log(Ground):
    def test_a_pipe_in_its_place_stops_nobody(self):
        self.hostile(lambda: (os.mkfifo("/tmp/log"), os.chmod("/tmp/log", 0o666)))
        self.assertEqual(take("path=a", user=USER, LOG="/tmp/log"), (["path ok"], ""))

    def test_a_name_cannot_forge_a_line(self):
        names = {
            "a\nb": r"a\u000ab",
            "\x1b[2Jx": r"\u001b[2Jx",
            "\u009b2J": r"\u009b2J",  # C1: what some terminals take for ESC [
            "a\u202etxt.exe": r"a\u202etxt.exe",
            "a\u2028b": r"a\u2028b",
            "\udcff\udc80": r"\udcff\udc80",  # not UTF-8
            "back\\slash": r"back\\slash",
            "żółw 🐢": "żółw 🐢",
        }
        take(*("path=" + name for name in names), LOG="/tmp/log")
        with open("/tmp/log", encoding="utf-8") as log:
            lines = [line for line in log.read().split("\n") if "] store: " not in line]
        self.assertEqual(
            [re.sub(r"^devshm\[\d+\] ", "", line) for line in lines],
            [f"open: /dev/shm/{shown} -> /tmp/shm/{shown}" for shown in names.values()] + [""],
        )

    def test_a_long_name_is_one_line(self):
        path = "/." * 1900 + "/" + "\n" * 150
        done = run(sys.executable, "-c", "import sys; open('/dev/shm' + sys.argv[1], 'w')", path, LOG="/tmp/log")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        with open("/tmp/log", encoding="utf-8") as log:
            lines = [line for line in log.read().splitlines() if "open" in line]
        shown = path.replace("\n", r"\u000a")
        self.assertEqual([line.split(": ", 1)[1] for line in lines], [f"/dev/shm{shown} -> /tmp/shm{shown}"])

    def said_to(self, flags):
        """What devshm's complaint, and a program's own line, leave in a file that is descriptor 2."""
        clear()
        os.symlink("/tmp/trap", "/tmp/shm")
        for setting in ({}, {"LOG": "stderr"}):
            with open("/tmp/database", "w") as file:
                file.write("DATA")
            fd = os.open("/tmp/database", flags)
            subprocess.run(
                [STEPS, "path=a"], env=environment(**setting), stdout=subprocess.DEVNULL, stderr=fd, check=True
            )
            os.close(fd)
            with open("/tmp/database") as file:
                yield file.read()

    def test_a_data_file_gets_no_message(self):
        self.assertEqual(list(self.said_to(os.O_RDWR | os.O_APPEND)), ["DATA", "DATA"])
        for text in self.said_to(os.O_WRONLY | os.O_APPEND):  # what a shell opens for 2>>FILE
            self.assertIn("DATAdevshm: /tmp/shm is a symbolic link", text)

    def test_a_socket_gets_no_message(self):
        os.symlink("/tmp/trap", "/tmp/shm")
        ours, theirs = socket.socketpair()
        subprocess.run([STEPS, "path=a"], env=environment(), stdout=subprocess.DEVNULL, stderr=theirs, check=True)
        theirs.close()
        self.assertEqual(ours.recv(100), b"")
        ours.close()


if __name__ == "__main__":
    main(native_tests="Shared")
