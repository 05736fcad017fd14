#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""With DEVSHM_STORE=memory, what stat and readlink say of an object is right: which file it is, and if not all can be found out."""
import errno
import os
import stat
import subprocess
import unittest

NAME = "/dev/shm/a"


class Status(unittest.TestCase):
    def setUp(self):
        with open(NAME, "w") as file:
            file.write("12345")
        self.addCleanup(os.unlink, NAME)

    def test_a_name_too_deep_to_be_found(self):
        names = [f"/dev/shm{'/directory' * depth}" for depth in range(1, 21)]
        for name in names:
            os.mkdir(name)
            self.addCleanup(os.rmdir, name)
        os.close(os.open(NAME, os.O_RDONLY | os.O_NOFOLLOW))
        deep = os.open(names[-1] + "/deep", os.O_RDWR | os.O_CREAT)
        self.addCleanup(os.close, deep)
        self.addCleanup(os.unlink, names[-1] + "/deep")
        self.assertNotIn(NAME, os.readlink(f"/proc/self/fd/{deep}"))

    def test_a_name_in_the_working_directory(self):
        """Others have to ask the keeper, by a relative name, too."""
        os.chmod(NAME, 0o644)

        def read():
            os.chdir("/dev/shm")
            with open("a") as file:
                return len(file.read())

        self.assertEqual(as_nobody(read), 5)

    def test_a_descriptor_of_a_relative_name(self):
        """It is open on the object, whatever keeps the kernel from following a link, and has its whole name."""
        before = os.getcwd()
        os.chdir("/dev/shm")
        self.addCleanup(os.chdir, before)
        for flags in (os.O_RDWR | os.O_NOFOLLOW, os.O_PATH | os.O_NOFOLLOW):
            with self.subTest(oct(flags)):
                file = os.open("a", flags)
                self.addCleanup(os.close, file)
                self.assertTrue(stat.S_ISREG(os.fstat(file).st_mode))
                self.assertEqual(os.readlink(f"/proc/self/fd/{file}"), NAME)

    def test_a_link_of_a_stranger_is_no_name(self):
        text = link_of("/tmp/shm/a")
        links = [f"/tmp/shm/{number}" for number in range(30)]
        self.assertEqual(as_nobody(lambda: [os.symlink(text, link) for link in links] and 0), 0)
        for link in links:
            self.addCleanup(os.unlink, link)
        file = os.open(NAME, os.O_RDWR)
        self.addCleanup(os.close, file)
        again = os.dup2(file, 900)  # its name is not remembered
        self.addCleanup(os.close, again)
        self.assertEqual(os.readlink(f"/proc/self/fd/{again}"), NAME)

    def test_unlink_without_permission(self):
        os.mkdir("/dev/shm/closed", 0o755)
        self.addCleanup(os.rmdir, "/dev/shm/closed")
        name = "/dev/shm/closed/a"
        os.close(os.open(name, os.O_RDWR | os.O_CREAT, 0o666))
        self.addCleanup(os.unlink, name)
        self.assertEqual(as_nobody(lambda: os.unlink(name)), -errno.EACCES)

    def test_a_directory_that_gives_its_group(self):
        os.mkdir("/dev/shm/team")
        self.addCleanup(os.rmdir, "/dev/shm/team")
        os.chown("/dev/shm/team", 0, 4711)
        os.chmod("/dev/shm/team", 0o2775)
        file = os.open("/dev/shm/team/a", os.O_RDWR | os.O_CREAT, 0o660)
        self.addCleanup(os.unlink, "/dev/shm/team/a")
        self.addCleanup(os.close, file)
        self.assertEqual(os.fstat(file).st_gid, 4711)


def as_nobody(look):
    """What it returns in a process of another user, or the error with a minus."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.setgroups([])
        os.setgid(65533)
        os.setuid(65533)
        try:
            found = look()
        except OSError as error:
            found = -error.errno
        os.write(writing, str(found).encode())
        os._exit(0)
    os.close(writing)
    with open(reading) as said:
        found = said.read()
    os.waitpid(child, 0)
    return int(found)


def link_of(name):
    """What the name's link says, as without devshm: ROOT/GENERATION/NUMBER."""
    done = subprocess.run(["readlink", name], env={"LD_PRELOAD": ""}, stdout=subprocess.PIPE, check=True)
    return done.stdout.decode().strip()


if __name__ == "__main__":
    unittest.main()
