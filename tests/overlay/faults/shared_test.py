#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A directory that is shared, as it should be: what others can do there is what they can do in a /dev/shm.

Class Shared holds on a real tmpfs without the library as well (--native Shared): what it expects is what that does.
"""
import os
import stat
import subprocess

from inside import MEMORY, NATIVE, SHM, main, run, snapshot, take
from users import HOME, STRANGER, USER, Ground, as_stranger


class Shared(Ground):
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
        self.assertEqual(os.path.islink(SHM + "/m"), MEMORY)
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

    def test_a_directory_that_can_not_be_read(self):
        """To make something in it takes the rights to write and to search. With a memory store it is memory there, too."""
        self.assertEqual(self.says(USER, "mkdir -m 300 /dev/shm/d"), (0, "", ""))
        self.assertEqual(take("path=d/a", "look=d/a", user=USER), (["path ok", "look ok 100644"], ""))
        self.assertEqual(os.path.islink(SHM + "/d/a"), MEMORY)

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


if __name__ == "__main__":
    main()
